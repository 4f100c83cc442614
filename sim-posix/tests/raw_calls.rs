//! Programs that call the kernel by numbers, with `syscall` or with an instruction of their own, are answered as those that call the C library.
#![cfg(target_arch = "x86_64")]
#![expect(unsafe_code, reason = "unmodified programs call the kernel")]

use std::ffi::{c_int, c_long};
use std::time::Duration;

use sim_executor::{Executor, ProductionOrder, time};
use sim_posix::{ProcessConfig, process_with};

/// How a program calls the kernel.
type Call = unsafe fn(c_long, [usize; 4]) -> isize;

/// # Safety
/// The arguments are those of the call.
unsafe fn by_instruction(number: c_long, [a, b, c, d]: [usize; 4]) -> isize {
    let mut result = number as isize;
    // SAFETY: so it was promised; the kernel changes no other registers.
    unsafe {
        std::arch::asm!(
            "syscall", inout("rax") result, in("rdi") a, in("rsi") b, in("rdx") c, in("r10") d,
            out("rcx") _, out("r11") _,
        );
    }
    result
}

/// # Safety
/// As [`by_instruction`].
unsafe fn by_function(number: c_long, [a, b, c, d]: [usize; 4]) -> isize {
    // SAFETY: so it was promised.
    let result = unsafe { libc::syscall(number, a, b, c, d) };
    // SAFETY: glibc gives a pointer to this thread's `errno`.
    if result == -1 { -unsafe { *libc::__errno_location() } as isize } else { result as isize }
}

/// A reactor as small as they get: a timer of five seconds, an epoll that waits for it, a socket that nobody connects to.
fn reactor(call: Call) -> Vec<isize> {
    let mut results = Vec::new();
    let mut ask = |number, arguments| {
        // SAFETY: the calls below give what each asks for.
        let result = unsafe { call(number, arguments) };
        results.push(result);
        result as usize
    };
    let epoll = ask(libc::SYS_epoll_create1, [0; 4]);
    let timer = ask(libc::SYS_timerfd_create, [libc::CLOCK_MONOTONIC as usize, 0, 0, 0]);
    let of_seconds = |tv_sec| libc::timespec { tv_sec, tv_nsec: 0 };
    let due = libc::itimerspec { it_interval: of_seconds(0), it_value: of_seconds(5) };
    ask(libc::SYS_timerfd_settime, [timer, 0, (&raw const due).addr(), 0]);
    let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: 7 };
    ask(libc::SYS_epoll_ctl, [epoll, libc::EPOLL_CTL_ADD as usize, timer, (&raw mut event).addr()]);
    let mut told = [libc::epoll_event { events: 0, u64: 0 }; 4];
    ask(libc::SYS_epoll_wait, [epoll, told.as_mut_ptr().addr(), told.len(), usize::MAX]);
    let mut expirations = 0_u64;
    ask(libc::SYS_read, [timer, (&raw mut expirations).addr(), 8, 0]);
    assert_eq!((expirations, { told[0].u64 }), (1, 7));
    let socket = ask(libc::SYS_socket, [libc::AF_INET as usize, libc::SOCK_STREAM as usize, 0, 0]);
    let nowhere = libc::sockaddr_in {
        sin_family: libc::AF_INET as u16,
        sin_port: 9_u16.to_be(),
        sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes([127, 0, 0, 1]) },
        sin_zero: [0; 8],
    };
    ask(libc::SYS_connect, [socket, (&raw const nowhere).addr(), size_of_val(&nowhere), 0]);
    for descriptor in [socket, timer, epoll, epoll] {
        ask(libc::SYS_close, [descriptor, 0, 0, 0]);
    }
    results
}

#[test]
fn a_reactor_that_calls_by_number_waits_in_the_time_of_the_run() {
    for (call, traps) in [(by_function as Call, false), (by_function, true), (by_instruction, true)] {
        let (results, elapsed) = Executor::new(ProductionOrder)
            .block_on(async move {
                let config = ProcessConfig { traps, ..ProcessConfig::default() };
                let results = process_with("host", config, move || reactor(call)).exit().await.unwrap();
                (results, time::elapsed())
            })
            .unwrap();
        let refused = |errno: c_int| -errno as isize;
        assert_eq!(results[2..6], [0, 0, 1, 8], "{results:?}");
        assert_eq!(results[7..], [refused(libc::ECONNREFUSED), 0, 0, 0, refused(libc::EBADF)], "{results:?}");
        assert!((Duration::from_secs(5)..Duration::from_secs(6)).contains(&elapsed), "{elapsed:?}");
    }
}
