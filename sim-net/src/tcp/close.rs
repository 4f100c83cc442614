//! What the owner of a connection can do with it, up to its end.

use std::io::IoSlice;

use super::connection::{Connection, Phase};
use super::context::Context;
use super::time_wait::TimeWait;
use crate::errno::Errno;
use crate::pool::Pool;

/// What is left of a connection.
#[derive(Debug)]
pub(crate) enum Ending {
    /// It goes on.
    NotYet,
    /// Nothing.
    Closed,
    /// A note that its pair of addresses was just in use.
    TimeWait(TimeWait),
}

impl Connection {
    /// Reads; zero bytes are the end of the stream.
    ///
    /// # Errors
    /// `WouldBlock` if nothing has arrived; once, the reason why the connection has ended.
    #[inline]
    pub(crate) fn read(&mut self, pool: &mut Pool, out: &mut [u8]) -> Result<usize, Errno> {
        if self.rx.readable() == 0 {
            return self.nothing_to_read();
        }
        Ok(self.rx.read(pool, out))
    }

    /// Whether reading has made an acknowledgement due.
    #[inline]
    pub(crate) fn is_ack_due(&self) -> bool {
        self.rx.is_ack_due()
    }

    /// Reads, and leaves everything there for the next read.
    ///
    /// # Errors
    /// As [`Connection::read`].
    pub(crate) fn peek(&mut self, pool: &Pool, out: &mut [u8]) -> Result<usize, Errno> {
        if self.rx.readable() == 0 {
            return self.nothing_to_read();
        }
        Ok(self.rx.peek(pool, out))
    }

    #[inline]
    fn nothing_to_read(&mut self) -> Result<usize, Errno> {
        if self.phase == Phase::Open && !self.rx.is_finished() {
            return Err(Errno::WouldBlock);
        }
        self.end_to_read()
    }

    fn end_to_read(&mut self) -> Result<usize, Errno> {
        if self.rx.is_finished() {
            return Ok(0);
        }
        if let Some(why) = self.failure.take() {
            return Err(why);
        }
        match self.phase {
            Phase::Closed => Ok(0),
            Phase::SynSent => Err(Errno::NotConnected),
            Phase::SynReceived | Phase::Open => Err(Errno::WouldBlock),
        }
    }

    /// Whether a read would not block.
    pub(crate) fn is_readable(&self) -> bool {
        self.rx.readable() > 0 || self.rx.is_finished() || self.phase == Phase::Closed
    }

    /// Bytes that can be read now.
    pub(crate) fn readable(&self) -> usize {
        self.rx.readable()
    }

    /// Bytes that can be written now, if anything can.
    pub(crate) fn room(&self) -> usize {
        self.tx.room()
    }

    /// Whether the peer writes no more.
    pub(crate) fn is_read_closed(&self) -> bool {
        self.rx.is_finished() || self.phase == Phase::Closed
    }

    /// Whether nothing more can be written, for another reason than that the writing half alone was closed.
    pub(crate) fn is_write_closed(&self) -> bool {
        self.phase == Phase::Closed || (self.rx.is_finished() && self.tx.is_finishing())
    }

    /// Whether there is an error that nobody was told yet.
    pub(crate) fn has_error(&self) -> bool {
        self.failure.is_some()
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// `WouldBlock` if there is no room; once, the reason why the connection has ended; then, and after
    /// [`Connection::finish`], `BrokenPipe`.
    #[inline]
    pub(crate) fn write(&mut self, pool: &mut Pool, data: &[u8]) -> Result<usize, Errno> {
        if let Some(why) = self.failure.take() {
            return Err(why);
        }
        if self.tx.is_finishing() || self.phase == Phase::Closed {
            return Err(Errno::BrokenPipe);
        }
        if data.is_empty() {
            return Ok(0);
        }
        if self.phase == Phase::SynSent || self.tx.room() == 0 {
            return Err(Errno::WouldBlock);
        }
        Ok(self.tx.write(pool, data))
    }

    /// Writes as much of several buffers as there is room for.
    ///
    /// # Errors
    /// As [`Connection::write`].
    pub(crate) fn write_vectored(&mut self, pool: &mut Pool, data: &[IoSlice<'_>]) -> Result<usize, Errno> {
        if data.iter().all(|buffer| buffer.is_empty()) {
            // `writev(2)` does not come to the socket.
            return Ok(0);
        }
        let mut written = 0;
        for buffer in data.iter().filter(|buffer| !buffer.is_empty()) {
            match self.write(pool, buffer) {
                Ok(bytes) => written += bytes,
                Err(_) if written > 0 => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok(written)
    }

    /// Whether a waiting writer may go on.
    pub(crate) fn is_writable(&self) -> bool {
        match self.phase {
            Phase::SynSent => false,
            Phase::SynReceived | Phase::Open => self.tx.is_finishing() || self.tx.is_roomy(),
            Phase::Closed => true,
        }
    }

    /// Why it has ended, if nobody was told yet.
    pub(crate) fn take_error(&mut self) -> Option<Errno> {
        self.failure.take()
    }

    /// Closes the writing half; what was written is still sent.
    ///
    /// # Errors
    /// `NotConnected` after the connection has ended.
    pub(crate) fn finish(&mut self) -> Result<(), Errno> {
        if self.phase == Phase::Closed {
            return Err(Errno::NotConnected);
        }
        self.tx.finish();
        self.ready.write = true;
        Ok(())
    }

    /// Closes both halves, as when the stream is dropped. The peer is reset if data was not read, as it would else take it
    /// for delivered.
    pub(crate) fn close(&mut self, context: &mut Context<'_>) {
        match self.phase {
            Phase::Closed => {}
            Phase::SynSent => self.drop_everything(context),
            Phase::SynReceived => self.abort(context),
            Phase::Open if self.rx.readable() > 0 || self.linger.is_some_and(|linger| linger.is_zero()) => {
                self.abort(context)
            }
            Phase::Open => {
                self.is_orphan = true;
                self.keepalive.stop();
                self.tx.finish();
            }
        }
    }

    /// Ends the connection with a RST.
    pub(crate) fn abort(&mut self, context: &mut Context<'_>) {
        if self.phase != Phase::Closed {
            self.reset_at = Some(self.tx.next());
            self.drop_everything(context);
        }
    }

    fn drop_everything(&mut self, context: &mut Context<'_>) {
        self.phase = Phase::Closed;
        self.keepalive.stop();
        self.clear(context.pool);
    }

    /// Gives all memory back.
    pub(crate) fn clear(&mut self, pool: &mut Pool) {
        self.tx.clear(pool);
        self.rx.clear(pool);
    }

    /// Looks whether the connection is at its end, when there is nothing to send.
    pub(crate) fn settle(&mut self, context: &mut Context<'_>) -> Ending {
        if self.phase == Phase::Closed {
            return Ending::Closed;
        }
        if self.phase != Phase::Open || !self.tx.is_finished() {
            return Ending::NotYet;
        }
        if !self.rx.is_finished() && !self.is_orphan {
            return Ending::NotYet;
        }
        let peer_is_finished = self.rx.is_finished();
        self.phase = Phase::Closed;
        self.keepalive.stop();
        self.tx.clear(context.pool);
        self.rx.clear_ahead(context.pool);
        self.ready.write = true;
        if peer_is_finished && !self.closes_first {
            return Ending::Closed;
        }
        Ending::TimeWait(TimeWait::new(context, self.tx.next(), self.rx.next(), peer_is_finished))
    }
}
