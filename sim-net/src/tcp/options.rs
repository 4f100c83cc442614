//! What a connection is told before it begins: the options of its socket, bounded by its path.

use std::time::Duration;

use super::config::{TcpConfig, TcpKeepalive};

/// Bytes of a packet that are not TCP's payload: 20 of IPv4, or 40 of IPv6, with 20 of TCP.
const HEADER_BYTES_V4: u32 = 40;
const HEADER_BYTES_V6: u32 = 60;

/// The options of a connection. A listener hands its own down to what it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Options {
    pub(crate) send_buffer_bytes: u32,
    pub(crate) receive_buffer_bytes: u32,
    pub(crate) mss_bytes: u32,
    pub(crate) segment_bytes_max: u32,
    pub(crate) nodelay: bool,
    pub(crate) linger: Option<Duration>,
    pub(crate) keepalive: bool,
    pub(crate) keepalive_times: TcpKeepalive,
}

impl Options {
    /// Those of a new socket.
    pub(crate) fn new(config: &TcpConfig) -> Self {
        Options {
            send_buffer_bytes: config.send_buffer_bytes,
            receive_buffer_bytes: config.receive_buffer_bytes,
            mss_bytes: config.mss_bytes,
            segment_bytes_max: config.segment_bytes_max,
            nodelay: config.nodelay,
            linger: None,
            keepalive: false,
            keepalive_times: config.keepalive,
        }
    }

    /// The same on a path whose packets have at most `mtu_bytes`: no full segment is larger than fits, and one packet carries
    /// whole segments, as with segmentation offload.
    pub(crate) fn on_path(self, mtu_bytes: u32, is_v6: bool) -> Self {
        let header_bytes = if is_v6 { HEADER_BYTES_V6 } else { HEADER_BYTES_V4 };
        let payload_bytes = mtu_bytes.saturating_sub(header_bytes).max(1);
        let mss_bytes = self.mss_bytes.min(payload_bytes);
        let segment_bytes_max = match self.segment_bytes_max / mss_bytes {
            0 => self.segment_bytes_max,
            segments => segments * mss_bytes,
        };
        Options { mss_bytes, segment_bytes_max, ..self }
    }

    /// By how much a window opens at least: by a full segment, or half the buffer.
    pub(super) fn window_step(&self) -> u64 {
        self.mss_bytes.min(self.receive_buffer_bytes / 2).max(1).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_segment_fits_into_a_packet_of_the_path() {
        let options = Options::new(&TcpConfig::default());
        let mss_bytes = |mtu_bytes, is_v6| options.on_path(mtu_bytes, is_v6).mss_bytes;
        assert_eq!(mss_bytes(1_500, false), 1_460);
        assert_eq!(mss_bytes(1_280, true), 1_220);
        assert_eq!(mss_bytes(9_000, false), 1_460, "what is configured");
        assert_eq!(mss_bytes(10, false), 1, "a path too narrow for headers still works");
    }

    #[test]
    fn a_packet_carries_whole_segments() {
        let carried = |segment_bytes_max, is_v6| {
            let config = TcpConfig { segment_bytes_max, ..TcpConfig::default() };
            Options::new(&config).on_path(1_500, is_v6).segment_bytes_max
        };
        assert_eq!([carried(1_460, false), carried(1_460, true)], [1_460, 1_440]);
        assert_eq!([carried(65_536, false), carried(65_536, true)], [44 * 1_460, 45 * 1_440]);
        assert_eq!(carried(100, true), 100, "less than a segment, if that is asked for");
    }
}
