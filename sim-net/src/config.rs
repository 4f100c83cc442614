//! How the network behaves: plain data, checked once.

use std::time::Duration;

use sim_executor::Ratio;

/// A network. The default is a perfect one: no loss, a fixed latency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetworkConfig {
    /// Each direction between two hosts, unless it was set for that direction. Default: 1 ms, no loss.
    pub link: LinkConfig,
    /// From a host to itself. Default: 10 µs, no loss.
    pub loopback: LinkConfig,
    /// TCP of every host.
    pub tcp: TcpConfig,
    /// UDP of every host.
    pub udp: UdpConfig,
    /// Packets on their way at one time; more are lost, as in a router whose queue is full. Default: a million.
    pub packets_max: u32,
    /// Sockets of one host at one time; no more can be opened. Default: 65,536.
    pub sockets_max: u32,
    /// The CPU time of its node that each operation on a socket takes when it does not wait: a read, a write, an accept.
    /// Default: zero.
    pub op_cost: Duration,
}

/// One direction of a link between two hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkConfig {
    /// How long a packet takes at least.
    pub latency_min: Duration,
    /// How long a packet takes at most. If that is more than the least, the latency of each packet is drawn, so that
    /// packets overtake each other.
    pub latency_max: Duration,
    /// How probable it is that a packet is lost; drawn for each. Default: never.
    pub loss: Ratio,
}

/// TCP of a host. The defaults are those of Linux, except for the buffers, which Linux sizes as it sees fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    pub rto_initial: Duration,
    /// Least retransmission timeout. Default: 200 ms.
    pub rto_min: Duration,
    /// Greatest retransmission timeout. Default: 120 s.
    pub rto_max: Duration,
    /// How long an acknowledgement waits for data to travel with. Default: 40 ms.
    pub delayed_ack: Duration,
    /// How long a closed connection keeps its pair of addresses. Default: 60 s.
    pub time_wait: Duration,
    /// Connections that wait to be accepted. Default: 1,024, as tokio asks for.
    pub accept_backlog: u32,
}

/// UDP of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UdpConfig {
    /// Bytes of datagrams that wait to be received by one socket, each counted with 256 bytes more; what does not fit is
    /// dropped. Default: 212,992 (`net.core.rmem_default`).
    pub receive_buffer_bytes: u32,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        NetworkConfig {
            link: LinkConfig::default(),
            loopback: LinkConfig::fixed(Duration::from_micros(10)),
            tcp: TcpConfig::default(),
            udp: UdpConfig { receive_buffer_bytes: 212_992 },
            packets_max: 1_000_000,
            sockets_max: 65_536,
            op_cost: Duration::ZERO,
        }
    }
}

impl Default for LinkConfig {
    fn default() -> Self {
        LinkConfig::fixed(Duration::from_millis(1))
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
        }
    }
}

impl LinkConfig {
    /// A link that loses nothing and always takes this long.
    #[must_use]
    pub const fn fixed(latency: Duration) -> Self {
        LinkConfig { latency_min: latency, latency_max: latency, loss: Ratio::NEVER }
    }

    /// # Panics
    /// If the fields contradict each other.
    pub(crate) fn check(&self) {
        let LinkConfig { latency_min, latency_max, .. } = self;
        assert!(
            latency_min <= latency_max,
            "latency_min {latency_min:?} is above latency_max {latency_max:?}"
        );
        assert!(
            latency_max.as_nanos() <= u128::from(u64::MAX),
            "latency_max {latency_max:?} is above 584 years"
        );
    }
}

impl TcpConfig {
    /// # Panics
    /// If a field is out of its bounds.
    fn check(&self) {
        assert!(self.send_buffer_bytes >= 1, "send_buffer_bytes is zero");
        assert!(self.receive_buffer_bytes >= 1, "receive_buffer_bytes is zero");
        assert!(self.mss_bytes >= 1, "mss_bytes is zero");
        assert!(self.segment_bytes_max >= 1, "segment_bytes_max is zero");
        assert!(!self.rto_min.is_zero(), "rto_min is zero");
        assert!(!self.rto_initial.is_zero(), "rto_initial is zero");
        assert!(
            self.rto_min <= self.rto_max,
            "rto_min {:?} is above rto_max {:?}",
            self.rto_min,
            self.rto_max
        );
    }
}

impl NetworkConfig {
    /// # Panics
    /// If a field is out of its bounds.
    pub(crate) fn check(&self) {
        self.link.check();
        self.loopback.check();
        self.tcp.check();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_within_their_bounds() {
        NetworkConfig::default().check();
    }

    #[test]
    #[should_panic(expected = "latency_min 2ms is above latency_max 1ms")]
    fn a_least_latency_above_the_greatest_is_refused() {
        let (latency_min, latency_max) = (Duration::from_millis(2), Duration::from_millis(1));
        LinkConfig { latency_min, latency_max, loss: Ratio::NEVER }.check();
    }
}
