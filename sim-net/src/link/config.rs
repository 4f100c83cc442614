//! How one direction of a link behaves: plain data, checked once.

use std::time::Duration;

use sim_executor::{Fault, Ratio, context};

use super::latency::Latency;
use crate::config_error::{ConfigError, DURATION_MAX, check_duration, check_number};

/// One direction of a link between two hosts. The default is perfect: a fixed latency of 1 ms, and nothing else.
///
/// What happens to a packet is decided in this order: a queue that is full drops it; else it waits for its turn and is
/// sent at the bandwidth; it is lost, or corrupted, or duplicated, or none of it; its latency passes, and that of its
/// copy; it is delayed with all that follow, or it alone is held back. Each is a decision in the name of the packet's flow
/// on the link, such as `link:client->server/tcp:80 @ link.loss`, and is asked for only if its probability is above zero.
///
/// ```
/// use sim_net::{Latency, LinkConfig};
/// use sim_executor::Ratio;
/// use std::time::Duration;
///
/// let ms = Duration::from_millis;
/// let link = LinkConfig {
///     latency: Latency::Uniform { min: ms(10), max: ms(30) },
///     bandwidth_bytes_per_second: Some(1_250_000),
///     loss: Ratio::one_in(100),
///     ..LinkConfig::default()
/// };
/// assert_eq!(link.check(), Ok(()));
/// let link = LinkConfig { latency: Latency::Uniform { min: ms(2), max: ms(1) }, ..link };
/// assert_eq!(link.check().unwrap_err().to_string(), "latency.max is 1ms: it must be at least 2ms");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct LinkConfig {
    /// How long a packet takes from when it has left its sender. Default: 1 ms.
    pub latency: Latency,
    /// Bytes that leave the sender in a second, with those of the TCP, UDP and IP headers; at least 1. Default: `None`,
    /// without limit.
    pub bandwidth_bytes_per_second: Option<u64>,
    /// Bytes that wait for their turn at most, that of the packet included which is being sent; what does not fit is
    /// dropped. A packet that finds nothing before it is taken whatever its size. Without a limit to the bandwidth nothing
    /// waits. Default: 1,500,000, which is 1,000 packets of an Ethernet (Linux' `txqueuelen`).
    pub queue_bytes: u64,
    /// Whether the packets of one flow, such as those from one socket to another, arrive in the order in which they were sent, whatever their
    /// latencies are: one waits for those before it, unless `reorder` holds it back. Default: no.
    pub in_order: bool,
    /// How probable it is that a packet is lost. Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub loss: Ratio,
    /// How probable it is that a packet and all that follow it come later, in their order: the link stalls. Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub delay: Ratio,
    /// By how much at most such a packet comes later; how much is drawn. At least 1 ns. Default: 100 ms.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub delay_max: Duration,
    /// How probable it is that a packet arrives twice. The copy has a latency of its own. Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub duplicate: Ratio,
    /// How probable it is that a packet is held back, so that others overtake it. Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub reorder: Ratio,
    /// By how much at most such a packet comes later; how much is drawn. At least 1 ns. Default: 10 ms.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub reorder_max: Duration,
    /// How probable it is that a bit of a packet is flipped, so that its receiver drops it as its checksum is wrong (but see
    /// [`UdpConfig::checksums`](crate::UdpConfig::checksums)). Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub corrupt: Ratio,
    /// The most bytes that a packet has with its headers, such as 1,500 for an Ethernet. From 68 to 65,536. Default: 1,500,
    /// and 65,536 from a host to itself.
    pub mtu_bytes: u32,
}

/// The least packet that every link of the Internet carries (RFC 791).
pub(crate) const MTU_BYTES_MIN: u32 = 68;
/// That of Linux' loopback.
pub(crate) const MTU_BYTES_MAX: u32 = 65_536;

const NANOSECOND: Duration = Duration::from_nanos(1);

impl LinkConfig {
    /// For people: the latency, and what is not as by default.
    pub(crate) fn summary(&self) -> String {
        let mut parts = vec![format!("{:?}", self.latency)];
        let faults = [
            ("loss", self.loss),
            ("delay", self.delay),
            ("duplicate", self.duplicate),
            ("reorder", self.reorder),
            ("corrupt", self.corrupt),
        ];
        let faults = faults.into_iter().filter(|(_, ratio)| !ratio.is_never());
        parts.extend(faults.map(|(name, ratio)| format!("{name} {ratio}")));
        if let Some(bandwidth) = self.bandwidth_bytes_per_second {
            parts.push(format!("{bandwidth} bytes/s"));
        }
        parts.join(", ")
    }

