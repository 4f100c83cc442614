//! Reading or writing: of descriptors, of sockets.

use std::ffi::{c_int, c_uint, c_void};
use std::io::{IoSlice, IoSliceMut};

use libc::{iovec, mmsghdr, msghdr, off64_t, sockaddr, socklen_t, timespec};

use super::address;
use super::memory::{bytes, bytes_mut, length as give, parts, parts_mut, status};
use super::place::{ask, ask_about, ask_or_stand_in};
use super::symbols;
use crate::calls::Caller;
use crate::descriptor::{FIRST, Result, is_of_machine};
use crate::real::set_errno;

/// # Safety
/// `message` leads to one whose buffers are as [`parts`] asks for.
unsafe fn send_message(
    caller: Caller<'_>,
    descriptor: c_int,
    message: *const msghdr,
    flags: c_int,
) -> Result<usize> {
    // SAFETY: so it was promised.
    let message = unsafe { &*message };
    let to = match message.msg_name.is_null() {
        true => None,
        // SAFETY: so it was promised.
        false => Some(unsafe { address::read(message.msg_name.cast(), message.msg_namelen) }?),
    };
    // SAFETY: so it was promised.
    let data = unsafe { parts(message.msg_iov, message.msg_iovlen) };
    caller.send(descriptor, &data, flags, to.as_ref())
}

/// # Safety
/// `message` leads to one whose buffers are as [`parts_mut`] asks for.
unsafe fn receive_message(
    caller: Caller<'_>,
    descriptor: c_int,
    message: *mut msghdr,
    flags: c_int,
) -> Result<usize> {
    // SAFETY: so it was promised.
    let message = unsafe { &mut *message };
    // SAFETY: so it was promised.
    let mut into = unsafe { parts_mut(message.msg_iov, message.msg_iovlen) };
    let (received, from) = caller.receive(descriptor, &mut into, flags)?;
    (message.msg_controllen, message.msg_flags) = (0, 0);
    match from {
        // SAFETY: so it was promised.
        Some(from) => unsafe {
            address::write(&from, message.msg_name.cast(), &mut message.msg_namelen);
        },
        None => message.msg_namelen = 0,
    }
    Ok(received)
}

