//! The receiving side of a connection: `asyncio.StreamReader`.

use std::fmt;

use sim_executor::Label;

use super::transport::Transport;
use crate::exc::Exc;

const READ: Label = Label::new("asyncio.stream.read");

/// What the loop has read from a connection. One task at a time may wait for more.
///
/// ```
/// use sim_asyncio::{Runner, StreamConfig, open_streams};
/// use sim_executor::{Executor, ProductionOrder};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     # struct Bytes(&'static [u8]);
///     # impl futures_io::AsyncRead for Bytes {
///     #     fn poll_read(mut self: std::pin::Pin<&mut Self>, context: &mut std::task::Context<'_>, bytes: &mut [u8])
///     #         -> std::task::Poll<std::io::Result<usize>> { std::pin::Pin::new(&mut self.0).poll_read(context, bytes) }
///     # }
///     # impl futures_io::AsyncWrite for Bytes {
///     #     fn poll_write(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>, bytes: &[u8])
///     #         -> std::task::Poll<std::io::Result<usize>> { std::task::Poll::Ready(Ok(bytes.len())) }
///     #     fn poll_flush(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>)
///     #         -> std::task::Poll<std::io::Result<()>> { std::task::Poll::Ready(Ok(())) }
///     #     fn poll_close(self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>)
///     #         -> std::task::Poll<std::io::Result<()>> { std::task::Poll::Ready(Ok(())) }
///     # }
///     # let connection = Bytes(b"one\ntwo");
///     let (reader, _writer) = open_streams(connection, StreamConfig::default());
///     assert_eq!(reader.read_line().await?, b"one\n");
///     reader.read_to_end().await
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap().unwrap(), b"two");
/// ```
pub struct StreamReader(Transport);

/// Why something was not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The connection ended before: `IncompleteReadError`.
    #[error("{} bytes read on a total of {} expected bytes", partial.len(), expected.map_or("undefined".to_string(), |expected| expected.to_string()))]
    Incomplete {
        /// What came before.
        partial: Vec<u8>,
        /// How many bytes were asked for; `None` when they were to be read until a separator.
        expected: Option<usize>,
    },
    /// What precedes the separator is longer than [`StreamConfig::limit`](super::StreamConfig::limit): `LimitOverrunError`.
    #[error("Separator is {}found, {} the limit", if *is_found { "" } else { "not " }, if *is_found { "but chunk is longer than" } else { "and chunk exceed" })]
    LimitOverrun {
        /// Whether the separator was found.
        is_found: bool,
        /// How many bytes it is that are too many; they are still there.
        consumed: usize,
    },
    /// Anything else.
    #[error(transparent)]
    Raised(#[from] Exc),
}

impl From<ReadError> for Exc {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Raised(exc) => exc,
            ReadError::Incomplete { .. } => Exc::raised("IncompleteReadError", error),
            ReadError::LimitOverrun { .. } => Exc::raised("LimitOverrunError", error),
        }
    }
}

impl StreamReader {
    pub(super) fn new(transport: Transport) -> Self {
        StreamReader(transport)
    }

    /// Whether the connection has ended, and all was read.
    #[must_use]
    pub fn at_eof(&self) -> bool {
        let reading = self.0.reading.borrow();
        reading.is_at_end && reading.buffer.is_empty()
    }

