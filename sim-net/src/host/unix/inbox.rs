//! What has come to a Unix socket, and what it counts in the sender's buffer until it is read.

use std::collections::VecDeque;

use crate::bytes::Bytes;
use crate::config::UnixConfig;
use crate::host::memory;
use crate::pool::Pool;

/// The most bytes of a write that make one message.
pub(super) fn piece_bytes_max(config: UnixConfig) -> usize {
    (config.send_buffer_bytes as usize / 2 - 64).min(memory::UNIX_PIECE_BYTES_MAX)
}

/// Whether a sender that counts so much may be waiting for room in vain no longer: as in Linux, below a quarter.
pub(super) fn is_roomy(in_flight: usize, config: UnixConfig) -> bool {
    4 * in_flight <= config.send_buffer_bytes as usize
}

/// The messages that a stream has received; reading does not see where one ends.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    bytes: Bytes,
    /// Of each message how many bytes are unread, and how many it had.
    messages: VecDeque<(usize, usize)>,
}

impl Inbox {
    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Bytes that can be read.
    pub(super) fn len(&self) -> usize {
        self.messages.iter().map(|(unread, _)| unread).sum()
    }

    /// Adds a message, which has bytes; what it counts.
    pub(super) fn push(&mut self, pool: &mut Pool, data: &[u8]) -> usize {
        self.bytes.write(pool, data);
        self.messages.push_back((data.len(), data.len()));
        memory::of_unix_stream(data.len())
    }

    /// Reads; how many bytes, and what those messages counted that were read to their ends.
    pub(super) fn read(&mut self, pool: &mut Pool, out: &mut [u8]) -> (usize, usize) {
        let read = self.bytes.read(pool, out);
        let (mut rest, mut freed) = (read, 0);
        while let Some((unread, length)) = self.messages.front_mut() {
            let taken = rest.min(*unread);
            *unread -= taken;
            rest -= taken;
            if *unread > 0 {
                break;
            }
            freed += memory::of_unix_stream(*length);
            self.messages.pop_front();
        }
        (read, freed)
    }

    /// Gives all memory back.
    pub(super) fn clear(&mut self, pool: &mut Pool) {
        self.bytes.clear(pool);
        self.messages.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_counts_until_its_last_byte_is_read() {
        let (mut pool, mut inbox) = (Pool::default(), Inbox::default());
        let counts = [b"abc".as_slice(), b"de"].map(|data| inbox.push(&mut pool, data));
        let mut out = [0; 4];
        assert_eq!(inbox.read(&mut pool, &mut out[..2]), (2, 0));
        assert_eq!(inbox.read(&mut pool, &mut out[..0]), (0, 0));
        assert_eq!(inbox.read(&mut pool, &mut out[..2]), (2, counts[0]));
        assert_eq!(&out[..2], b"cd");
        assert_eq!(inbox.read(&mut pool, &mut out), (1, counts[1]));
        assert!(inbox.is_empty());
    }
}
