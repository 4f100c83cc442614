//! A TCP connection with a write buffer of the program's own in front of the kernel's, as a transport of asyncio has.
//!
//! What is written goes to the kernel at once as far as that has room, and else into the buffer, from which a task of the
//! transport feeds the kernel. So a write never waits. Who wants to wait until others have read asks [`Transport::drain`]: it
//! suspends if the buffer has grown above its high-water mark, and until it has shrunk to a quarter of that.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io::{self, ErrorKind, Read as _};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::io::{AsyncRead, AsyncWrite};
use seedbed::net::TcpStream;
use seedbed::spawn_named;

use super::changes::Changes;

/// What one read of the kernel takes at most.
const READ_BYTES_MAX: usize = 65_536;

/// A transport. Cloning it gives another reference to the same one.
#[derive(Clone, Debug)]
pub(super) struct Transport(Rc<State>);

#[derive(Debug)]
struct State {
    /// `None` once it is closed here.
    stream: RefCell<Option<TcpStream>>,
    /// Where the kernel's bytes go first.
    scratch: RefCell<Vec<u8>>,
    /// What the kernel gave in one read, as far as it was not taken yet.
    input: RefCell<VecDeque<u8>>,
    /// The write buffer.
    output: RefCell<VecDeque<u8>>,
    high_water_bytes: usize,
    /// The write buffer was above its high-water mark, and is not down to its low one yet.
    is_full: Cell<bool>,
    is_read_paused: Cell<bool>,
    /// Nothing more will be written.
    is_closing: Cell<bool>,
    to_write: Changes,
    drained: Changes,
    to_read: Changes,
}

impl Transport {
    /// Takes a connection over. Its task writes what the kernel has no room for.
    pub(super) fn new(stream: TcpStream, high_water_bytes: usize) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let transport = Transport(Rc::new(State {
            stream: RefCell::new(Some(stream)),
            scratch: RefCell::new(vec![0; READ_BYTES_MAX]),
            input: RefCell::default(),
            output: RefCell::default(),
            high_water_bytes,
            is_full: Cell::new(false),
            is_read_paused: Cell::new(false),
            is_closing: Cell::new(false),
            to_write: Changes::default(),
            drained: Changes::default(),
            to_read: Changes::default(),
        }));
        let written = transport.clone();
        drop(spawn_named("transport", poll_fn(move |context| written.poll_write_out(context))));
        Ok(transport)
    }

    /// Bytes in the write buffer.
    pub(super) fn write_buffer_bytes(&self) -> usize {
        self.0.output.borrow().len()
    }

    /// Suspends if, and as long as, the write buffer is too full.
    pub(super) async fn drain(&self) {
        self.0.drained.until(|| (!self.0.is_full.get()).then_some(())).await;
    }

    /// Whether the kernel is asked for more of what the other side sends.
    pub(super) fn pause_reading(&self, paused: bool) {
        self.0.is_read_paused.set(paused);
        if !paused {
            self.0.to_read.wake();
        }
    }

    /// Lets the other side read to the end once the write buffer is empty.
    pub(super) fn finish(&self) {
        self.0.is_closing.set(true);
        self.0.to_write.wake();
    }

    /// Reads to the end that the other side has made, and drops what comes before it.
    pub(super) async fn read_to_end(&self) {
        poll_fn(|context| {
            loop {
                let state = &*self.0;
                state.to_read.watch(context.waker());
                let read = match &mut *state.stream.borrow_mut() {
                    Some(stream) => Pin::new(stream).poll_read(context, &mut state.scratch.borrow_mut()),
                    None => return Poll::Ready(()),
                };
                match read {
                    Poll::Ready(Ok(1..)) => {}
                    Poll::Ready(_) => return Poll::Ready(()),
                    Poll::Pending => return Poll::Pending,
                }
            }
        })
        .await;
    }

    /// Closes the connection now. What is in the write buffer is lost, and what the kernel has still arrives.
    pub(super) fn abort(&self) {
        let state = &*self.0;
        state.is_closing.set(true);
        state.is_full.set(false);
        state.output.take();
        drop(state.stream.take());
        state.to_write.wake();
        state.drained.wake();
        state.to_read.wake();
    }

    /// Feeds the kernel, until nothing more will be written.
    fn poll_write_out(&self, context: &mut Context<'_>) -> Poll<()> {
        let state = &*self.0;
        loop {
            if state.output.borrow().is_empty() {
                if state.is_closing.get() {
                    return self.poll_end(context);
                }
                state.to_write.watch(context.waker());
                return Poll::Pending;
            }
            let wrote = match &mut *state.stream.borrow_mut() {
                Some(stream) => Pin::new(stream).poll_write(context, state.output.borrow().as_slices().0),
                None => return Poll::Ready(()),
            };
            match wrote {
                Poll::Ready(Ok(bytes)) => drop(state.output.borrow_mut().drain(..bytes)),
                Poll::Ready(Err(_)) => {
                    self.abort();
                    return Poll::Ready(());
                }
                Poll::Pending => return Poll::Pending,
            }
            if self.write_buffer_bytes() <= state.high_water_bytes / 4 && state.is_full.take() {
                state.drained.wake();
            }
        }
    }

    fn poll_end(&self, context: &mut Context<'_>) -> Poll<()> {
        match &mut *self.0.stream.borrow_mut() {
            // That the connection has ended meanwhile is no error.
            Some(stream) => Pin::new(stream).poll_close(context).map(drop),
            None => Poll::Ready(()),
        }
    }

    /// Gives the kernel what it has room for, if nothing waits before it.
    fn try_write(&self, data: &[u8]) -> io::Result<usize> {
        let stream = self.0.stream.borrow();
        let Some(stream) = stream.as_ref().filter(|_| !self.0.is_closing.get()) else {
            return Err(ErrorKind::BrokenPipe.into());
        };
        if !self.0.output.borrow().is_empty() {
            return Ok(0);
        }
        match stream.try_write(data) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(0),
            wrote => wrote,
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let state = &*self.0;
        let mut input = state.input.borrow_mut();
        if !input.is_empty() {
            return Poll::Ready(input.read(buffer));
        }
        state.to_read.watch(context.waker());
        if state.is_read_paused.get() {
            return Poll::Pending;
        }
        let mut scratch = state.scratch.borrow_mut();
        let read = match &mut *state.stream.borrow_mut() {
            Some(stream) => Pin::new(stream).poll_read(context, &mut scratch),
            None => return Poll::Ready(Ok(0)),
        };
        read.map_ok(|bytes| {
            input.extend(&scratch[..bytes]);
            input.read(buffer).unwrap_or_default()
        })
    }
}

impl AsyncWrite for Transport {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let wrote = self.try_write(data)?;
        if wrote < data.len() {
            self.0.output.borrow_mut().extend(&data[wrote..]);
            self.0.to_write.wake();
        }
        if self.write_buffer_bytes() > self.0.high_water_bytes {
            self.0.is_full.set(true);
        }
        Poll::Ready(Ok(data.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.finish();
        Poll::Ready(Ok(()))
    }
}
