//! Names of hosts.

use std::ffi::{c_char, c_int};
use std::mem::size_of;
use std::net::SocketAddr;

use libc::{addrinfo, sockaddr_storage};
use sim_net::syscall::Address;

use super::address::encode;
use super::memory::text;
use super::place::ask;
use super::symbols;
use crate::calls::{Found, Wanted};
use crate::real::set_errno;

/// A bit of the flags in what this crate has made, which glibc does not know.
const OURS: c_int = 1 << 30;

/// One address of an answer, with the memory for it.
#[repr(C)]
struct Answer {
    info: addrinfo,
    address: sockaddr_storage,
}

/// The kinds of sockets that an answer is for, with their protocols.
const KINDS: [(c_int, c_int); 2] =
    [(libc::SOCK_STREAM, libc::IPPROTO_TCP), (libc::SOCK_DGRAM, libc::IPPROTO_UDP)];

/// A list as C has it: one entry for each address and kind of socket.
fn list(found: &Found, kind: c_int) -> *mut addrinfo {
    let mut next = std::ptr::null_mut();
    let kinds = KINDS.iter().filter(|(of, _)| kind == 0 || kind == *of);
    let all = found.addresses.iter().flat_map(|ip| kinds.clone().map(move |kind| (ip, kind)));
    let all: Vec<_> = all.collect();
    for (ip, (kind, protocol)) in all.into_iter().rev() {
        let (address, length) = encode(&Address::Inet(SocketAddr::new(*ip, found.port)));
        let info = addrinfo {
            ai_flags: OURS,
            ai_family: address.ss_family.into(),
            ai_socktype: *kind,
            ai_protocol: *protocol,
            ai_addrlen: length,
            ai_addr: std::ptr::null_mut(),
            ai_canonname: std::ptr::null_mut(),
            ai_next: next,
        };
        let answer = Box::into_raw(Box::new(Answer { info, address }));
        // SAFETY: it was just made, and nobody else knows it.
        unsafe {
            (*answer).info.ai_addr = (&raw mut (*answer).address).cast();
        }
        next = answer.cast();
    }
    next
}

symbols! {
    /// Looks a name up in the resolver of the run.
    fn getaddrinfo(
        node: *const c_char,
        service: *const c_char,
        hints: *const addrinfo,
        result: *mut *mut addrinfo,
    ) -> c_int {
        ask(|caller| {
            // SAFETY: the caller gives hints, or null.
            let (family, kind, flags) = match unsafe { hints.as_ref() } {
                Some(hints) => (hints.ai_family, hints.ai_socktype, hints.ai_flags),
                None => (libc::AF_UNSPEC, 0, 0),
            };
            // SAFETY: the caller gives texts, or null.
            let (name, service) = unsafe { (text(node), text(service)) };
            match caller.look_up(&Wanted { name, service, family, flags }) {
                Ok(found) => {
                    // SAFETY: the caller gives room for the result.
                    unsafe { *result = list(&found, kind) };
                    Some(0)
                }
                Err(error) => Some(error),
            }
        })
    }

    /// The name of the host: that of the node.
    fn gethostname(room: *mut c_char, length: usize) -> c_int {
        ask(|caller| {
            let name = caller.process.name.as_bytes();
            if name.len() >= length {
                set_errno(libc::ENAMETOOLONG);
                return Some(-1);
            }
            // SAFETY: the caller gives so much room.
            unsafe {
                room.cast::<u8>().copy_from_nonoverlapping(name.as_ptr(), name.len());
                *room.add(name.len()) = 0;
            }
            Some(0)
        })
    }
}

/// Gives back what `getaddrinfo` has given, be it after the run.
// SAFETY: the name and the type are those of the C library's function.
#[unsafe(no_mangle)]
unsafe extern "C" fn freeaddrinfo(list: *mut addrinfo) {
    type Real = unsafe extern "C" fn(*mut addrinfo);
    static REAL: std::sync::atomic::AtomicPtr<std::ffi::c_void> =
        std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
    const _: () = assert!(size_of::<Answer>() > size_of::<addrinfo>());
    // SAFETY: the caller gives what `getaddrinfo` has given.
    if unsafe { list.as_ref() }.is_none_or(|first| first.ai_flags & OURS == 0) {
        // SAFETY: the type is that of this function, and the list is the real library's.
        return unsafe {
            std::mem::transmute::<*mut std::ffi::c_void, Real>(crate::real::next(&REAL, c"freeaddrinfo"))(
                list,
            );
        };
    }
    let mut next = list;
    while !next.is_null() {
        // SAFETY: each entry of such a list is an `Answer` that was a `Box`, and is given back once.
        let answer = unsafe { Box::from_raw(next.cast::<Answer>()) };
        next = answer.info.ai_next;
    }
}
