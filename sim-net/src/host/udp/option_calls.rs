//! How the options of datagram sockets are read or set.

use super::options::Options;
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;

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
