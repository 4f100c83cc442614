//! The transport under a pair of streams, with its protocol, as asyncio has them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::panic::Location;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_io::{AsyncRead, AsyncWrite};

use super::StreamConfig;
use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::thread::Entry;

/// The most bytes that one turn of the loop reads.
const READ_BYTES_MAX: usize = 256 * 1024;

pub(super) trait Connection: AsyncRead + AsyncWrite {}

impl<S: AsyncRead + AsyncWrite> Connection for S {}

#[derive(Clone)]
pub(super) struct Transport(Rc<State>);

pub(super) struct State {
    pub(super) event_loop: EventLoop,
    pub(super) config: StreamConfig,
    /// Until the connection is lost, or closed.
    connection: RefCell<Option<Pin<Box<dyn Connection>>>>,
    pub(super) reading: RefCell<Reading>,
    pub(super) writing: RefCell<Writing>,
    /// Whether nothing is sent or received any more, since the connection was closed or has failed.
    is_closing: Cell<bool>,
    /// Settled when the connection is gone.
    pub(super) closed: Future<()>,
}

#[derive(Default)]
pub(super) struct Reading {
    pub(super) buffer: VecDeque<u8>,
    pub(super) is_at_end: bool,
    pub(super) failed: Option<Exc>,
    pub(super) is_paused: bool,
    pub(super) waiter: Option<Future<()>>,
    waker: Option<Waker>,
}

#[derive(Default)]
pub(super) struct Writing {
    pub(super) buffer: VecDeque<u8>,
    pub(super) ends: bool,
    pub(super) is_paused: bool,
    pub(super) drains: VecDeque<Future<()>>,
    has_ended: bool,
    waker: Option<Waker>,
}

impl Transport {
    #[track_caller]
    pub(super) fn start(connection: Pin<Box<dyn Connection>>, config: StreamConfig) -> Self {
        let event_loop = EventLoop::current();
        let transport = Transport(Rc::new(State {
            closed: event_loop.create_future(),
            event_loop,
            config,
            connection: RefCell::new(Some(connection)),
            reading: RefCell::default(),
            writing: RefCell::default(),
            is_closing: Cell::new(false),
        }));
        let at = Location::caller();
        let (reads, writes) = (transport.clone(), transport.clone());
        let core = transport.event_loop.core();
        core.spawn("read_ready", poll_fn(move |context| reads.turn(context, Transport::read)), at);
        core.spawn("write_ready", poll_fn(move |context| writes.turn(context, Transport::write_kept)), at);
        transport
    }

