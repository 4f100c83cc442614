//! A byte stream that takes every write at once: what the kernel has no room for waits in a buffer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use futures::io::{AsyncRead, AsyncWrite};
use seedbed::net::TcpStream;

use super::changed::Changed;

/// A stream with a buffer for what was written, as a transport of asyncio is: the kernel gets what it has room for within
/// the call, and the connection's task sends the rest. Clones are the same transport.
#[derive(Clone, Debug)]
pub(super) struct Transport {
    shared: Rc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// `None` once it was closed.
    stream: RefCell<Option<TcpStream>>,
    unsent: RefCell<VecDeque<u8>>,
    /// Writers wait from when more than this is unsent until no more than a quarter of it is.
    write_limit_bytes: usize,
    is_full: Cell<bool>,
    /// The writing half is to be closed when all is sent.
    finishes: Cell<bool>,
    /// A write has failed.
    is_broken: Cell<bool>,
    drained: Changed,
    work: Changed,
}

impl Transport {
    pub(super) fn new(stream: TcpStream, write_limit_bytes: usize) -> Self {
        let shared = Shared {
            stream: RefCell::new(Some(stream)),
            unsent: RefCell::default(),
            write_limit_bytes,
            is_full: Cell::default(),
            finishes: Cell::default(),
            is_broken: Cell::default(),
            drained: Changed::default(),
            work: Changed::default(),
        };
        Transport { shared: Rc::new(shared) }
    }

    /// Whether writers should wait.
    pub(super) fn is_full(&self) -> bool {
        self.shared.is_full.get()
    }

    /// Whether a write has failed, so that the connection is to be given up.
    pub(super) fn is_broken(&self) -> bool {
        self.shared.is_broken.get()
    }

    /// Changes when writers may go on.
    pub(super) fn drained(&self) -> &Changed {
        &self.shared.drained
    }

    /// Changes when the connection's task has something to do.
    pub(super) fn work(&self) -> &Changed {
        &self.shared.work
    }

    /// Closes the writing half once all is sent.
    pub(super) fn finish(&self) {
        self.shared.finishes.set(true);
        self.shared.work.notify();
    }

    /// Closes the stream; what was not sent is lost.
    pub(super) fn close(&self) {
        let stream = self.shared.stream.borrow_mut().take();
        drop(stream);
        self.shared.drained.notify();
    }

    /// Sends what waits, as far as there is room.
    pub(super) fn poll_send_rest(&self, context: &mut Context<'_>) {
        let stream = self.shared.stream.borrow();
        let Some(mut stream) = stream.as_ref() else { return };
        let mut unsent = self.shared.unsent.borrow_mut();
        while !unsent.is_empty() {
            match Pin::new(&mut stream).poll_write(context, unsent.as_slices().0) {
                Poll::Ready(Ok(sent)) => drop(unsent.drain(..sent)),
                Poll::Ready(Err(_)) => {
                    self.shared.is_broken.set(true);
                    break;
                }
                Poll::Pending => break,
            }
        }
        if unsent.is_empty() && self.shared.finishes.take() {
            // It is ready at once, and that the connection has ended is no error.
            let _closed = Pin::new(&mut stream).poll_close(context);
        }
        if unsent.len() <= self.shared.write_limit_bytes / 4 && self.shared.is_full.take() {
            self.shared.drained.notify();
        }
    }

    /// Reads what nobody wants; ready at the end.
    pub(super) fn poll_discard(&self, context: &mut Context<'_>) -> Poll<()> {
        let mut discarded = [0; 4_096];
        let mut this = self;
        loop {
            match Pin::new(&mut this).poll_read(context, &mut discarded) {
                Poll::Ready(Ok(1..)) => {}
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Gives the kernel what it has room for.
    fn write_now(&self, mut data: &[u8]) -> io::Result<usize> {
        let stream = self.shared.stream.borrow();
        let stream = stream.as_ref().ok_or(io::ErrorKind::NotConnected)?;
        let mut sent = 0;
        while !data.is_empty() {
            match stream.try_write(data) {
                Ok(bytes) => {
                    sent += bytes;
                    data = &data[bytes..];
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sent)
    }

    fn write(&self, data: &[u8]) {
        let mut unsent = self.shared.unsent.borrow_mut();
        let sent = if unsent.is_empty() { self.write_now(data) } else { Ok(0) };
        let Ok(sent) = sent else {
            self.shared.is_broken.set(true);
            return self.shared.work.notify();
        };
        unsent.extend(&data[sent..]);
        if unsent.len() > self.shared.write_limit_bytes {
            self.shared.is_full.set(true);
        }
        if !unsent.is_empty() {
            self.shared.work.notify();
        }
    }
}

impl AsyncRead for &Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match self.shared.stream.borrow().as_ref() {
            Some(mut stream) => Pin::new(&mut stream).poll_read(context, buffer),
            None => Poll::Ready(Ok(0)),
        }
    }
}

impl AsyncRead for Transport {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut &*self).poll_read(context, buffer)
    }
}

impl AsyncWrite for Transport {
    /// Takes all. That a write has failed is told by the end of the connection, not by the write.
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        if !self.is_broken() {
            self.write(data);
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
