//! A datagram that has arrived.

use crate::address::Endpoint;
use crate::host::memory;
use crate::pool::Slice;

/// One that has arrived, and waits to be received.
pub(super) struct Datagram {
    pub(super) source: Endpoint,
    pub(super) payload: Option<Slice>,
}

impl Datagram {
    /// What it counts in the receive buffer: the memory that Linux takes for it (`skb->truesize`).
    #[inline]
    pub(super) fn counted_bytes(&self) -> usize {
        memory::of_datagram(self.payload.as_ref().map_or(0, Slice::len))
    }
}
