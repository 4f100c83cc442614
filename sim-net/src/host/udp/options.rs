//! The options of datagram sockets.

use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;

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

impl Kernel<'_> {
    /// What the socket was told.
    pub(crate) fn udp_options(&mut self, socket: SocketId) -> Options {
        self.host.sockets.datagrams(socket).options
    }

    /// Tells the socket something.
    pub(crate) fn udp_set(&mut self, socket: SocketId, set: impl FnOnce(&mut Options)) {
        let datagrams = self.host.sockets.datagrams(socket);
        set(&mut datagrams.options);
        // Whether a broadcast is allowed was looked at when the way was looked for.
        datagrams.forget_ways();
    }

    /// As [`Kernel::udp_options`], for an option of IPv6 alone.
    ///
    /// # Errors
    /// `Unsupported` if the socket is one of IPv4.
    pub(crate) fn udp_options_v6(&mut self, socket: SocketId) -> Result<Options, Errno> {
        let datagrams = self.host.sockets.datagrams(socket);
        if datagrams.is_v6 { Ok(datagrams.options) } else { Err(Errno::NotSupported) }
    }

    /// As [`Kernel::udp_set`], for an option of IPv6 alone.
    ///
    /// # Errors
    /// `ENOPROTOOPT` if the socket is one of IPv4.
    pub(crate) fn udp_set_v6(
        &mut self,
        socket: SocketId,
        set: impl FnOnce(&mut Options),
    ) -> Result<(), Errno> {
        if !self.host.sockets.datagrams(socket).is_v6 {
            return Err(Errno::NoSuchOption);
        }
        self.udp_set(socket, set);
        Ok(())
    }
}