/// What is written to the standard output or error of a process.
fn write_out(descriptor: c_int, data: &[IoSlice<'_>]) -> Option<isize> {
    if descriptor != 1 && descriptor != 2 {
        return None;
    }
    ask(|caller| {
        data.iter().for_each(|part| caller.process.write_out(descriptor, part));
        Some(data.iter().map(|part| part.len()).sum::<usize>() as isize)
    })
}

/// A process has nothing on its standard input.
fn read_in(descriptor: c_int) -> Option<isize> {
    if descriptor == 0 { ask(|_| Some(0)) } else { None }
}

/// The kernel does not copy from one descriptor to another, so that the program does.
fn no_copy(one: c_int, other: c_int) -> Option<isize> {
    (one >= FIRST || other >= FIRST).then(|| {
        set_errno(libc::EINVAL);
        -1
    })
}

symbols! {
    /// Reads.
    fn read(descriptor: c_int, buffer: *mut c_void, length: usize) -> isize {
        read_in(descriptor).or_else(|| ask_about(descriptor, |caller| {
            // SAFETY: the caller gives room for so many bytes.
            let room = unsafe { bytes_mut(buffer, length) };
            give(caller.read(descriptor, &mut [IoSliceMut::new(room)]))
        }))
    }

    /// Reads into several buffers.
    fn readv(descriptor: c_int, buffers: *const iovec, count: c_int) -> isize {
        read_in(descriptor).or_else(|| ask_about(descriptor, |caller| {
            // SAFETY: the caller gives so many buffers.
            let mut into = unsafe { parts_mut(buffers, count as usize) };
            give(caller.read(descriptor, &mut into))
        }))
    }

    /// Writes.
    fn write(descriptor: c_int, buffer: *const c_void, length: usize) -> isize {
        if descriptor > 2 && is_of_machine(descriptor) {
            None
        } else {
            // SAFETY: the caller gives so many bytes.
            let data = [IoSlice::new(unsafe { bytes(buffer, length) })];
            write_out(descriptor, &data)
                .or_else(|| {
                    let arguments = [buffer.expose_provenance(), length, 0];
                    ask_or_stand_in(descriptor, libc::SYS_write, arguments, |caller| {
                        give(caller.write(descriptor, &data))
                    })
                })
        }
    }

    /// Writes several buffers.
    fn writev(descriptor: c_int, buffers: *const iovec, count: c_int) -> isize {
        if descriptor > 2 && is_of_machine(descriptor) {
            None
        } else {
            // SAFETY: the caller gives so many buffers.
            let data = unsafe { parts(buffers, count as usize) };
            let is_empty = data.iter().all(|part| part.is_empty());
            write_out(descriptor, &data).or_else(|| {
                ask_about(descriptor, |caller| {
                    // Unlike with `write`, the socket is not asked then.
                    let nothing = || caller.process.file(descriptor).map(|_| 0);
                    give(if is_empty { nothing() } else { caller.write(descriptor, &data) })
                })
            })
        }
    }

    /// Sends to where a socket is connected.
    fn send(descriptor: c_int, buffer: *const c_void, length: usize, flags: c_int) -> isize {
        let arguments = [buffer.expose_provenance(), length, flags as usize];
        ask_or_stand_in(descriptor, libc::SYS_sendto, arguments, |caller| {
            // SAFETY: the caller gives so many bytes.
            let data = [IoSlice::new(unsafe { bytes(buffer, length) })];
            give(caller.send(descriptor, &data, flags, None))
        })
    }

    /// Sends to an address.
    fn sendto(
        descriptor: c_int,
        buffer: *const c_void,
        length: usize,
        flags: c_int,
        to: *const sockaddr,
        to_length: socklen_t,
    ) -> isize {
        ask_about(descriptor, |caller| {
            // SAFETY: the caller gives so many bytes.
            let data = [IoSlice::new(unsafe { bytes(buffer, length) })];
            if to.is_null() {
                return give(caller.send(descriptor, &data, flags, None));
            }
            // SAFETY: the caller gives an address of that length.
            let to = unsafe { address::read(to, to_length) };
            give(to.and_then(|to| caller.send(descriptor, &data, flags, Some(&to))))
        })
    }

    /// Sends a message.
    fn sendmsg(descriptor: c_int, message: *const msghdr, flags: c_int) -> isize {
        // SAFETY: the caller gives a message.
        ask_about(descriptor, |caller| give(unsafe { send_message(caller, descriptor, message, flags) }))
    }

    /// Sends several messages.
    fn sendmmsg(descriptor: c_int, messages: *mut mmsghdr, count: c_uint, flags: c_int) -> c_int {
        ask_about(descriptor, |caller| {
            for place in 0..count as usize {
                // SAFETY: the caller gives so many messages.
                let message = unsafe { &mut *messages.add(place) };
                // SAFETY: the same.
                match unsafe { send_message(caller, descriptor, &message.msg_hdr, flags) } {
                    Ok(sent) => message.msg_len = sent as c_uint,
                    Err(errno) if place == 0 => return status::<c_int>(Err(errno)),
                    Err(_) => return place as c_int,
                }
            }
            count as c_int
        })
    }

    /// Receives.
    fn recv(descriptor: c_int, buffer: *mut c_void, length: usize, flags: c_int) -> isize {
        ask_about(descriptor, |caller| {
            // SAFETY: the caller gives room for so many bytes.
            let room = unsafe { bytes_mut(buffer, length) };
            give(caller.receive(descriptor, &mut [IoSliceMut::new(room)], flags).map(|(bytes, _)| bytes))
        })
    }

    /// Receives, with the address of the sender.
    fn recvfrom(
        descriptor: c_int,
        buffer: *mut c_void,
        length: usize,
        flags: c_int,
        from: *mut sockaddr,
        from_length: *mut socklen_t,
    ) -> isize {
        ask_about(descriptor, |caller| {
            // SAFETY: the caller gives room for so many bytes.
            let room = unsafe { bytes_mut(buffer, length) };
            let received = caller.receive(descriptor, &mut [IoSliceMut::new(room)], flags);
            give(received.map(|(bytes, source)| {
                if let Some(source) = source {
                    // SAFETY: the caller gives room for an address, or null.
                    unsafe { address::write(&source, from, from_length) };
                } else if !from_length.is_null() {
                    // SAFETY: the same.
                    unsafe { *from_length = 0 };
                }
                bytes
            }))
        })
    }

    /// Receives a message.
    fn recvmsg(descriptor: c_int, message: *mut msghdr, flags: c_int) -> isize {
        // SAFETY: the caller gives a message.
        ask_about(descriptor, |caller| give(unsafe { receive_message(caller, descriptor, message, flags) }))
    }

    /// Receives several messages: as many as there are.
    fn recvmmsg(
        descriptor: c_int,
        messages: *mut mmsghdr,
        count: c_uint,
        flags: c_int,
        timeout: *mut timespec,
    ) -> c_int {
        let _ = timeout;
        ask_about(descriptor, |caller| {
            for place in 0..count as usize {
                // SAFETY: the caller gives so many messages.
                let message = unsafe { &mut *messages.add(place) };
                let flags = if place == 0 { flags } else { flags | libc::MSG_DONTWAIT };
                // SAFETY: the same.
                match unsafe { receive_message(caller, descriptor, &mut message.msg_hdr, flags) } {
                    Ok(received) => message.msg_len = received as c_uint,
                    Err(errno) if place == 0 => return status::<c_int>(Err(errno)),
                    Err(_) => return place as c_int,
                }
            }
            count as c_int
        })
    }

    /// Copies from one descriptor to another.
    fn sendfile(to: c_int, from: c_int, offset: *mut libc::off_t, count: usize) -> isize {
        let _ = (offset, count);
        no_copy(to, from)
    }

    /// The same.
    fn sendfile64(to: c_int, from: c_int, offset: *mut off64_t, count: usize) -> isize {
        let _ = (offset, count);
        no_copy(to, from)
    }

    /// The same between pipes.
    fn splice(
        from: c_int,
        from_offset: *mut off64_t,
        to: c_int,
        to_offset: *mut off64_t,
        count: usize,
        flags: c_uint,
    ) -> isize {
        let _ = (from_offset, to_offset, count, flags);
        no_copy(from, to)
    }

    /// The same between files.
    fn copy_file_range(
        from: c_int,
        from_offset: *mut off64_t,
        to: c_int,
        to_offset: *mut off64_t,
        count: usize,
        flags: c_uint,
    ) -> isize {
        let _ = (from_offset, to_offset, count, flags);
        no_copy(from, to)
    }
}
