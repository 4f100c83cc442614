//! What can be done at a Unix socket now.

use super::inbox::is_roomy;
use super::{State, UnixSocket};
use crate::config::UnixConfig;
use crate::host::Polled;

impl UnixSocket {
    pub(in crate::host) fn poll(&self, config: UnixConfig) -> Polled {
        match &self.state {
            // As in Linux: a stream socket that is not connected has hung up.
            State::Idle => Polled { is_writable: true, is_hung_up: true, ..Polled::default() },
            State::Listener(listener) => {
                Polled { is_readable: !listener.backlog.is_empty(), ..Polled::default() }
            }
            State::Stream(end) => Polled {
                is_readable: end.is_readable(),
                is_writable: end.is_writable(config),
                is_read_closed: end.is_read_closed,
                is_hung_up: end.is_read_closed && end.is_write_closed,
                has_error: end.failure.is_some(),
            },
            State::Datagrams(datagrams) => {
                let (is_read_closed, is_write_closed, has_error) = datagrams.ends();
                Polled {
                    is_readable: !datagrams.queue.is_empty() || is_read_closed,
                    is_writable: is_roomy(datagrams.in_flight, config),
                    is_read_closed,
                    is_hung_up: is_read_closed && is_write_closed,
                    has_error,
                }
            }
        }
    }

    /// Bytes that can be read from a stream.
    pub(in crate::host) fn readable_bytes(&self) -> usize {
        match &self.state {
            State::Stream(end) => end.inbox.len(),
            State::Idle | State::Listener(_) | State::Datagrams(_) => 0,
        }
    }
}
