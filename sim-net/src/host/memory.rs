//! The memory that Linux takes for what a socket has sent or received (`skb->truesize`), by which it counts what buffers hold.
//!
//! Measured on Linux 6.18 on 64 bits, with pages of 4 KiB: how many messages of a size fit into a buffer.

/// The description of a message (`struct sk_buff`).
const DESCRIPTION_BYTES: usize = 256;
/// What stands at the end of the memory for its bytes (`struct skb_shared_info`).
const SHARED_INFO_BYTES: usize = 320;
const PAGE_BYTES: usize = 4_096;

/// Beside the bytes of a packet: the header of Ethernet with its alignment.
const LINK_HEADER_BYTES: usize = 31;
const IP_AND_UDP_BYTES: usize = 28;
const IP_BYTES: usize = 20;
/// The memory for a small packet (`SKB_SMALL_HEAD_SIZE`).
const SMALL_PACKET_BYTES: usize = 576;

/// The most bytes in one piece of memory of four pages (`SKB_MAX_ALLOC`).
const ONE_PIECE_BYTES_MAX: usize = 4 * PAGE_BYTES - SHARED_INFO_BYTES;
/// The most bytes in single pages beside it (`MAX_SKB_FRAGS` pages).
const PAGES_BYTES_MAX: usize = 17 * PAGE_BYTES;
/// The most bytes of one message of a Unix stream (`SKB_MAX_ALLOC` and `UNIX_SKB_FRAGS_SZ`).
pub(super) const UNIX_PIECE_BYTES_MAX: usize = ONE_PIECE_BYTES_MAX + 8 * PAGE_BYTES;
/// The most bytes in one page (`SKB_MAX_HEAD(0)`).
const ONE_PAGE_BYTES_MAX: usize = PAGE_BYTES - SHARED_INFO_BYTES;

/// Of a datagram of UDP, in one piece.
#[inline]
pub(super) fn of_datagram(payload_bytes: usize) -> usize {
    of_packet(payload_bytes + IP_AND_UDP_BYTES)
}

/// Of a datagram of UDP that is sent in so many fragments over a link with this MTU.
pub(super) fn of_fragments(payload_bytes: usize, fragments: usize, mtu_bytes: usize) -> usize {
    match fragments {
        1 => of_datagram(payload_bytes),
        _ => {
            let in_each = (mtu_bytes - IP_BYTES) / 8 * 8;
            let last =
                (payload_bytes + IP_AND_UDP_BYTES - IP_BYTES).saturating_sub(in_each * (fragments - 1));
            of_packet(in_each + IP_BYTES) * (fragments - 1) + of_packet(last + IP_BYTES)
        }
    }
}

#[inline]
fn of_packet(bytes: usize) -> usize {
    let needed = bytes + LINK_HEADER_BYTES + SHARED_INFO_BYTES;
    DESCRIPTION_BYTES
        + if needed <= SMALL_PACKET_BYTES { SMALL_PACKET_BYTES } else { needed.next_power_of_two() }
}

/// Of a message of a Unix stream: what does not fit into one page lies in pages of its own, and what is left over beside them.
pub(super) fn of_unix_stream(bytes: usize) -> usize {
    in_pages(bytes, bytes.saturating_sub(ONE_PAGE_BYTES_MAX).next_multiple_of(PAGE_BYTES).min(bytes))
}

/// Of a datagram of a Unix socket: what does not fit into four pages in one piece lies in single ones.
pub(super) fn of_unix_datagram(bytes: usize) -> usize {
    let beyond = bytes.saturating_sub(ONE_PIECE_BYTES_MAX).min(PAGES_BYTES_MAX);
    in_pages(bytes, beyond.next_multiple_of(PAGE_BYTES))
}

/// Of a message of which so many bytes lie in single pages.
fn in_pages(bytes: usize, in_pages: usize) -> usize {
    let in_one_piece = (bytes - in_pages.min(bytes) + SHARED_INFO_BYTES).next_power_of_two();
    DESCRIPTION_BYTES + in_one_piece + in_pages.next_multiple_of(PAGE_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUFFER_BYTES: usize = 212_992;

    #[test]
    fn as_many_datagrams_fit_into_the_default_buffer_as_on_linux() {
        let fit = |bytes| BUFFER_BYTES / of_datagram(bytes);
        assert_eq!([1, 100, 500, 1_000, 1_400, 8_000].map(fit), [256, 256, 166, 92, 92, 12]);
        assert_eq!(of_fragments(1_472, 1, 1_500), of_datagram(1_472));
        assert_eq!(of_fragments(1_473, 2, 1_500), of_datagram(1_472) + of_datagram(1));
    }

    /// The last one is taken while the buffer is not full yet.
    #[test]
    fn as_many_messages_of_unix_sockets_fit_as_on_linux() {
        let streams = |bytes| BUFFER_BYTES.div_ceil(of_unix_stream(bytes));
        let sizes = [1, 192, 193, 704, 705, 1_728, 1_729, 3_776, 3_777, 4_000, 5_000, 8_000, 16_000, 30_000];
        assert_eq!(sizes.map(streams), [278, 278, 167, 167, 93, 93, 49, 49, 44, 44, 34, 24, 13, 7]);
        let datagrams = |bytes| BUFFER_BYTES.div_ceil(of_unix_datagram(bytes));
        let sizes = [192, 193, 3_776, 3_777, 5_000, 8_000, 16_000, 30_000, 32_449, 48_832, 50_000, 100_000];
        assert_eq!(sizes.map(datagrams), [278, 167, 49, 26, 26, 13, 13, 7, 6, 5, 4, 3]);
    }
}
