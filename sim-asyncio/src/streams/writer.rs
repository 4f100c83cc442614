//! The sending side of a connection: `asyncio.StreamWriter`.

use std::fmt;

use sim_executor::Label;

use super::transport::Transport;
use crate::exc::Exc;
use crate::future::Future;
use crate::sleep::yield_now;

const DRAIN: Label = Label::new("asyncio.stream.drain");
const CLOSED: Label = Label::new("asyncio.stream.wait_closed");

/// Sends over a connection: [`StreamWriter::write`] never waits, and keeps what the connection does not take. Cloning gives
/// another reference.
#[derive(Clone)]
pub struct StreamWriter(Transport);

impl StreamWriter {
    pub(super) fn new(transport: Transport) -> Self {
        StreamWriter(transport)
    }

    /// Sends what the connection takes at once, inside of this call; the loop sends the rest. When the connection is gone
    /// the bytes are lost, as in asyncio.
    ///
    /// # Errors
    /// A `RuntimeError` after [`StreamWriter::write_eof`].
    pub fn write(&self, bytes: &[u8]) -> Result<(), Exc> {
        if self.0.writing.borrow().ends {
            return Err(Exc::raised("RuntimeError", "Cannot call write() after write_eof()"));
        }
        self.0.write(bytes);
        Ok(())
    }

    /// Waits while more is kept than the high-water mark, until no more than the low-water mark is. It does not suspend when
    /// less is kept; once the stream is closing it suspends for one turn.
    ///
    /// # Errors
    /// What the connection has failed with; a `ConnectionResetError` when it is gone; [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn drain(&self) -> Result<(), Exc> {
        let failed = self.0.reading.borrow().failed.clone();
        if let Some(exc) = failed {
            return Err(exc);
        }
        if self.0.is_closing() {
            yield_now().await?;
        }
        if self.0.is_lost() {
            return Err(Exc::raised("ConnectionResetError", "Connection lost"));
        }
        if !self.0.writing.borrow().is_paused {
            return Ok(());
        }
        let drained = self.0.event_loop.create_future();
        self.0.writing.borrow_mut().drains.push_back(drained.clone());
        let _place = Place(&self.0, drained.clone());
        drained.await_at(DRAIN).await
    }

    /// How many bytes are kept: `transport.get_write_buffer_size()`.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.0.writing.borrow().buffer.len()
    }

    /// Ends the sending side when all that is kept was sent; the other one can go on.
    pub fn write_eof(&self) {
        if self.0.is_closing() {
            return;
        }
        self.0.writing.borrow_mut().ends = true;
        self.0.wake_writer();
    }

    /// Closes the connection when all that is kept was sent. The reader is at its end then.
    ///
    /// # Panics
    /// Outside a run.
    pub fn close(&self) {
        self.0.close();
    }

    /// Whether it was closed, or the connection has failed.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.0.is_closing()
    }

    /// Waits until the connection is gone.
    ///
    /// # Errors
    /// What it has failed with; [`Exc::Cancelled`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn wait_closed(&self) -> Result<(), Exc> {
        self.0.closed.clone().await_at(CLOSED).await
    }
}

/// A place among those that drain.
struct Place<'stream>(&'stream Transport, Future<()>);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.writing.borrow_mut().drains.retain(|other| !other.is(&self.1));
    }
}

impl fmt::Debug for StreamWriter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "StreamWriter with {} bytes kept", self.kept())
    }
}