    /// A turn of the loop, unless that does not run now.
    fn turn(&self, context: &mut Context<'_>, function: fn(&Self, &mut Context<'_>) -> Poll<()>) -> Poll<()> {
        let core = self.event_loop.core();
        if core.may_run() {
            return function(self, context);
        }
        core.thread().park(Entry::Step(context.waker().clone()));
        Poll::Pending
    }

    /// Reads what is there, once.
    fn read(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut reading = self.reading.borrow_mut();
        if self.is_closing() || reading.is_at_end {
            return Poll::Ready(());
        }
        reading.waker = Some(context.waker().clone());
        if reading.is_paused {
            return Poll::Pending;
        }
        drop(reading);
        let mut bytes = vec![0; READ_BYTES_MAX];
        let read = self.with_connection(|connection| connection.poll_read(context, &mut bytes));
        match read {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Ok(0)) => self.feed_end(),
            Poll::Ready(Ok(length)) => {
                self.feed(&bytes[..length]);
                context.waker().wake_by_ref(); // the rest in the next iteration
                return Poll::Pending;
            }
            Poll::Ready(Err(error)) => self.fail(&error),
        }
        Poll::Ready(())
    }

    fn with_connection<R>(
        &self,
        function: impl FnOnce(Pin<&mut dyn Connection>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        match &mut *self.connection.borrow_mut() {
            Some(connection) => function(connection.as_mut()),
            None => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn feed(&self, bytes: &[u8]) {
        let waiter = {
            let mut reading = self.reading.borrow_mut();
            reading.buffer.extend(bytes);
            reading.is_paused = reading.buffer.len() > 2 * self.config.limit;
            reading.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.release();
        }
    }

    fn feed_end(&self) {
        let waiter = {
            let mut reading = self.reading.borrow_mut();
            reading.is_at_end = true;
            reading.waiter.take()
        };
        if let Some(waiter) = waiter {
            waiter.release();
        }
    }

    /// Lets the loop read ahead again.
    pub(super) fn resume_reading(&self) {
        let waker = {
            let mut reading = self.reading.borrow_mut();
            reading.is_paused = false;
            reading.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Writes what the connection takes at once, and keeps the rest.
    pub(super) fn write(&self, bytes: &[u8]) {
        if self.is_lost() || bytes.is_empty() {
            return;
        }
        let mut rest = bytes;
        if self.writing.borrow().buffer.is_empty() {
            let mut context = Context::from_waker(Waker::noop());
            match self.with_connection(|connection| connection.poll_write(&mut context, bytes)) {
                Poll::Pending => {}
                Poll::Ready(Ok(length)) => rest = &bytes[length..],
                Poll::Ready(Err(error)) => return self.fail(&error),
            }
        }
        if !rest.is_empty() {
            let mut writing = self.writing.borrow_mut();
            writing.buffer.extend(rest);
            writing.is_paused |= writing.buffer.len() > self.config.high_water;
            drop(writing);
            self.wake_writer();
        }
    }

    /// Lets the loop write what is kept.
    pub(super) fn wake_writer(&self) {
        let waker = self.writing.borrow_mut().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// Writes what is kept; at its end it closes what is to be closed.
    fn write_kept(&self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let mut writing = self.writing.borrow_mut();
            if self.is_lost() {
                return Poll::Ready(());
            }
            writing.waker = Some(context.waker().clone());
            if writing.buffer.is_empty() {
                break;
            }
            let first = writing.buffer.make_contiguous();
            let written = self.with_connection(|connection| connection.poll_write(context, first));
            match written {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(length)) => {
                    writing.buffer.drain(..length);
                    drop(writing);
                    self.resume_writing();
                }
                Poll::Ready(Err(error)) => {
                    drop(writing);
                    self.fail(&error);
                    return Poll::Ready(());
                }
            }
        }
        if self.is_closing() {
            self.lose(None);
            return Poll::Ready(());
        }
        let (ends, has_ended) = {
            let writing = self.writing.borrow();
            (writing.ends, writing.has_ended)
        };
        if ends && !has_ended && self.with_connection(|connection| connection.poll_close(context)).is_ready()
        {
            self.writing.borrow_mut().has_ended = true;
        }
        Poll::Pending
    }

    /// Wakes who drains, when little enough is kept.
    fn resume_writing(&self) {
        let drains = {
            let mut writing = self.writing.borrow_mut();
            if !writing.is_paused || writing.buffer.len() > self.config.low_water {
                return;
            }
            writing.is_paused = false;
            writing.drains.clone()
        };
        for drain in drains {
            drain.release();
        }
    }

    /// Closes the connection as soon as all that is kept was sent.
    pub(super) fn close(&self) {
        if self.is_closing.replace(true) {
            return;
        }
        self.resume_reading(); // the loop reads no more
        if self.writing.borrow().buffer.is_empty() {
            let this = self.clone();
            self.event_loop.call_soon(move || this.lose(None));
        }
    }

    /// The connection has failed: what is kept is lost.
    fn fail(&self, error: &io::Error) {
        let exc = raised(error);
        self.is_closing.set(true);
        self.writing.borrow_mut().buffer.clear();
        let this = self.clone();
        self.event_loop.call_soon(move || this.lose(Some(exc)));
    }

    /// Tells everybody that the connection is gone: asyncio's `connection_lost`.
    fn lose(&self, exc: Option<Exc>) {
        let Some(connection) = self.connection.borrow_mut().take() else { return };
        let (reader, drains) = {
            let (mut reading, mut writing) = (self.reading.borrow_mut(), self.writing.borrow_mut());
            match &exc {
                None => reading.is_at_end = true,
                Some(exc) => reading.failed = Some(exc.clone()),
            }
            let drains = if writing.is_paused { writing.drains.clone() } else { VecDeque::new() };
            writing.buffer.clear();
            (reading.waiter.take(), drains)
        };
        for waiter in reader.into_iter().chain(drains).chain([self.closed.clone()]) {
            // Settled already if it was cancelled.
            let _ = match &exc {
                None => waiter.set_result(()),
                Some(exc) => waiter.set_exception(exc.clone()),
            };
            let _ = waiter.exception(); // nobody need ask
        }
        drop(connection);
        self.wake_writer();
        self.resume_reading();
    }

    /// Whether it was closed, or has failed.
    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.get()
    }

    /// Whether the connection is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.connection.borrow().is_none()
    }
}

impl std::ops::Deref for Transport {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

/// The exception for an error of a connection.
fn raised(error: &io::Error) -> Exc {
    let class = match error.kind() {
        io::ErrorKind::ConnectionReset => "ConnectionResetError",
        io::ErrorKind::ConnectionAborted => "ConnectionAbortedError",
        io::ErrorKind::ConnectionRefused => "ConnectionRefusedError",
        io::ErrorKind::BrokenPipe => "BrokenPipeError",
        io::ErrorKind::TimedOut => "TimeoutError",
        _ => "OSError",
    };
    Exc::raised(class, error)
}
