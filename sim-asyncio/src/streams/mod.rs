//! Streams over a connection: `StreamReader` and `StreamWriter`.
//!
//! A connection is anything with the traits of `futures-io`, such as a `TcpStream` of the simulated network. As in asyncio the
//! loop reads and writes on behalf of the tasks, in turns of its own: bytes are read ahead until the reader has twice its
//! limit, and a write that the connection does not take is kept, while the task goes on; [`StreamWriter::drain`] waits while
//! more is kept than the high-water mark.

mod reader;
mod transport;
mod writer;

use futures_io::{AsyncRead, AsyncWrite};

pub use reader::{ReadError, StreamReader};
pub use writer::StreamWriter;

use transport::Transport;

/// The bounds of a pair of streams, in bytes; the defaults are asyncio's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamConfig {
    /// The longest line; the loop stops to read ahead when the reader holds more than twice that. At least 1. 65,536.
    pub limit: usize,
    /// [`StreamWriter::drain`] waits from when more than this is kept. 65,536.
    pub high_water: usize,
    /// Until no more than this is kept; at most `high_water`. 16,384.
    pub low_water: usize,
}

impl Default for StreamConfig {
    fn default() -> Self {
        StreamConfig { limit: 65_536, high_water: 65_536, low_water: 16_384 }
    }
}

/// A reader and a writer over a connection: what `asyncio.open_connection` gives, and the callback of `asyncio.start_server`
/// gets.
///
/// # Panics
/// Outside a run; when the bounds contradict each other.
#[track_caller]
pub fn open_streams<S>(connection: S, config: StreamConfig) -> (StreamReader, StreamWriter)
where
    S: AsyncRead + AsyncWrite + 'static,
{
    assert!(config.limit > 0, "StreamConfig::limit is 0: a reader that may hold nothing reads nothing");
    assert!(
        config.low_water <= config.high_water,
        "StreamConfig::low_water = {} is above high_water = {}",
        config.low_water,
        config.high_water
    );
    let transport = Transport::start(Box::pin(connection), config);
    (StreamReader::new(transport.clone()), StreamWriter::new(transport))
}
