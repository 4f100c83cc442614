//! Sockets: opening, connecting, their addresses and options.

use std::ffi::{c_int, c_void};
use std::mem::size_of;
use std::time::Duration;

use libc::{sockaddr, socklen_t, timeval};
use sim_net::syscall::{RawSocket, SocketKind, SocketOption};

use super::address;
use super::memory::{bytes, done, status};
use super::place::{ask, ask_about};
use super::symbols;
use crate::calls::Caller;
use crate::descriptor::{Object, Result};

/// What an option is here; `None` for those that are taken without an effect.
fn known(level: c_int, name: c_int) -> Option<SocketOption> {
    Some(match (level, name) {
        (libc::SOL_SOCKET, libc::SO_KEEPALIVE) => SocketOption::KeepAlive,
        (libc::SOL_SOCKET, libc::SO_REUSEADDR) => SocketOption::ReuseAddress,
        (libc::SOL_SOCKET, libc::SO_REUSEPORT) => SocketOption::ReusePort,
        (libc::SOL_SOCKET, libc::SO_SNDBUF) => SocketOption::SendBuffer,
        (libc::SOL_SOCKET, libc::SO_RCVBUF) => SocketOption::ReceiveBuffer,
        (libc::SOL_SOCKET, libc::SO_BROADCAST) => SocketOption::Broadcast,
        (libc::IPPROTO_TCP, libc::TCP_NODELAY) => SocketOption::NoDelay,
        (libc::IPPROTO_TCP, libc::TCP_QUICKACK) => SocketOption::QuickAck,
        (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE) => SocketOption::KeepIdle,
        (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL) => SocketOption::KeepInterval,
        (libc::IPPROTO_TCP, libc::TCP_KEEPCNT) => SocketOption::KeepCount,
        (libc::IPPROTO_IP, libc::IP_TTL) => SocketOption::TimeToLive,
        (libc::IPPROTO_IP, libc::IP_TOS) | (libc::IPPROTO_IPV6, libc::IPV6_TCLASS) => SocketOption::Service,
        (libc::IPPROTO_IP, libc::IP_MULTICAST_LOOP) => SocketOption::MulticastLoop,
        (libc::IPPROTO_IPV6, libc::IPV6_MULTICAST_LOOP) => SocketOption::MulticastLoopV6,
        (libc::IPPROTO_IP, libc::IP_MULTICAST_TTL) => SocketOption::MulticastTtl,
        _ => return None,
    })
}

/// A value of this size at the beginning of a buffer.
fn value<const N: usize>(given: &[u8]) -> Result<[u8; N]> {
    given.first_chunk::<N>().copied().ok_or(libc::EINVAL)
}

/// A length of time as `timeval` has it.
fn time_of(given: &[u8]) -> Result<u64> {
    let given: [u8; size_of::<timeval>()] = value(given)?;
    let (seconds, micros) = given.split_at(size_of::<timeval>() / 2);
    let seconds = i64::from_ne_bytes(value(seconds)?);
    let micros = i64::from_ne_bytes(value(micros)?);
    let seconds = u64::try_from(seconds).map_err(|_| libc::EDOM)?;
    let micros = u64::try_from(micros).ok().filter(|&micros| micros < 1_000_000).ok_or(libc::EDOM)?;
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(micros * 1_000))
}

