//! What happens on a connection: its state, with the task that reads.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_tungstenite::WebSocketStream;
use async_tungstenite::tungstenite::{self, Message};
use futures::{FutureExt as _, StreamExt as _};
use seedbed::spawn_named;
use seedbed::time::{self, Instant, Sleep};

use super::changed::Changed;
use super::closed::{Close, ConnectionClosed};
use super::transport::Transport;
use super::{Keepalive, Role};

/// How far the life of a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Open,
    /// A close frame was sent.
    Closing,
    Closed,
}

/// One end of a connection.
#[derive(Debug)]
pub(super) struct Protocol {
    pub(super) config: Keepalive,
    role: Role,
    socket: RefCell<WebSocketStream<Transport>>,
    transport: Transport,
    phase: Cell<Phase>,
    /// Messages that were received and not yet taken.
    inbox: RefCell<VecDeque<String>>,
    /// Too many are: nothing is read, control frames included.
    reading_paused: Cell<bool>,
    /// What still comes is of no interest.
    discards: Cell<bool>,
    sent: RefCell<Option<Close>>,
    received: RefCell<Option<Close>>,
    received_first: Cell<bool>,
    /// When the closing handshake must be over.
    close_by: Cell<Option<Instant>>,
    /// The number of the last ping, and when it was sent.
    ping: Cell<(u32, Instant)>,
    /// The number of the last pong, and what the connection's round trip was then.
    pong: Cell<(u32, Duration)>,
    arrived: Changed,
    answered: Changed,
    ended: Changed,
}

impl Protocol {
    pub(super) fn new(socket: WebSocketStream<Transport>, config: Keepalive, role: Role) -> Self {
        let transport = socket.get_ref().clone();
        Protocol {
            config,
            role,
            socket: RefCell::new(socket),
            transport,
            phase: Cell::new(Phase::Open),
            inbox: RefCell::default(),
            reading_paused: Cell::default(),
            discards: Cell::default(),
            sent: RefCell::default(),
            received: RefCell::default(),
            received_first: Cell::default(),
            close_by: Cell::default(),
            ping: Cell::new((0, Instant::START)),
            pong: Cell::default(),
            arrived: Changed::default(),
            answered: Changed::default(),
            ended: Changed::default(),
        }
    }

    pub(super) fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(super) fn transport(&self) -> &Transport {
        &self.transport
    }

    /// Changes when there is a message more, and at the end.
    pub(super) fn arrived(&self) -> &Changed {
        &self.arrived
    }

    /// Changes when a ping was answered, and at the end.
    pub(super) fn answered(&self) -> &Changed {
        &self.answered
    }

    /// Changes at the end.
    pub(super) fn ended(&self) -> &Changed {
        &self.ended
    }

    /// The number of the last pong, and what the round trip was then.
    pub(super) fn pong(&self) -> (u32, Duration) {
        self.pong.get()
    }

    /// How the connection ended, or what is known of it so far.
    pub(super) fn closed(&self) -> ConnectionClosed {
        ConnectionClosed {
            received: self.received.borrow().clone(),
            sent: self.sent.borrow().clone(),
            received_first: self.received_first.get(),
        }
    }

    /// Takes a message that is there. Reading goes on once a quarter of the queue is left.
    pub(super) fn take(&self) -> Option<String> {
        let mut inbox = self.inbox.borrow_mut();
        let message = inbox.pop_front()?;
        let goes_on = inbox.len() <= self.config.max_queue / 4 && self.reading_paused.take();
        drop(inbox);
        if goes_on {
            self.transport.work().notify();
        }
        Some(message)
    }

    /// Sends a message; what the kernel has no room for waits in the transport.
    pub(super) fn send(self: &Rc<Self>, message: Message) {
        let was_broken = self.transport.is_broken();
        let sent = self.socket.borrow_mut().send(message).now_or_never();
        if !matches!(sent, Some(Ok(()))) {
            // The library knows that the connection is over, and the reading task will find out.
            self.transport.work().notify();
        }
        if self.transport.is_broken() && !was_broken {
            let broken = Rc::clone(self);
            drop(spawn_named("connection_lost", async move { broken.end() }));
        }
    }

