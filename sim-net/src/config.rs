//! How the network behaves: plain data, checked once.

use std::time::Duration;

use sim_executor::Ratio;

use crate::config_error::{ConfigError, DURATION_MAX, check_duration, check_number};
use crate::dns::DnsConfig;
use crate::link::LinkConfig;
use crate::tcp::TcpKeepalive;

/// A network. The default is a perfect one: no loss, a fixed latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct NetworkConfig {
    /// Each direction between two hosts, unless it was set for that direction. Default: 1 ms, no loss.
    pub link: LinkConfig,
    /// From a host to itself. Default: 10 µs, no loss.
    pub loopback: LinkConfig,
    /// TCP of every host.
    pub tcp: TcpConfig,
    /// UDP of every host.
    pub udp: UdpConfig,
    /// Unix sockets of every host.
    pub unix: UnixConfig,
    /// The resolver of names.
    pub dns: DnsConfig,
    /// Packets on their way at one time; more are lost, as in a router whose queue is full. Default: a million.
    pub packets_max: u32,
    /// Sockets of one host at one time; no more can be opened. Default: 65,536.
    pub sockets_max: u32,
    /// The CPU time of its node that each operation on a socket takes when it does not wait: a read, a write, an accept.
    /// Default: zero.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub op_cost: Duration,
}

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
    /// (`tcp_syn_retries`). Default: 6, so 127 s.
    pub syn_retries: u32,
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
    /// Least retransmission timeout. Default: 200 ms.
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

/// UDP of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct UdpConfig {
    /// Bytes of datagrams that wait to be received by one socket, each counted with 256 bytes more; what does not fit is
    /// dropped. Default: 212,992 (`net.core.rmem_default`).
    pub receive_buffer_bytes: u32,
    /// Bytes of datagrams, headers included, that one socket may have waiting for their turn at links with a bandwidth. While
    /// it is not full another datagram is taken; else the sender waits until it is half empty. Without a limit to the
    /// bandwidth nothing waits. At least 1. Default: 212,992 (`net.core.wmem_default`).
    pub send_buffer_bytes: u32,
    /// Whether datagrams have a checksum, so that one which was corrupted on its way is dropped. Without, the program gets
    /// it, as with IPv4 if the sender leaves it out (`SO_NO_CHECK`). Default: yes.
    pub checksums: bool,
}

/// Unix sockets of a host. The defaults are those of Linux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct UnixConfig {
    /// Bytes that one end has sent and the other has not received, each message counted with 576 bytes more: beyond that a
    /// sender waits. At least 4,608, as in Linux. Default: 212,992 (`net.core.wmem_default`).
    pub send_buffer_bytes: u32,
    /// One more than so many datagrams may wait to be received; then a sender waits that the receiver is not connected to.
    /// Default: 10 (`net.unix.max_dgram_qlen`).
    pub max_dgram_qlen: u32,
    /// One more than so many connections may wait to be accepted. Default: 1,024, as tokio asks for.
    pub accept_backlog: u32,
}

impl Default for UnixConfig {
    fn default() -> Self {
        UnixConfig { send_buffer_bytes: 212_992, max_dgram_qlen: 10, accept_backlog: 1_024 }
    }
}

/// The least send buffer of a Unix socket.
const UNIX_BUFFER_BYTES_MIN: u64 = 4_608;

impl UnixConfig {
    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        check_number(
            "send_buffer_bytes",
            self.send_buffer_bytes.into(),
            UNIX_BUFFER_BYTES_MIN,
            u32::MAX.into(),
        )
    }
}

impl Default for NetworkConfig {
    fn default() -> Self {
        NetworkConfig {
            link: LinkConfig::default(),
            loopback: LinkConfig::loopback(),
            tcp: TcpConfig::default(),
            udp: UdpConfig { receive_buffer_bytes: 212_992, send_buffer_bytes: 212_992, checksums: true },
            unix: UnixConfig::default(),
            dns: DnsConfig::default(),
            packets_max: 1_000_000,
            sockets_max: 65_536,
            op_cost: Duration::ZERO,
        }
    }
}

impl Default for UdpConfig {
    fn default() -> Self {
        NetworkConfig::default().udp
    }
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

impl NetworkConfig {
    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.link.check().map_err(|error| error.within("link"))?;
        self.loopback.check().map_err(|error| error.within("loopback"))?;
        let send_buffer_bytes = u64::from(self.udp.send_buffer_bytes);
        check_number("send_buffer_bytes", send_buffer_bytes, 1, u32::MAX.into())
            .map_err(|error| error.within("udp"))?;
        self.dns.check().map_err(|error| error.within("dns"))?;
        self.tcp.check().map_err(|error| error.within("tcp"))?;
        self.unix.check().map_err(|error| error.within("unix"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_bounds() {
        assert_eq!(NetworkConfig::default().check(), Ok(()));
    }

    #[test]
    fn what_is_out_of_its_bounds_is_refused_by_its_name() {
        let mut config = NetworkConfig::default();
        config.tcp.mss_bytes = 0;
        assert_eq!(config.check().unwrap_err().to_string(), "tcp.mss_bytes is 0: it must be at least 1");
        config.tcp.mss_bytes = 1;
        config.tcp.rto_max = Duration::from_millis(1);
        assert_eq!(config.check().unwrap_err().to_string(), "tcp.rto_max is 1ms: it must be at least 200ms");
        config.loopback.mtu_bytes = 0;
        assert_eq!(
            config.check().unwrap_err().to_string(),
            "loopback.mtu_bytes is 0: it must be at least 68"
        );
    }
}
