//! One side of a WebSocket connection that is read in the background, so that several tasks can use it.
//!
//! A task of the session reads: it answers the other side's close frame even while nobody receives, and queues messages until
//! there are too many. So it is as in the `websockets` library of Python: `send` suspends only when the write buffer is
//! full, `recv` only when no message is there.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use async_tungstenite::tungstenite::handshake::server::{Request, Response};
use async_tungstenite::tungstenite::{Error, protocol::Message};
use async_tungstenite::{WebSocketStream, accept_hdr_async_with_config, client_async_with_config};
use futures::{FutureExt as _, Stream as _};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{spawn_named, time};
use sim_asyncio::Exc;

use super::changes::Changes;
use super::connection::{close_frame, config, request};
use super::transport::Transport;

/// What RFC 6455 calls the end of a connection without a close frame.
const ABNORMAL: u16 = 1006;
const GOING_AWAY: u16 = 1001;

/// How a session is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct SessionConfig {
    /// Bytes in the write buffer above which `send` suspends, until it is down to a quarter of that.
    pub(super) write_limit_bytes: usize,
    /// Messages in the receive queue above which the session stops reading, until it is down to a quarter of that.
    pub(super) queue_max: usize,
    /// How long `close` waits for the other side.
    pub(super) close_timeout: Duration,
}

impl Default for SessionConfig {
    fn default() -> Self {
        SessionConfig { write_limit_bytes: 32_768, queue_max: 16, close_timeout: Duration::from_secs(10) }
    }
}

/// The connection is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ConnectionClosed {
    /// Both sides have said so.
    #[error("ConnectionClosedOK")]
    Ok,
    /// It has ended without a closing handshake, or because of an error.
    #[error("ConnectionClosedError")]
    Error,
}

impl From<ConnectionClosed> for Exc {
    fn from(closed: ConnectionClosed) -> Self {
        Exc::raised(&closed.to_string(), "")
    }
}

/// One side of a connection. Cloning it gives another reference to the same one.
#[derive(Clone)]
pub(super) struct Session(Rc<Inner>);

struct Inner {
    config: SessionConfig,
    path: String,
    transport: Transport,
    /// `None` once it is closed.
    socket: RefCell<Option<WebSocketStream<Transport>>>,
    received: RefCell<VecDeque<Message>>,
    is_read_paused: Cell<bool>,
    state: Cell<State>,
    close_code: Cell<Option<u16>>,
    changed: Changes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    /// A close frame was sent or received.
    Closing,
    Closed,
}

impl Session {
    /// Connects to the host `server`.
    pub(super) async fn connect(path: &str, config: SessionConfig) -> Result<Session, Error> {
        let stream = TcpStream::connect("server:80").await?;
        let transport = Transport::new(stream, config.write_limit_bytes)?;
        let handshake = client_async_with_config(request(path)?, transport.clone(), Some(self::config()));
        let (socket, _) = handshake.await?;
        Ok(Session::new(socket, transport, path.to_string(), config))
    }

