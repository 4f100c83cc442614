//! The options of a UDP socket.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::UdpSocket;
use crate::host::DatagramOptions;

impl UdpSocket {
    /// Whether broadcasts may be sent (`SO_BROADCAST`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn broadcast(&self) -> io::Result<bool> {
        Ok(self.options().broadcast)
    }

    /// Sets whether broadcasts may be sent: to 255.255.255.255 or 10.255.255.255, which is to all hosts, or to 127.255.255.255,
    /// which is to the host itself. Default: no.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_broadcast(&self, on: bool) -> io::Result<()> {
        self.set(|options| options.broadcast = on);
        Ok(())
    }

    /// Whether what the host sends to a group comes to itself, if it has joined it (`IP_MULTICAST_LOOP`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn multicast_loop_v4(&self) -> io::Result<bool> {
        Ok(self.options().multicast_loop_v4)
    }

    /// Sets whether what the host sends to a group comes to itself, if it has joined it. Default: yes.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_multicast_loop_v4(&self, on: bool) -> io::Result<()> {
        self.set(|options| options.multicast_loop_v4 = on);
        Ok(())
    }

    /// How many hops a datagram to a group goes at most (`IP_MULTICAST_TTL`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn multicast_ttl_v4(&self) -> io::Result<u32> {
        Ok(self.options().multicast_ttl_v4.into())
    }

    /// Sets how many hops a datagram to a group goes at most. With 0 it stays on the host; with more it comes to every host,
    /// since all are neighbours. Default: 1.
    ///
    /// # Errors
    /// `InvalidInput` if it is above 255.
    pub fn set_multicast_ttl_v4(&self, ttl: u32) -> io::Result<()> {
        let ttl = u8::try_from(ttl).map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.set(|options| options.multicast_ttl_v4 = ttl);
        Ok(())
    }

    /// [`UdpSocket::multicast_loop_v4`] for groups of IPv6.
    ///
    /// # Errors
    /// `Unsupported` if the socket is one of IPv4.
    pub fn multicast_loop_v6(&self) -> io::Result<bool> {
        Ok(self.options_v6()?.multicast_loop_v6)
    }

    /// [`UdpSocket::set_multicast_loop_v4`] for groups of IPv6.
    ///
    /// # Errors
    /// `ENOPROTOOPT` if the socket is one of IPv4.
    pub fn set_multicast_loop_v6(&self, on: bool) -> io::Result<()> {
        self.set_v6(|options| options.multicast_loop_v6 = on)
    }

    /// How many hops a datagram goes at most (`IP_TTL`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(self.options().ttl.into())
    }

    /// Sets how many hops a datagram goes at most; it is remembered only, since all hosts are neighbours. Default: 64.
    ///
    /// # Errors
    /// `InvalidInput` if it is 0 or above 255.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        let ttl = u8::try_from(ttl).ok().filter(|&ttl| ttl > 0);
        let ttl = ttl.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        self.set(|options| options.ttl = ttl);
        Ok(())
    }

    /// The type of service (`IP_TOS`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn tos_v4(&self) -> io::Result<u32> {
        Ok(self.options().tos_v4.into())
    }

    /// Sets the type of service, of which the lowest eight bits count; it is remembered only.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_tos_v4(&self, tos: u32) -> io::Result<()> {
        self.set(|options| options.tos_v4 = tos as u8);
        Ok(())
    }

    /// The traffic class (`IPV6_TCLASS`).
    ///
    /// # Errors
    /// `Unsupported` if the socket is one of IPv4.
    pub fn tclass_v6(&self) -> io::Result<u32> {
        Ok(self.options_v6()?.tclass_v6.into())
    }

    /// Sets the traffic class; it is remembered only.
    ///
    /// # Errors
    /// `ENOPROTOOPT` if the socket is one of IPv4, `InvalidInput` if it is above 255.
    pub fn set_tclass_v6(&self, tclass: u32) -> io::Result<()> {
        let tclass = u8::try_from(tclass);
        self.set_v6(|options| options.tclass_v6 = tclass.unwrap_or(options.tclass_v6))?;
        tclass.map(drop).map_err(|_| io::ErrorKind::InvalidInput.into())
    }

    /// Whether a datagram that is longer than a packet may be is sent in several.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn may_fragment(&self) -> io::Result<bool> {
        Ok(self.options().may_fragment)
    }

    /// Sets whether a datagram that is longer than a packet may be ([`LinkConfig::mtu_bytes`](crate::LinkConfig::mtu_bytes)) is
    /// sent in several, of which none may be lost; else it is refused with `EMSGSIZE`. Default: yes. tokio leaves this to the
    /// option `IP_MTU_DISCOVER`.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_may_fragment(&self, on: bool) -> io::Result<()> {
        self.set(|options| options.may_fragment = on);
        Ok(())
    }

    /// Has the host take what is sent to a group, through an interface: that with the unspecified address or one of the host,
    /// or with a loopback address that of the loopback. As in Linux, every socket of the host gets it that is at the port and
    /// at all addresses or at that of the group.
    ///
    /// ```
    /// use sim_executor::{Executor, Node, ProductionOrder};
    /// use sim_net::UdpSocket;
    /// use std::net::Ipv4Addr;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// executor.block_on(async {
    ///     let group = Ipv4Addr::new(239, 1, 2, 3);
    ///     let member = Node::named("member").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
    ///     member.join_multicast_v4(group, Ipv4Addr::UNSPECIFIED).unwrap();
    ///     let sender = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    ///     sender.send_to(b"all", (group, 7)).await.unwrap();
    ///     assert_eq!(member.recv(&mut [0; 9]).await.unwrap(), 3);
    /// }).unwrap();
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` if it is no group, `ENODEV` if the host does not have the interface, `AddrInUse` if the socket has
    /// joined it there.
    pub fn join_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_join_v4(socket, multiaddr, interface))
    }

    /// [`UdpSocket::join_multicast_v4`] for a group of IPv6. The interface has a number: 1 is the loopback, 0 and 2 are that
    /// to all others. What is sent to the group goes through the loopback if the address has the scope 1.
    ///
    /// # Errors
    /// As there, and `ENOPROTOOPT` if the socket is one of IPv4.
    pub fn join_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_join_v6(socket, *multiaddr, interface))
    }

    /// Undoes [`UdpSocket::join_multicast_v4`], as closing the socket does.
    ///
    /// # Errors
    /// `AddrNotAvailable` if the socket has not joined it there.
    pub fn leave_multicast_v4(&self, multiaddr: Ipv4Addr, interface: Ipv4Addr) -> io::Result<()> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_leave_v4(socket, multiaddr, interface))
    }

    /// Undoes [`UdpSocket::join_multicast_v6`], as closing the socket does. The interface 0 is any.
    ///
    /// # Errors
    /// `AddrNotAvailable` if the socket has not joined it, `InvalidInput` if it is no group, `ENOPROTOOPT` if the socket is one
    /// of IPv4.
    pub fn leave_multicast_v6(&self, multiaddr: &Ipv6Addr, interface: u32) -> io::Result<()> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_leave_v6(socket, *multiaddr, interface))
    }

    fn options(&self) -> DatagramOptions {
        self.descriptor.with(|kernel, socket| kernel.udp_options(socket))
    }

    fn options_v6(&self) -> io::Result<DatagramOptions> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_options_v6(socket))
    }

    fn set(&self, set: impl FnOnce(&mut DatagramOptions)) {
        self.descriptor.with(|kernel, socket| kernel.udp_set(socket, set));
    }

    fn set_v6(&self, set: impl FnOnce(&mut DatagramOptions)) -> io::Result<()> {
        self.descriptor.try_now(|kernel, socket| kernel.udp_set_v6(socket, set))
    }
}
