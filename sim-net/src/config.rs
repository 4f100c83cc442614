//! How the network behaves: plain data, checked once.

use std::time::Duration;

use crate::config_error::{ConfigError, check_number};
use crate::link::LinkConfig;
use crate::resolver::DnsConfig;
use crate::tcp::TcpConfig;

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

/// UDP of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct UdpConfig {
    /// Memory for datagrams that wait to be received by one socket, as Linux counts it for each: 832 bytes for a short one, beyond
    /// that a power of two and 256 bytes. What does not fit is dropped. Default: 212,992 (`net.core.rmem_default`).
    pub receive_buffer_bytes: u32,
    /// Bytes of datagrams that one socket may have waiting for their turn at links with a bandwidth, each counted as
    /// the memory that Linux takes for it (`truesize`: 832 bytes for the smallest, 2,304 for one of 1,400). While it is
    /// not full another datagram is taken; else the sender waits until it is half empty. Without a limit to the
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
    /// Bytes that one end has sent and the other has not received, each message counted as the memory that Linux takes
    /// for it (`truesize`: 768 bytes up to 192, 1,280 up to 704, 2,304 up to 1,728, and so on): beyond that a sender
    /// waits. At least 4,608, as in Linux. Default: 212,992 (`net.core.wmem_default`).
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
