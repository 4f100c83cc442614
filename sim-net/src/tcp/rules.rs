//! The configuration as connections use it: every time in nanoseconds, every length as wide as sequence numbers.

use std::time::Duration;

use crate::config::TcpConfig;

/// What [`TcpConfig`] says, so that no packet converts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) config: TcpConfig,
    pub(super) mss_bytes: u64,
    pub(super) segment_bytes_max: u64,
    /// By how much a window opens at least.
    pub(super) window_step: u64,
    pub(super) delayed_ack: u64,
    pub(super) rto_min: u64,
    pub(super) rto_max: u64,
    pub(super) rto_initial: u64,
}

/// The nanoseconds of a duration, or the most that can be named.
fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Rules {
    pub(crate) fn new(config: TcpConfig) -> Self {
        let (rto_min, rto_max) = (nanos(config.rto_min), nanos(config.rto_max));
        Rules {
            config,
            mss_bytes: config.mss_bytes.into(),
            segment_bytes_max: config.segment_bytes_max.into(),
            window_step: config.mss_bytes.min(config.receive_buffer_bytes / 2).max(1).into(),
            delayed_ack: nanos(config.delayed_ack),
            rto_min,
            rto_max,
            rto_initial: nanos(config.rto_initial).min(rto_max),
        }
    }
}
