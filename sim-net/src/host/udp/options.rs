//! The options of datagram sockets.

/// What a datagram socket was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// `SO_BROADCAST`
    pub(crate) broadcast: bool,
    /// `IP_MULTICAST_LOOP`: whether what the host sends to a group comes to itself.
    pub(crate) multicast_loop_v4: bool,
    pub(crate) multicast_loop_v6: bool,
    /// `IP_MULTICAST_TTL`; with zero nothing leaves the host.
    pub(crate) multicast_ttl_v4: u8,
    /// `IP_TTL`. All hosts are neighbours, so that it is remembered only.
    pub(crate) ttl: u8,
    /// `IP_TOS`, which is remembered only.
    pub(crate) tos_v4: u8,
    /// `IPV6_TCLASS`, which is remembered only.
    pub(crate) tclass_v6: u8,
    /// Whether a datagram that is longer than a packet may be is sent in several (`IP_MTU_DISCOVER`).
    pub(crate) may_fragment: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            broadcast: false,
            multicast_loop_v4: true,
            multicast_loop_v6: true,
            multicast_ttl_v4: 1,
            ttl: 64,
            tos_v4: 0,
            tclass_v6: 0,
            may_fragment: true,
        }
    }
}