    /// Reads up to `count` bytes: what is there, or comes next; nothing at the end of the connection.
    ///
    /// # Errors
    /// [`Exc::Cancelled`]; what the connection has failed with.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn read(&self, count: usize) -> Result<Vec<u8>, Exc> {
        self.check()?;
        if count == 0 {
            return Ok(Vec::new());
        }
        if self.len() == 0 && !self.is_at_end() {
            self.wait("read").await?;
        }
        Ok(self.take(count.min(self.len())))
    }

    /// Reads until the connection ends: `read(-1)`.
    ///
    /// # Errors
    /// As [`StreamReader::read`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn read_to_end(&self) -> Result<Vec<u8>, Exc> {
        let mut all = Vec::new();
        loop {
            let part = self.read(self.0.config.limit).await?;
            if part.is_empty() {
                return Ok(all);
            }
            all.extend(part);
        }
    }

    /// Reads exactly so many bytes: `readexactly`.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] when the connection ends before; else as [`StreamReader::read`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn read_exactly(&self, count: usize) -> Result<Vec<u8>, ReadError> {
        self.check()?;
        while self.len() < count {
            if self.is_at_end() {
                return Err(ReadError::Incomplete { partial: self.take(self.len()), expected: Some(count) });
            }
            self.wait("readexactly").await?;
        }
        Ok(self.take(count))
    }

    /// Reads until a separator, which is part of the result: `readuntil`.
    ///
    /// # Errors
    /// [`ReadError::Incomplete`] when the connection ends before; [`ReadError::LimitOverrun`]; else as
    /// [`StreamReader::read`].
    ///
    /// # Panics
    /// Outside a run; when the separator is empty.
    pub async fn read_until(&self, separator: &[u8]) -> Result<Vec<u8>, ReadError> {
        assert!(!separator.is_empty(), "Separator should be at least one-byte string");
        self.check()?;
        let limit = self.0.config.limit;
        let mut searched = 0;
        let found = loop {
            if let Some(found) = self.find(separator, searched) {
                break found;
            }
            searched = (self.len() + 1).saturating_sub(separator.len());
            if searched > limit {
                return Err(ReadError::LimitOverrun { is_found: false, consumed: searched });
            }
            if self.is_at_end() {
                return Err(ReadError::Incomplete { partial: self.take(self.len()), expected: None });
            }
            self.wait("readuntil").await?;
        };
        if found > limit {
            return Err(ReadError::LimitOverrun { is_found: true, consumed: found });
        }
        Ok(self.take(found + separator.len()))
    }

    /// Reads a line with its end; at the end of the connection what is left: `readline`.
    ///
    /// # Errors
    /// A `ValueError` when the line is longer than the limit, and is thrown away; else as [`StreamReader::read`].
    ///
    /// # Panics
    /// Outside a run.
    pub async fn read_line(&self) -> Result<Vec<u8>, Exc> {
        match self.read_until(b"\n").await {
            Ok(line) => Ok(line),
            Err(ReadError::Incomplete { partial, .. }) => Ok(partial),
            Err(error @ ReadError::LimitOverrun { is_found, consumed }) => {
                self.take(if is_found { consumed + 1 } else { self.len() });
                Err(Exc::raised("ValueError", error))
            }
            Err(ReadError::Raised(exc)) => Err(exc),
        }
    }

    fn len(&self) -> usize {
        self.0.reading.borrow().buffer.len()
    }

    fn is_at_end(&self) -> bool {
        self.0.reading.borrow().is_at_end
    }

    fn check(&self) -> Result<(), Exc> {
        match &self.0.reading.borrow().failed {
            Some(exc) => Err(exc.clone()),
            None => Ok(()),
        }
    }

    /// Where the separator begins, at or behind `start`.
    fn find(&self, separator: &[u8], start: usize) -> Option<usize> {
        let mut reading = self.0.reading.borrow_mut();
        let bytes = reading.buffer.make_contiguous();
        let windows = bytes.get(start..)?.windows(separator.len());
        windows.into_iter().position(|window| window == separator).map(|position| start + position)
    }

    /// Takes bytes out; the loop may read ahead again.
    fn take(&self, count: usize) -> Vec<u8> {
        let (bytes, resumes) = {
            let mut reading = self.0.reading.borrow_mut();
            let bytes: Vec<u8> = reading.buffer.drain(..count).collect();
            (bytes, reading.is_paused && reading.buffer.len() <= self.0.config.limit)
        };
        if resumes {
            self.0.resume_reading();
        }
        bytes
    }

    /// Waits until more has come, or the connection has ended.
    async fn wait(&self, verb: &str) -> Result<(), Exc> {
        if self.0.reading.borrow().waiter.is_some() {
            let message =
                format!("{verb}() called while another coroutine is already waiting for incoming data");
            return Err(Exc::raised("RuntimeError", message));
        }
        if self.0.reading.borrow().is_paused {
            self.0.resume_reading();
        }
        let waiter = self.0.event_loop.create_future();
        self.0.reading.borrow_mut().waiter = Some(waiter.clone());
        let waited = waiter.await_at(READ).await;
        self.0.reading.borrow_mut().waiter = None;
        waited
    }
}

impl fmt::Debug for StreamReader {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "StreamReader with {} bytes", self.len())
    }
}
