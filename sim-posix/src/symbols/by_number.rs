//! System calls that a C function answers which means the same: for who calls the kernel by a number.

use std::ffi::{c_int, c_long};

use super::memory::pointer;

/// Calls the C function of this crate; `None` for a call that none of them is.
///
/// # Safety
/// The arguments are those of the call.
pub(super) unsafe fn call(number: c_long, arguments: [usize; 6]) -> Option<isize> {
    // SAFETY: so it was promised.
    let answer = unsafe {
        transfer(number, arguments).or_else(|| socket(number, arguments)).or_else(|| other(number, arguments))
    }?;
    // SAFETY: glibc gives a pointer to this thread's `errno`, which lives as long as the thread.
    Some(if answer == -1 { -unsafe { *libc::__errno_location() } as isize } else { answer })
}

/// # Safety
/// As [`call`].
unsafe fn transfer(number: c_long, [a, b, c, d, e, f]: [usize; 6]) -> Option<isize> {
    let descriptor = a as c_int;
    // SAFETY: so it was promised.
    unsafe {
        Some(match number {
            libc::SYS_read => libc::read(descriptor, pointer(b), c),
            libc::SYS_write => libc::write(descriptor, pointer(b), c),
            libc::SYS_readv => libc::readv(descriptor, pointer(b), c as c_int),
            libc::SYS_writev => libc::writev(descriptor, pointer(b), c as c_int),
            libc::SYS_recvfrom => {
                libc::recvfrom(descriptor, pointer(b), c, d as c_int, pointer(e), pointer(f))
            }
            libc::SYS_sendto => {
                libc::sendto(descriptor, pointer(b), c, d as c_int, pointer(e), f as libc::socklen_t)
            }
            libc::SYS_recvmsg => libc::recvmsg(descriptor, pointer(b), c as c_int),
            libc::SYS_sendmsg => libc::sendmsg(descriptor, pointer(b), c as c_int),
            libc::SYS_recvmmsg => {
                libc::recvmmsg(descriptor, pointer(b), c as u32, d as c_int, pointer(e)) as isize
            }
            libc::SYS_sendmmsg => libc::sendmmsg(descriptor, pointer(b), c as u32, d as c_int) as isize,
            _ => return None,
        })
    }
}

/// # Safety
/// As [`call`].
unsafe fn socket(number: c_long, [a, b, c, d, e, _]: [usize; 6]) -> Option<isize> {
    let descriptor = a as c_int;
    // SAFETY: so it was promised.
    let answer = unsafe {
        match number {
            libc::SYS_socket => libc::socket(a as c_int, b as c_int, c as c_int),
            libc::SYS_socketpair => libc::socketpair(a as c_int, b as c_int, c as c_int, pointer(d)),
            libc::SYS_bind => libc::bind(descriptor, pointer(b), c as libc::socklen_t),
            libc::SYS_listen => libc::listen(descriptor, b as c_int),
            libc::SYS_accept => libc::accept(descriptor, pointer(b), pointer(c)),
            libc::SYS_accept4 => libc::accept4(descriptor, pointer(b), pointer(c), d as c_int),
            libc::SYS_connect => libc::connect(descriptor, pointer(b), c as libc::socklen_t),
            libc::SYS_shutdown => libc::shutdown(descriptor, b as c_int),
            libc::SYS_getsockname => libc::getsockname(descriptor, pointer(b), pointer(c)),
            libc::SYS_getpeername => libc::getpeername(descriptor, pointer(b), pointer(c)),
            libc::SYS_setsockopt => {
                libc::setsockopt(descriptor, b as c_int, c as c_int, pointer(d), e as libc::socklen_t)
            }
            libc::SYS_getsockopt => {
                libc::getsockopt(descriptor, b as c_int, c as c_int, pointer(d), pointer(e))
            }
            _ => return None,
        }
    };
    Some(answer as isize)
}

/// # Safety
/// As [`call`].
unsafe fn other(number: c_long, [a, b, c, d, _, _]: [usize; 6]) -> Option<isize> {
    let descriptor = a as c_int;
    // SAFETY: so it was promised.
    let answer = unsafe {
        match number {
            libc::SYS_close => libc::close(descriptor),
            libc::SYS_dup => libc::dup(descriptor),
            libc::SYS_dup3 => libc::dup3(descriptor, b as c_int, c as c_int),
            libc::SYS_fcntl => libc::fcntl(descriptor, b as c_int, c),
            libc::SYS_ioctl => libc::ioctl(descriptor, b as libc::c_ulong, c),
            libc::SYS_pipe2 => libc::pipe2(pointer(a), b as c_int),
            libc::SYS_eventfd2 => libc::eventfd(a as u32, b as c_int),
            libc::SYS_timerfd_create => libc::timerfd_create(a as c_int, b as c_int),
            libc::SYS_timerfd_settime => {
                libc::timerfd_settime(descriptor, b as c_int, pointer(c), pointer(d))
            }
            libc::SYS_timerfd_gettime => libc::timerfd_gettime(descriptor, pointer(b)),
            libc::SYS_epoll_create1 => libc::epoll_create1(a as c_int),
            libc::SYS_epoll_ctl => libc::epoll_ctl(descriptor, b as c_int, c as c_int, pointer(d)),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_epoll_wait => libc::epoll_wait(descriptor, pointer(b), c as c_int, d as c_int),
            // A set of signals that is blocked meanwhile is not answered for.
            libc::SYS_epoll_pwait => libc::epoll_wait(descriptor, pointer(b), c as c_int, d as c_int),
            libc::SYS_epoll_pwait2 => {
                libc::epoll_pwait2(descriptor, pointer(b), c as c_int, pointer(d), std::ptr::null())
            }
            #[cfg(target_arch = "x86_64")]
            libc::SYS_poll => libc::poll(pointer(a), b as libc::nfds_t, c as c_int),
            libc::SYS_ppoll => libc::ppoll(pointer(a), b as libc::nfds_t, pointer(c), std::ptr::null()),
            libc::SYS_nanosleep => libc::nanosleep(pointer(a), pointer(b)),
            libc::SYS_clock_nanosleep => {
                // The C function gives the number of the error itself.
                return Some(-libc::clock_nanosleep(a as c_int, b as c_int, pointer(c), pointer(d)) as isize);
            }
            _ => return None,
        }
    };
    Some(answer as isize)
}