    /// Sends a ping, and gives its number.
    pub(super) fn send_ping(self: &Rc<Self>) -> u32 {
        let number = self.ping.get().0 + 1;
        self.ping.set((number, time::now()));
        self.send(Message::Ping(Vec::from(number.to_be_bytes()).into()));
        number
    }

    /// Begins the closing handshake.
    pub(super) fn begin_close(self: &Rc<Self>, code: u16, reason: &str) {
        let close = Close { code, reason: reason.to_string() };
        self.phase.set(Phase::Closing);
        self.send(Message::Close(Some(close.frame())));
        *self.sent.borrow_mut() = Some(close);
        self.set_deadline();
    }

    /// Gives the connection up: says why, and looks at nothing that still comes.
    pub(super) fn fail(self: &Rc<Self>, code: u16, reason: &str) {
        self.begin_close(code, reason);
        self.discards.set(true);
        if self.role == Role::Server {
            self.transport.finish();
        }
    }

    /// Reads, sends what waits, and closes the connection when it is over or when its time is.
    pub(super) async fn run(&self) {
        let mut close_by: Option<Sleep> = None;
        poll_fn(|context| {
            if self.transport.is_broken() || self.phase() == Phase::Closed {
                // A sender has found out, and does the rest.
                return Poll::Ready(());
            }
            self.transport.work().register(context);
            self.transport.poll_send_rest(context);
            let is_at_end = !self.transport.is_broken() && self.poll_read(context).is_ready();
            // Reading also sends: pongs, and the answer to a close frame.
            let is_over = is_at_end || self.transport.is_broken();
            if close_by.is_none() {
                close_by = self.close_by.get().map(time::sleep_until);
            }
            let is_late = |sleep: &mut Sleep| Pin::new(sleep).poll(context).is_ready();
            if is_over || close_by.as_mut().is_some_and(is_late) {
                self.end();
                return Poll::Ready(());
            }
            Poll::Pending
        })
        .await;
    }

    fn set_deadline(&self) {
        self.close_by.set(Some(time::now() + self.config.close_timeout));
        self.transport.work().notify();
    }

    fn end(&self) {
        self.phase.set(Phase::Closed);
        self.transport.close();
        for changed in [&self.arrived, &self.answered, &self.ended] {
            changed.notify();
        }
    }

    /// Reads all that is there, unless too much of it waits to be taken; ready at the end of the connection.
    fn poll_read(&self, context: &mut Context<'_>) -> Poll<()> {
        if self.reading_paused.get() {
            return Poll::Pending;
        }
        while !self.discards.get() {
            let next = self.socket.borrow_mut().poll_next_unpin(context);
            match next {
                Poll::Ready(Some(Ok(Message::Close(frame)))) => {
                    self.handle_close(Close::of(frame), context);
                    // The end of the stream is read in a turn of its own, after those who have got messages.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Ok(message))) => self.handle(message),
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                Poll::Pending => {
                    let waiting = self.inbox.borrow().len();
                    self.reading_paused.set(waiting > self.config.max_queue);
                    return Poll::Pending;
                }
            }
        }
        self.transport.poll_discard(context)
    }

    fn handle(&self, message: Message) {
        match message {
            Message::Text(text) => {
                self.inbox.borrow_mut().push_back(text.to_string());
                self.arrived.notify();
            }
            Message::Pong(data) => self.handle_pong(&data),
            // The library answers a ping while it is asked for more.
            _ => {}
        }
    }

    fn handle_pong(&self, data: &[u8]) {
        let (number, sent_at) = self.ping.get();
        if *data == number.to_be_bytes() {
            self.pong.set((number, time::now() - sent_at));
            self.answered.notify();
        }
    }

    fn handle_close(&self, close: Close, context: &mut Context<'_>) {
        if self.phase() == Phase::Open {
            self.phase.set(Phase::Closing);
            self.received_first.set(true);
            *self.sent.borrow_mut() = Some(close.clone());
            self.set_deadline();
        }
        *self.received.borrow_mut() = Some(close);
        // The library sends its answer while it is asked for more; nothing may come after a close frame.
        let _nothing: Poll<Option<tungstenite::Result<Message>>> =
            self.socket.borrow_mut().poll_next_unpin(context);
        if self.role == Role::Server {
            self.transport.finish();
        }
        self.discards.set(true);
    }
}
