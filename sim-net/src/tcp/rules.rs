//! The configuration as connections use it: every time in nanoseconds, every length as wide as sequence numbers.

use std::time::Duration;

use super::config::TcpConfig;

/// What [`TcpConfig`] says, so that no packet converts it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) config: TcpConfig,
    /// Whether reads and writes are drawn to be short, or to be held back.
    pub(crate) is_adversarial: bool,
    pub(super) delayed_ack: u64,
    pub(super) rto_min: u64,
    pub(super) rto_max: u64,
    pub(super) rto_initial: u64,
}

/// The nanoseconds of a duration, or the most that can be named.
pub(super) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Rules {
    pub(crate) fn new(config: TcpConfig) -> Self {
        let (rto_min, rto_max) = (nanos(config.rto_min), nanos(config.rto_max));
        Rules {
            config,
            is_adversarial: config.is_adversarial(),
            delayed_ack: nanos(config.delayed_ack),
            rto_min,
            rto_max,
            rto_initial: nanos(config.rto_initial).min(rto_max),
        }
    }
}
