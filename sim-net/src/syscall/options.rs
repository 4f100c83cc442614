//! The options of sockets that have an effect, or are at least remembered.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use super::opened::Opened;
use super::{EINVAL, RawSocket, Result};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::{Fresh, Kernel, Shape};
use crate::network::Descriptor;
use crate::tcp::TcpKeepalive;

/// An option with a number as its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOption {
    /// `TCP_NODELAY`
    NoDelay,
    /// `TCP_QUICKACK`
    QuickAck,
    /// `SO_KEEPALIVE`
    KeepAlive,
    /// `TCP_KEEPIDLE`, in seconds.
    KeepIdle,
    /// `TCP_KEEPINTVL`, in seconds.
    KeepInterval,
    /// `TCP_KEEPCNT`
    KeepCount,
    /// `SO_REUSEADDR`
    ReuseAddress,
    /// `SO_REUSEPORT`
    ReusePort,
    /// `SO_SNDBUF`, as it is set: half of what is told.
    SendBuffer,
    /// `SO_RCVBUF`, as it is set: half of what is told.
    ReceiveBuffer,
    /// `IP_TTL`
    TimeToLive,
    /// `SO_BROADCAST`
    Broadcast,
    /// `IP_MULTICAST_LOOP`
    MulticastLoop,
    /// `IPV6_MULTICAST_LOOP`
    MulticastLoopV6,
    /// `IP_MULTICAST_TTL`
    MulticastTtl,
    /// `IP_TOS`, or `IPV6_TCLASS`.
    Service,
}

impl RawSocket {
    /// Sets an option. One that a socket of this kind does not have is taken without an effect, as those are that only change
    /// how fast a real kernel is.
    ///
    /// # Errors
    /// `EINVAL` if the value is out of its bounds.
    pub fn set_option(&self, option: SocketOption, value: u32) -> Result<()> {
        let value = match (option, value) {
            // -1 is the default.
            (SocketOption::TimeToLive, u32::MAX) => 64,
            (SocketOption::MulticastTtl, u32::MAX) => 1,
            (SocketOption::TimeToLive, 0 | 256..) | (SocketOption::MulticastTtl, 256..) => {
                return Err(EINVAL);
            }
            _ => value,
        };
        match &mut *self.opened.borrow_mut() {
            Opened::NotYet(options) => {
                options.push((option, value));
                Ok(())
            }
            Opened::At(descriptor) => {
                let set = descriptor.with(|kernel, socket| match kernel.shape(socket) {
                    Shape::Fresh => {
                        set_fresh(kernel.tcp_fresh(socket), option, value);
                        Ok(())
                    }
                    Shape::Stream => set_stream(kernel, socket, option, value),
                    Shape::Datagrams => set_datagrams(kernel, socket, option, value),
                    Shape::Listener | Shape::Unix | Shape::Gone => Ok(()),
                });
                set.map_err(Errno::number)
            }
        }
    }

    /// What an option was set to; zero if a socket of this kind does not have it.
    #[must_use]
    pub fn option(&self, option: SocketOption) -> u32 {
        match &*self.opened.borrow() {
            Opened::NotYet(options) => {
                options.iter().rev().find(|(set, _)| *set == option).map_or(0, |(_, value)| *value)
            }
            Opened::At(descriptor) => descriptor.with(|kernel, socket| match kernel.shape(socket) {
                Shape::Fresh => fresh_option(kernel.tcp_fresh(socket), option),
                Shape::Stream => stream_option(kernel, socket, option),
                Shape::Datagrams => datagrams_option(kernel, socket, option),
                Shape::Listener | Shape::Unix | Shape::Gone => 0,
            }),
        }
    }

    /// Sets how long closing lingers (`SO_LINGER`).
    pub fn set_linger(&self, linger: Option<Duration>) {
        self.with_stream(|kernel, socket| match kernel.shape(socket) {
            Shape::Fresh => kernel.tcp_fresh(socket).settings.options.linger = linger,
            Shape::Stream => kernel.tcp_set_linger(socket, linger),
            _ => {}
        });
    }

    /// How long closing lingers.
    #[must_use]
    pub fn linger(&self) -> Option<Duration> {
        let linger = self.with_stream(|kernel, socket| match kernel.shape(socket) {
            Shape::Fresh => kernel.tcp_fresh(socket).settings.options.linger,
            Shape::Stream => kernel.connection(socket).linger(),
            _ => None,
        });
        linger.flatten()
    }

    /// What nobody was told yet (`SO_ERROR`); zero is nothing.
    #[must_use]
    pub fn take_error(&self) -> i32 {
        let errno = self.with_stream(|kernel, socket| match kernel.shape(socket) {
            Shape::Stream => kernel.connection(socket).take_error(),
            Shape::Datagrams => kernel.udp_take_error(socket),
            Shape::Unix => kernel.unix_take_error(socket),
            Shape::Fresh | Shape::Listener | Shape::Gone => None,
        });
        errno.flatten().map_or(0, Errno::number)
    }

    /// Joins a group of IPv4, or leaves it.
    ///
    /// # Errors
    /// As `IP_ADD_MEMBERSHIP` has it.
    pub fn set_member(&self, group: Ipv4Addr, interface: Ipv4Addr, is_member: bool) -> Result<()> {
        if self.shape() != Shape::Datagrams {
            return Err(EINVAL);
        }
        self.call(|kernel, socket| match is_member {
            true => kernel.udp_join_v4(socket, group, interface),
            false => kernel.udp_leave_v4(socket, group, interface),
        })
    }

