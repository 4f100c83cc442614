//! A datagram that has arrived.

use crate::address::Endpoint;
use crate::pool::Slice;

/// What Linux takes for the description of a datagram (`struct sk_buff`), on 64 bits.
const DESCRIPTION_BYTES: usize = 256;
/// What it takes beside the payload in the memory for that: headers with their alignment, and `struct skb_shared_info`.
const AROUND_PAYLOAD_BYTES: usize = 59 + 320;
/// The memory for a small payload (`SKB_SMALL_HEAD_SIZE`); what does not fit gets a power of two.
const SMALL_BYTES: usize = 576;

/// One that has arrived, and waits to be received.
pub(super) struct Datagram {
    pub(super) source: Endpoint,
    pub(super) payload: Option<Slice>,
}

impl Datagram {
    /// What it counts in the receive buffer: the memory that Linux takes for it (`skb->truesize`).
    #[inline]
    pub(super) fn counted_bytes(&self) -> usize {
        memory_bytes(self.payload.as_ref().map_or(0, Slice::len))
    }
}

#[inline]
fn memory_bytes(payload_bytes: usize) -> usize {
    let needed = payload_bytes + AROUND_PAYLOAD_BYTES;
    let taken = if needed <= SMALL_BYTES { SMALL_BYTES } else { needed.next_power_of_two() };
    DESCRIPTION_BYTES + taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_fit_into_the_default_buffer_as_on_linux() {
        let fit = |bytes| 212_992 / memory_bytes(bytes);
        assert_eq!([1, 100, 500, 1_000, 1_400, 8_000].map(fit), [256, 256, 166, 92, 92, 12]);
    }
}
