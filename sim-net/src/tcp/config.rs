//! How TCP of a host behaves: plain data, checked once.

use std::time::Duration;

use sim_executor::Ratio;

use crate::config_error::{ConfigError, DURATION_MAX, check_duration, check_number};

/// TCP of a host. The defaults are those of Linux, except for the buffers, which Linux sizes as it sees fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct TcpConfig {
    /// Bytes that were written and are not yet acknowledged: beyond that a writer waits. At least 1. Default: 64 KiB.
    pub send_buffer_bytes: u32,
    /// Bytes that were received and are not yet read: what the window advertises. At least 1. Default: 64 KiB.
    pub receive_buffer_bytes: u32,
    /// What counts as a full segment for Nagle's algorithm, delayed acknowledgements and silly windows. At least 1.
    /// Default: 1,460.
    pub mss_bytes: u32,
    /// Bytes that one packet carries at most, as with segmentation offload. At least 1. Default: 65,536.
    pub segment_bytes_max: u32,
    /// Whether small segments are sent at once while others are unacknowledged (`TCP_NODELAY`). Default: no.
    pub nodelay: bool,
    /// How often the first packet of a connection is repeated before connecting ends with `TimedOut`
    /// (`tcp_syn_retries`), besides those of `syn_linear_timeouts`. Default: 6, so 131 s in all.
    pub syn_retries: u32,
    /// How often the first packet of a connection is repeated before its timeout begins to double
    /// (`tcp_syn_linear_timeouts`, since Linux 6.5; before, none was). Default: 4.
    pub syn_linear_timeouts: u32,
    /// How often the answer to it is repeated (`tcp_synack_retries`). Default: 5.
    pub synack_retries: u32,
    /// How often data is repeated before the connection ends with `TimedOut` (`tcp_retries2`). Default: 15, so about
    /// 15 minutes.
    pub retries: u32,
    /// The same once the stream was dropped (`tcp_orphan_retries`). Default: 8.
    pub orphan_retries: u32,
    /// Retransmission timeout before a round trip was measured. Default: 1 s.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub rto_initial: Duration,
    /// Least time between the smoothed round trip and the retransmission timeout (`tcp_rto_min_us`). Default: 200 ms.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub rto_min: Duration,
    /// Greatest retransmission timeout. Default: 120 s.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub rto_max: Duration,
    /// How long an acknowledgement waits for data to travel with. Default: 40 ms.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub delayed_ack: Duration,
    /// How long a closed connection keeps its pair of addresses. Default: 60 s.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub time_wait: Duration,
    /// Connections that wait to be accepted, unless [`TcpSocket::listen`](crate::TcpSocket::listen) says. Default: 1,024,
    /// as tokio asks for.
    pub accept_backlog: u32,
    /// When an idle connection is probed, if its socket asks for that (`SO_KEEPALIVE`). Default: after 2 hours, then
    /// every 75 s, 9 times.
    pub keepalive: TcpKeepalive,
    /// How probable it is that a read gives fewer bytes than have arrived; how many is drawn as well, down to one.
    /// Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub short_reads: Ratio,
    /// How probable it is that a write takes fewer bytes than there is room for; how many is drawn as well, down to one.
    /// Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub short_writes: Ratio,
    /// How probable it is that what a write leaves in a segment less than full is held back until the next write, so that
    /// the peer reads both at once; without another write, for a retransmission timeout. Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub held_writes: Ratio,
}

/// When an idle connection is probed, how often, and when it is given up (`TCP_KEEPIDLE`, `TCP_KEEPINTVL`,
/// `TCP_KEEPCNT`). The defaults are those of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct TcpKeepalive {
    /// How long nothing is heard of the peer before it is probed. At least 1 ns. Default: 2 hours.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub idle: Duration,
    /// How long an answer to a probe is waited for before the next one. At least 1 ns. Default: 75 s.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub interval: Duration,
    /// Probes in a row without an answer after which the connection ends with `TimedOut`. At least 1. Default: 9.
    pub count: u32,
}

impl Default for TcpConfig {
    fn default() -> Self {
        TcpConfig {
            send_buffer_bytes: 65_536,
            receive_buffer_bytes: 65_536,
            mss_bytes: 1_460,
            segment_bytes_max: 65_536,
            nodelay: false,
            syn_retries: 6,
            syn_linear_timeouts: 4,
            synack_retries: 5,
            retries: 15,
            orphan_retries: 8,
            rto_initial: Duration::from_secs(1),
            rto_min: Duration::from_millis(200),
            rto_max: Duration::from_secs(120),
            delayed_ack: Duration::from_millis(40),
            time_wait: Duration::from_secs(60),
            accept_backlog: 1_024,
            keepalive: TcpKeepalive::default(),
            short_reads: Ratio::NEVER,
            short_writes: Ratio::NEVER,
            held_writes: Ratio::NEVER,
        }
    }
}

impl Default for TcpKeepalive {
    fn default() -> Self {
        TcpKeepalive { idle: Duration::from_secs(7_200), interval: Duration::from_secs(75), count: 9 }
    }
}

impl TcpConfig {
    /// Whether something about reads and writes is drawn.
    pub(crate) fn is_adversarial(&self) -> bool {
        [self.short_reads, self.short_writes, self.held_writes].iter().any(|ratio| !ratio.is_never())
    }

    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        let at_least_one = |field, value: u32| check_number(field, value.into(), 1, u32::MAX.into());
        at_least_one("send_buffer_bytes", self.send_buffer_bytes)?;
        at_least_one("receive_buffer_bytes", self.receive_buffer_bytes)?;
        at_least_one("mss_bytes", self.mss_bytes)?;
        at_least_one("segment_bytes_max", self.segment_bytes_max)?;
        let least = Duration::from_nanos(1);
        check_duration("rto_min", self.rto_min, least, DURATION_MAX)?;
        check_duration("rto_initial", self.rto_initial, least, DURATION_MAX)?;
        check_duration("rto_max", self.rto_max, self.rto_min, DURATION_MAX)?;
        self.keepalive.check()
    }
}

impl TcpKeepalive {
    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        let least = Duration::from_nanos(1);
        check_duration("keepalive.idle", self.idle, least, DURATION_MAX)?;
        check_duration("keepalive.interval", self.interval, least, DURATION_MAX)?;
        check_number("keepalive.count", self.count.into(), 1, u32::MAX.into())
    }
}
