//! Addresses of sockets, as C has them.

use std::mem::size_of;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use libc::{sockaddr, sockaddr_in, sockaddr_in6, sockaddr_storage, sockaddr_un, socklen_t};
use sim_net::syscall::Address;

use super::memory::bytes;
use crate::descriptor::Result;

/// Where the path of a Unix socket begins.
const PATH: usize = std::mem::offset_of!(sockaddr_un, sun_path);

/// Reads an address that a program gives.
///
/// # Errors
/// `EINVAL` if it is too short, `EAFNOSUPPORT` if it is of another family.
///
/// # Safety
/// `address` leads to so many bytes.
pub(super) unsafe fn read(address: *const sockaddr, length: socklen_t) -> Result<Address> {
    // SAFETY: so it was promised.
    let given = unsafe { bytes(address.cast(), length as usize) };
    let family = given.first_chunk::<2>().map(|family| i32::from(u16::from_ne_bytes(*family)));
    let needed = match family {
        Some(libc::AF_INET) => size_of::<sockaddr_in>(),
        Some(libc::AF_INET6) => size_of::<sockaddr_in6>(),
        Some(libc::AF_UNIX) => PATH,
        Some(_) => return Err(libc::EAFNOSUPPORT),
        None => return Err(libc::EINVAL),
    };
    if given.len() < needed {
        return Err(libc::EINVAL);
    }
    Ok(match family {
        Some(libc::AF_INET) => {
            // SAFETY: it is long enough, and any bytes are such an address.
            let inet: sockaddr_in = unsafe { given.as_ptr().cast::<sockaddr_in>().read_unaligned() };
            let ip = Ipv4Addr::from(u32::from_be(inet.sin_addr.s_addr));
            Address::Inet(SocketAddrV4::new(ip, u16::from_be(inet.sin_port)).into())
        }
        Some(libc::AF_INET6) => {
            // SAFETY: it is long enough, and any bytes are such an address.
            let inet: sockaddr_in6 = unsafe { given.as_ptr().cast::<sockaddr_in6>().read_unaligned() };
            let ip = Ipv6Addr::from(inet.sin6_addr.s6_addr);
            Address::Inet(SocketAddrV6::new(ip, u16::from_be(inet.sin6_port), 0, 0).into())
        }
        _ => {
            let name = &given[PATH..];
            // A path ends with a zero, if not with its length; an abstract name begins with one.
            let end = match name.first() {
                None | Some(0) => name.len(),
                Some(_) => name.iter().position(|&byte| byte == 0).unwrap_or(name.len()),
            };
            Address::Unix(name[..end].to_vec())
        }
    })
}

/// An address as C has it, and its length.
pub(super) fn encode(address: &Address) -> (sockaddr_storage, socklen_t) {
    // SAFETY: zeroes are such a value.
    let mut storage: sockaddr_storage = unsafe { std::mem::zeroed() };
    let room = (&raw mut storage).cast::<u8>();
    let length = match address {
        Address::Inet(SocketAddr::V4(v4)) => {
            let inet = sockaddr_in {
                sin_family: libc::AF_INET as libc::sa_family_t,
                sin_port: v4.port().to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from(*v4.ip()).to_be() },
                sin_zero: [0; 8],
            };
            // SAFETY: there is room for any address.
            unsafe { room.cast::<sockaddr_in>().write(inet) };
            size_of::<sockaddr_in>()
        }
        Address::Inet(SocketAddr::V6(v6)) => {
            let inet = sockaddr_in6 {
                sin6_family: libc::AF_INET6 as libc::sa_family_t,
                sin6_port: v6.port().to_be(),
                sin6_flowinfo: 0,
                sin6_addr: libc::in6_addr { s6_addr: v6.ip().octets() },
                sin6_scope_id: 0,
            };
            // SAFETY: there is room for any address.
            unsafe { room.cast::<sockaddr_in6>().write(inet) };
            size_of::<sockaddr_in6>()
        }
        Address::Unix(name) => {
            storage.ss_family = libc::AF_UNIX as libc::sa_family_t;
            let name = &name[..name.len().min(size_of::<sockaddr_un>() - PATH)];
            // SAFETY: there is room for any address, of which the path is a part.
            unsafe { room.add(PATH).copy_from_nonoverlapping(name.as_ptr(), name.len()) };
            let is_path = name.first().is_some_and(|&first| first != 0);
            PATH + name.len() + usize::from(is_path)
        }
    };
    (storage, length as socklen_t)
}

/// Writes an address where a program wants it, as far as there is room, with its whole length.
///
/// # Safety
/// Both are null, or `length` leads to the length of the room to which `address` leads.
pub(super) unsafe fn write(of: &Address, address: *mut sockaddr, length: *mut socklen_t) {
    if address.is_null() || length.is_null() {
        return;
    }
    let (storage, whole) = encode(of);
    // SAFETY: so it was promised; no more is written than there is room for.
    unsafe {
        let room = (*length as usize).min(whole as usize);
        address.cast::<u8>().copy_from_nonoverlapping((&raw const storage).cast(), room);
        *length = whole;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let unix = |name: &[u8]| Address::Unix(name.to_vec());
        let inet = |text: &str| Address::Inet(text.parse().unwrap());
        for address in
            [inet("10.0.0.2:80"), inet("[fd00::1]:443"), unix(b"/run/a.sock"), unix(b"\0hidden"), unix(b"")]
        {
            let (storage, length) = encode(&address);
            // SAFETY: the storage is longer than the address.
            let read = unsafe { read((&raw const storage).cast(), length) };
            assert_eq!(read, Ok(address));
        }
    }

    #[test]
    fn what_is_too_short_or_of_another_family_is_refused() {
        let (mut storage, _) = encode(&Address::Inet("10.0.0.2:80".parse().unwrap()));
        // SAFETY: the storage is longer than that.
        let read_of =
            |storage: &sockaddr_storage, length| unsafe { read((&raw const *storage).cast(), length) };
        assert_eq!(read_of(&storage, 15), Err(libc::EINVAL));
        assert_eq!(read_of(&storage, 1), Err(libc::EINVAL));
        storage.ss_family = libc::AF_NETLINK as libc::sa_family_t;
        assert_eq!(read_of(&storage, 16), Err(libc::EAFNOSUPPORT));
    }
}