fn set(caller: Caller<'_>, descriptor: c_int, (level, name): (c_int, c_int), given: &[u8]) -> Result<()> {
    if level == libc::SOL_UDP {
        // Segmentation offload, which the network does not have: who asks for it must not use it.
        return Err(libc::ENOPROTOOPT);
    }
    let file = caller.process.file(descriptor)?;
    let Object::Socket(socket) = &file.object else { return Err(libc::ENOTSOCK) };
    if level == libc::IPPROTO_IPV6 && domain_of(socket) != libc::AF_INET6 {
        return Err(libc::ENOPROTOOPT);
    }
    match (level, name) {
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO | libc::SO_SNDTIMEO) => {
            let mut timeouts = file.timeouts.get();
            timeouts[usize::from(name == libc::SO_SNDTIMEO)] = time_of(given)?;
            file.timeouts.set(timeouts);
        }
        (libc::SOL_SOCKET, libc::SO_LINGER) => {
            let (on, seconds) = (value::<4>(given)?, value::<4>(given.get(4..).unwrap_or_default())?);
            let (on, seconds) = (i32::from_ne_bytes(on), u32::from_ne_bytes(seconds));
            socket.set_linger((on != 0).then(|| Duration::from_secs(seconds.into())));
        }
        (libc::IPPROTO_IP, libc::IP_ADD_MEMBERSHIP | libc::IP_DROP_MEMBERSHIP) => {
            let (group, interface) = (value::<4>(given)?, value::<4>(given.get(4..).unwrap_or_default())?);
            socket.set_member(group.into(), interface.into(), name == libc::IP_ADD_MEMBERSHIP)?;
        }
        (libc::IPPROTO_IPV6, libc::IPV6_ADD_MEMBERSHIP | libc::IPV6_DROP_MEMBERSHIP) => {
            let (group, interface) = (value::<16>(given)?, value::<4>(given.get(16..).unwrap_or_default())?);
            let interface = u32::from_ne_bytes(interface);
            socket.set_member_v6(group.into(), interface, name == libc::IPV6_ADD_MEMBERSHIP)?;
        }
        _ => {
            let number = match given.len() {
                // As Linux takes options of IP.
                1..4 => u32::from(given[0]),
                _ => u32::from_ne_bytes(value(given)?),
            };
            if let Some(option) = known(level, name) {
                socket.set_option(option, number)?;
            }
        }
    }
    Ok(())
}

/// What an option is, as bytes.
fn get(caller: Caller<'_>, descriptor: c_int, (level, name): (c_int, c_int)) -> Result<Vec<u8>> {
    if level == libc::SOL_UDP {
        return Err(libc::ENOPROTOOPT);
    }
    let file = caller.process.file(descriptor)?;
    let Object::Socket(socket) = &file.object else { return Err(libc::ENOTSOCK) };
    if level == libc::IPPROTO_IPV6 && domain_of(socket) != libc::AF_INET6 {
        return Err(libc::EOPNOTSUPP);
    }
    let number = |number: c_int| Ok(number.to_ne_bytes().to_vec());
    match (level, name) {
        (libc::SOL_SOCKET, libc::SO_ERROR) => number(socket.take_error()),
        (libc::SOL_SOCKET, libc::SO_TYPE) => number(match socket.kind() {
            SocketKind::Tcp { .. } | SocketKind::UnixStream => libc::SOCK_STREAM,
            SocketKind::Udp { .. } | SocketKind::UnixDatagrams => libc::SOCK_DGRAM,
        }),
        (libc::SOL_SOCKET, libc::SO_DOMAIN) => number(domain_of(socket)),
        (libc::SOL_SOCKET, libc::SO_PROTOCOL) => number(match socket.kind() {
            SocketKind::Tcp { .. } => libc::IPPROTO_TCP,
            SocketKind::Udp { .. } => libc::IPPROTO_UDP,
            SocketKind::UnixStream | SocketKind::UnixDatagrams => 0,
        }),
        (libc::SOL_SOCKET, libc::SO_ACCEPTCONN) => number(socket.listens().into()),
        (libc::SOL_SOCKET, libc::SO_PEERCRED) => {
            let ids = [caller.process.id(), 0, 0];
            Ok(ids.iter().flat_map(|id| id.to_ne_bytes()).collect())
        }
        (libc::SOL_SOCKET, libc::SO_RCVTIMEO | libc::SO_SNDTIMEO) => {
            let nanos = file.timeouts.get()[usize::from(name == libc::SO_SNDTIMEO)];
            let parts = [nanos / 1_000_000_000, nanos % 1_000_000_000 / 1_000];
            Ok(parts.iter().flat_map(|part| part.to_ne_bytes()).collect())
        }
        (libc::SOL_SOCKET, libc::SO_LINGER) => {
            let linger = socket.linger();
            let parts = [u32::from(linger.is_some()), linger.map_or(0, |linger| linger.as_secs() as u32)];
            Ok(parts.iter().flat_map(|part| part.to_ne_bytes()).collect())
        }
        // Twice what was set, as Linux tells it.
        (libc::SOL_SOCKET, libc::SO_RCVBUF | libc::SO_SNDBUF) => {
            let option = known(level, name).map_or(0, |option| socket.option(option));
            number(c_int::try_from(option.max(65_536).saturating_mul(2)).unwrap_or(c_int::MAX))
        }
        _ => number(known(level, name).map_or(0, |option| socket.option(option)) as c_int),
    }
}