    /// A link that loses nothing and always takes this long.
    #[must_use]
    pub const fn fixed(latency: Duration) -> Self {
        LinkConfig {
            latency: Latency::Fixed(latency),
            bandwidth_bytes_per_second: None,
            queue_bytes: 1_500_000,
            in_order: false,
            loss: Ratio::NEVER,
            delay: Ratio::NEVER,
            delay_max: Duration::from_millis(100),
            duplicate: Ratio::NEVER,
            reorder: Ratio::NEVER,
            reorder_max: Duration::from_millis(10),
            corrupt: Ratio::NEVER,
            mtu_bytes: 1_500,
        }
    }

    /// A link on which a packet takes some time between two bounds, so that packets overtake each other.
    #[must_use]
    pub const fn uniform(min: Duration, max: Duration) -> Self {
        LinkConfig { latency: Latency::Uniform { min, max }, ..LinkConfig::fixed(min) }
    }

    /// From a host to itself.
    pub(crate) const fn loopback() -> Self {
        LinkConfig { mtu_bytes: MTU_BYTES_MAX, ..LinkConfig::fixed(Duration::from_micros(10)) }
    }

    /// The same, with the faults about which is asked in the run that goes on.
    pub(crate) fn asked(&self) -> Self {
        let &LinkConfig { loss, delay, duplicate, reorder, corrupt, .. } = self;
        let [loss, delay, duplicate, reorder, corrupt] = context::probabilities_of([
            (Fault::Loss, loss),
            (Fault::Delay, delay),
            (Fault::Duplicate, duplicate),
            (Fault::Reorder, reorder),
            (Fault::Corrupt, corrupt),
        ]);
        LinkConfig { loss, delay, duplicate, reorder, corrupt, ..*self }
    }

    /// Whether anything goes wrong with packets.
    pub(crate) fn has_faults(&self) -> bool {
        let LinkConfig { loss, delay, duplicate, reorder, corrupt, .. } = self;
        [loss, delay, duplicate, reorder, corrupt].into_iter().any(|ratio| !ratio.is_never())
    }

    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.latency.check()?;
        if let Some(bandwidth) = self.bandwidth_bytes_per_second {
            check_number("bandwidth_bytes_per_second", bandwidth, 1, u64::MAX)?;
        }
        check_duration("delay_max", self.delay_max, NANOSECOND, DURATION_MAX)?;
        check_duration("reorder_max", self.reorder_max, NANOSECOND, DURATION_MAX)?;
        let (least, greatest) = (u64::from(MTU_BYTES_MIN), u64::from(MTU_BYTES_MAX));
        check_number("mtu_bytes", u64::from(self.mtu_bytes), least, greatest)
    }
}

impl Default for LinkConfig {
    fn default() -> Self {
        LinkConfig::fixed(Duration::from_millis(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_default_and_the_loopback_are_within_their_bounds() {
        assert_eq!(LinkConfig::default().check(), Ok(()));
        assert_eq!(LinkConfig::loopback().check(), Ok(()));
    }

    #[test]
    fn what_is_out_of_its_bounds_is_refused_by_its_name() {
        let perfect = LinkConfig::default();
        let heavy = |min, max, shape_percent| LinkConfig {
            latency: Latency::HeavyTail { min, max, shape_percent },
            ..perfect
        };
        let wrong = [
            (LinkConfig::uniform(2 * MS, MS), "latency.max is 1ms: it must be at least 2ms"),
            (
                LinkConfig { latency: Latency::Exponential { min: 2 * MS, mean: MS }, ..perfect },
                "latency.mean is 1ms: it must be at least 2ms",
            ),
            (heavy(Duration::ZERO, MS, 100), "latency.min is 0ns: it must be at least 1ns"),
            (heavy(MS, MS, 9), "latency.shape_percent is 9: it must be at least 10"),
            (
                LinkConfig { bandwidth_bytes_per_second: Some(0), ..perfect },
                "bandwidth_bytes_per_second is 0: it must be at least 1",
            ),
            (
                LinkConfig { delay_max: Duration::ZERO, ..perfect },
                "delay_max is 0ns: it must be at least 1ns",
            ),
            (
                LinkConfig { reorder_max: Duration::ZERO, ..perfect },
                "reorder_max is 0ns: it must be at least 1ns",
            ),
            (LinkConfig { mtu_bytes: 67, ..perfect }, "mtu_bytes is 67: it must be at least 68"),
            (LinkConfig { mtu_bytes: 65_537, ..perfect }, "mtu_bytes is 65537: it must be at most 65536"),
            (
                LinkConfig::fixed(Duration::MAX),
                "latency is 18446744073709551615.999999999s: it must be at most 18446744073.709551615s",
            ),
        ];
        for (config, message) in wrong {
            assert_eq!(config.check().unwrap_err().to_string(), message);
        }
    }
}