    /// Joins a group of IPv6 at the interface of this number, or leaves it.
    ///
    /// # Errors
    /// As `IPV6_ADD_MEMBERSHIP` has it.
    pub fn set_member_v6(&self, group: Ipv6Addr, interface: u32, is_member: bool) -> Result<()> {
        if self.shape() != Shape::Datagrams {
            return Err(EINVAL);
        }
        self.call(|kernel, socket| match is_member {
            true => kernel.udp_join_v6(socket, group, interface),
            false => kernel.udp_leave_v6(socket, group, interface),
        })
    }

    /// Whether it listens (`SO_ACCEPTCONN`).
    #[must_use]
    pub fn listens(&self) -> bool {
        self.shape() == Shape::Listener
    }

    fn with_stream<R>(&self, call: impl FnOnce(&mut Kernel<'_>, SocketId) -> R) -> Option<R> {
        match &*self.opened.borrow() {
            Opened::At(descriptor) => Some(Descriptor::with(descriptor, call)),
            Opened::NotYet(_) => None,
        }
    }
}

fn set_fresh(fresh: &mut Fresh, option: SocketOption, value: u32) {
    let settings = &mut fresh.settings;
    match option {
        SocketOption::NoDelay => settings.options.nodelay = value != 0,
        SocketOption::KeepAlive => settings.options.keepalive = value != 0,
        SocketOption::ReuseAddress => settings.sharing.address = value != 0,
        SocketOption::ReusePort => settings.sharing.port = value != 0,
        SocketOption::SendBuffer => settings.options.send_buffer_bytes = value.clamp(2_304, 212_992),
        SocketOption::ReceiveBuffer => settings.options.receive_buffer_bytes = value.clamp(1_152, 212_992),
        SocketOption::TimeToLive => settings.ttl = u8::try_from(value).unwrap_or(settings.ttl),
        SocketOption::Service => fresh.service = value,
        _ => {}
    }
}

fn fresh_option(fresh: &Fresh, option: SocketOption) -> u32 {
    let settings = &fresh.settings;
    match option {
        SocketOption::NoDelay => settings.options.nodelay.into(),
        SocketOption::KeepAlive => settings.options.keepalive.into(),
        SocketOption::ReuseAddress => settings.sharing.address.into(),
        SocketOption::ReusePort => settings.sharing.port.into(),
        SocketOption::SendBuffer => settings.options.send_buffer_bytes,
        SocketOption::ReceiveBuffer => settings.options.receive_buffer_bytes,
        SocketOption::TimeToLive => settings.ttl.into(),
        SocketOption::Service => fresh.service,
        _ => 0,
    }
}

fn set_stream(
    kernel: &mut Kernel<'_>,
    socket: SocketId,
    option: SocketOption,
    value: u32,
) -> std::result::Result<(), Errno> {
    let seconds = Duration::from_secs(value.into());
    match option {
        SocketOption::NoDelay => kernel.tcp_set_nodelay(socket, value != 0),
        SocketOption::QuickAck => kernel.tcp_set_quick(socket, value != 0),
        SocketOption::KeepAlive => kernel.tcp_set_keepalive(socket, value != 0),
        SocketOption::TimeToLive => return kernel.tcp_set_ttl(socket, value),
        SocketOption::KeepIdle | SocketOption::KeepInterval | SocketOption::KeepCount => {
            let mut times: TcpKeepalive = kernel.connection(socket).keepalive_times();
            match option {
                SocketOption::KeepIdle => times.idle = seconds,
                SocketOption::KeepInterval => times.interval = seconds,
                _ => times.count = value,
            }
            if times.check().is_err() {
                return Err(Errno::InvalidInput);
            }
            kernel.tcp_set_keepalive_times(socket, times);
        }
        _ => {}
    }
    Ok(())
}

fn stream_option(kernel: &mut Kernel<'_>, socket: SocketId, option: SocketOption) -> u32 {
    let ttl = kernel.tcp_ttl(socket);
    let connection = kernel.connection(socket);
    let times = connection.keepalive_times();
    match option {
        SocketOption::NoDelay => connection.nodelay().into(),
        SocketOption::QuickAck => connection.is_quick().into(),
        SocketOption::KeepAlive => connection.keepalive().into(),
        SocketOption::KeepIdle => times.idle.as_secs() as u32,
        SocketOption::KeepInterval => times.interval.as_secs() as u32,
        SocketOption::KeepCount => times.count,
        SocketOption::TimeToLive => ttl.into(),
        _ => 0,
    }
}

fn set_datagrams(
    kernel: &mut Kernel<'_>,
    socket: SocketId,
    option: SocketOption,
    value: u32,
) -> std::result::Result<(), Errno> {
    let byte = u8::try_from(value);
    kernel.udp_set(socket, |options| match option {
        SocketOption::Broadcast => options.broadcast = value != 0,
        SocketOption::MulticastLoop => options.multicast_loop_v4 = value != 0,
        SocketOption::MulticastLoopV6 => options.multicast_loop_v6 = value != 0,
        SocketOption::MulticastTtl => options.multicast_ttl_v4 = byte.unwrap_or(options.multicast_ttl_v4),
        SocketOption::TimeToLive => options.ttl = byte.unwrap_or(options.ttl),
        SocketOption::Service => options.tos_v4 = value as u8,
        _ => {}
    });
    Ok(())
}

fn datagrams_option(kernel: &mut Kernel<'_>, socket: SocketId, option: SocketOption) -> u32 {
    let options = kernel.udp_options(socket);
    match option {
        SocketOption::Broadcast => options.broadcast.into(),
        SocketOption::MulticastLoop => options.multicast_loop_v4.into(),
        SocketOption::MulticastLoopV6 => options.multicast_loop_v6.into(),
        SocketOption::MulticastTtl => options.multicast_ttl_v4.into(),
        SocketOption::TimeToLive => options.ttl.into(),
        SocketOption::Service => options.tos_v4.into(),
        _ => 0,
    }
}