fn domain_of(socket: &RawSocket) -> c_int {
    match socket.kind() {
        SocketKind::Tcp { is_v6 } | SocketKind::Udp { is_v6 } if is_v6 => libc::AF_INET6,
        SocketKind::Tcp { .. } | SocketKind::Udp { .. } => libc::AF_INET,
        SocketKind::UnixStream | SocketKind::UnixDatagrams => libc::AF_UNIX,
    }
}

/// # Safety
/// `address` and `length` are as the call asks for.
unsafe fn accept_as(
    descriptor: c_int,
    address: *mut sockaddr,
    length: *mut socklen_t,
    flags: c_int,
) -> Option<c_int> {
    ask_about(descriptor, |caller| {
        status(caller.accept(descriptor, flags).map(|(accepted, peer)| {
            // SAFETY: so it was promised.
            unsafe { address::write(&peer, address, length) };
            accepted
        }))
    })
}

symbols! {
    /// Opens a socket.
    fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
        ask(|caller| Some(status(caller.socket(domain, kind, protocol))))
    }

    /// Gives a socket an address.
    fn bind(descriptor: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
        ask_about(descriptor, |caller| {
            // SAFETY: the caller gives an address of that length.
            let address = unsafe { address::read(address, length) };
            done(address.and_then(|address| caller.with_socket(descriptor, |socket| socket.bind(&address))))
        })
    }

    /// Waits for connections.
    fn listen(descriptor: c_int, backlog: c_int) -> c_int {
        ask_about(descriptor, |caller| done(caller.listen(descriptor, backlog)))
    }

    /// Takes a connection.
    fn accept(descriptor: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
        // SAFETY: the caller gives room for an address, or null.
        unsafe { accept_as(descriptor, address, length, 0) }
    }

    /// The same with flags.
    fn accept4(descriptor: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int {
        // SAFETY: the caller gives room for an address, or null.
        unsafe { accept_as(descriptor, address, length, flags) }
    }

    /// Connects.
    fn connect(descriptor: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
        ask_about(descriptor, |caller| {
            // SAFETY: the caller gives an address of that length.
            let address = unsafe { address::read(address, length) };
            done(address.and_then(|address| caller.connect(descriptor, &address)))
        })
    }

    /// Closes halves of a connection.
    fn shutdown(descriptor: c_int, how: c_int) -> c_int {
        ask_about(descriptor, |caller| {
            let (reading, writing) = (how != libc::SHUT_WR, how != libc::SHUT_RD);
            done(caller.with_socket(descriptor, |socket| socket.shut_down(reading, writing)))
        })
    }

    /// The address of a socket.
    fn getsockname(descriptor: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
        ask_about(descriptor, |caller| {
            let own = caller.with_socket(descriptor, |socket| Ok(socket.local_address()));
            // SAFETY: the caller gives room for an address.
            done(own.map(|own| unsafe { address::write(&own, address, length) }))
        })
    }

    /// The address that a socket is connected to.
    fn getpeername(descriptor: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int {
        ask_about(descriptor, |caller| {
            let peer = caller.with_socket(descriptor, RawSocket::peer_address);
            // SAFETY: the caller gives room for an address.
            done(peer.map(|peer| unsafe { address::write(&peer, address, length) }))
        })
    }

    /// Sets an option.
    fn setsockopt(
        descriptor: c_int,
        level: c_int,
        name: c_int,
        given: *const c_void,
        length: socklen_t,
    ) -> c_int {
        // SAFETY: the caller gives a value of that length.
        ask_about(descriptor, |caller| done(set(caller, descriptor, (level, name), unsafe {
            bytes(given, length as usize)
        })))
    }

    /// Tells an option.
    fn getsockopt(
        descriptor: c_int,
        level: c_int,
        name: c_int,
        room: *mut c_void,
        length: *mut socklen_t,
    ) -> c_int {
        ask_about(descriptor, |caller| done(get(caller, descriptor, (level, name)).map(|found| {
            // SAFETY: the caller gives room for a value, and its length.
            unsafe {
                let written = found.len().min(*length as usize);
                room.cast::<u8>().copy_from_nonoverlapping(found.as_ptr(), written);
                *length = written as socklen_t;
            }
        })))
    }
}
