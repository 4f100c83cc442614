//! A datagram that has arrived.

use crate::address::Endpoint;
use crate::pool::Slice;

/// What a datagram counts in a receive buffer besides its bytes.
const OVERHEAD_BYTES: usize = 256;

/// One that has arrived, and waits to be received.
pub(super) struct Datagram {
    pub(super) source: Endpoint,
    pub(super) payload: Option<Slice>,
}

impl Datagram {
    /// What it counts in the receive buffer.
    pub(super) fn counted_bytes(&self) -> usize {
        OVERHEAD_BYTES + self.payload.as_ref().map_or(0, Slice::len)
    }
}