    /// Waits for a client, and for its opening handshake.
    pub(super) async fn accept(listener: &TcpListener, config: SessionConfig) -> Result<Session, Error> {
        let (stream, _) = listener.accept().await?;
        let transport = Transport::new(stream, config.write_limit_bytes)?;
        let mut path = String::new();
        #[expect(
            clippy::result_large_err,
            reason = "the library's type for a refusal, which this never gives"
        )]
        let look = |request: &Request, response: Response| {
            path = request.uri().path().to_string();
            Ok(response)
        };
        let socket = accept_hdr_async_with_config(transport.clone(), look, Some(self::config())).await?;
        Ok(Session::new(socket, transport, path, config))
    }

    fn new(
        socket: WebSocketStream<Transport>,
        transport: Transport,
        path: String,
        config: SessionConfig,
    ) -> Session {
        let session = Session(Rc::new(Inner {
            config,
            path,
            transport,
            socket: RefCell::new(Some(socket)),
            received: RefCell::default(),
            is_read_paused: Cell::new(false),
            state: Cell::new(State::Open),
            close_code: Cell::new(None),
            changed: Changes::default(),
        }));
        drop(spawn_named("reader", session.clone().read()));
        session
    }

    /// What the client asked for.
    pub(super) fn path(&self) -> &str {
        &self.0.path
    }

    /// The close code of the other side.
    pub(super) fn close_code(&self) -> u16 {
        self.0.close_code.get().unwrap_or(ABNORMAL)
    }

    /// Bytes that were sent and that the kernel has no room for.
    pub(super) fn write_buffer_bytes(&self) -> usize {
        self.0.transport.write_buffer_bytes()
    }

    /// Sends a message. It suspends only if the write buffer is full then.
    pub(super) async fn send(&self, message: impl Into<Message>) -> Result<(), ConnectionClosed> {
        if self.0.state.get() != State::Open {
            self.closed().await;
            return Err(self.why_closed());
        }
        self.write(message.into());
        self.0.transport.drain().await;
        if self.0.state.get() == State::Closed { Err(self.why_closed()) } else { Ok(()) }
    }

    /// Sends a message if the connection is open, however full the write buffer is.
    pub(super) fn send_now(&self, message: impl Into<Message>) {
        if self.0.state.get() == State::Open {
            self.write(message.into());
        }
    }

    /// The next message. It suspends only if none is there.
    pub(super) async fn recv(&self) -> Result<Message, ConnectionClosed> {
        let inner = &*self.0;
        let received = inner.changed.until(|| match inner.received.borrow_mut().pop_front() {
            Some(message) => Some(Ok(message)),
            None => (inner.state.get() == State::Closed).then(|| Err(self.why_closed())),
        });
        let message = received.await?;
        let is_low = inner.received.borrow().len() <= inner.config.queue_max / 4;
        if is_low && inner.is_read_paused.take() {
            inner.transport.pause_reading(false);
        }
        Ok(message)
    }

    /// The next message as text; `None` after the last one, if the connection was closed as it should be.
    pub(super) async fn next(&self) -> Result<Option<String>, ConnectionClosed> {
        match self.recv().await {
            Ok(message) => Ok(Some(message.into_text().map(|text| text.to_string()).unwrap_or_default())),
            Err(ConnectionClosed::Ok) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Closes the connection, with the code 1000. If the other side takes too long, what it has not taken is lost.
    pub(super) async fn close(&self) {
        let deadline = time::now() + self.0.config.close_timeout;
        if self.0.state.get() == State::Open {
            self.write(Message::Close(close_frame()));
            self.0.state.set(State::Closing);
            self.0.transport.drain().await;
        }
        if time::timeout_at(deadline, self.closed()).await.is_err() {
            self.abort();
        }
    }

    /// Ends the connection without a closing handshake.
    pub(super) fn abort(&self) {
        self.0.transport.abort();
        self.0.state.set(State::Closed);
        let socket = self.0.socket.take();
        drop(socket);
        self.0.changed.wake();
    }

    async fn closed(&self) {
        let inner = &*self.0;
        inner.changed.until(|| (inner.state.get() == State::Closed).then_some(())).await;
    }

    fn why_closed(&self) -> ConnectionClosed {
        match self.0.close_code.get() {
            Some(super::NORMAL | GOING_AWAY) => ConnectionClosed::Ok,
            _ => ConnectionClosed::Error,
        }
    }

    /// The transport takes all that it is given, so that this never waits. That the connection has ended is found by the
    /// reader.
    fn write(&self, message: Message) {
        if let Some(socket) = &mut *self.0.socket.borrow_mut() {
            let _written_or_ended = socket.send(message).now_or_never();
        }
    }

    /// Reads to the end of the connection, and then closes it.
    async fn read(self) {
        while let Some(Ok(message)) = self.next_frame().await {
            match message {
                Message::Text(_) | Message::Binary(_) => self.queue(message),
                Message::Close(frame) => {
                    self.0.close_code.set(frame.map(|frame| frame.code.into()));
                    self.0.state.set(State::Closing);
                }
                _ => {}
            }
        }
        let transport = &self.0.transport;
        transport.finish();
        // If the other side takes too long, its end is not waited for.
        let _ended_or_late = time::timeout(self.0.config.close_timeout, transport.read_to_end()).await;
        self.abort();
    }

    async fn next_frame(&self) -> Option<Result<Message, Error>> {
        poll_fn(|context| match &mut *self.0.socket.borrow_mut() {
            Some(socket) => Pin::new(socket).poll_next(context),
            None => Poll::Ready(None),
        })
        .await
    }

    fn queue(&self, message: Message) {
        let inner = &*self.0;
        inner.received.borrow_mut().push_back(message);
        inner.changed.wake();
        if inner.received.borrow().len() > inner.config.queue_max && !inner.is_read_paused.replace(true) {
            inner.transport.pause_reading(true);
        }
    }
}
