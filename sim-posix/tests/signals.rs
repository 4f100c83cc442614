//! Signals that a test, or a program, sends to a program.
#![expect(
    clippy::disallowed_methods,
    reason = "unmodified programs use real threads, clocks and sleeps, as they are answered by the run"
)]
#![expect(unsafe_code, reason = "the standard library has no signals")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use sim_executor::{Executor, ProductionOrder, time};
use sim_posix::{ExitError, Process, Signal, process};

/// How a program ends to which a signal comes after a second.
fn ended<T: Send + 'static>(
    signal: Signal,
    main: impl Fn() -> T + Send + Sync + 'static,
) -> Result<T, ExitError> {
    let run = Executor::new(ProductionOrder).block_on(async move {
        let host = process("host", main);
        after_a_second(&host, signal).await;
        host.exit().await
    });
    run.unwrap()
}

async fn after_a_second<T>(to: &Process<T>, signal: Signal) {
    time::sleep(Duration::from_secs(1)).await;
    assert!(to.signal(signal));
}

fn sleep(seconds: u64) {
    std::thread::sleep(Duration::from_secs(seconds));
}

/// What the clock of the process shows.
fn seconds() -> i64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for a time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    now.tv_sec
}

/// Sets a function for a signal.
fn handle(number: i32, flags: i32, function: extern "C" fn(i32)) {
    // SAFETY: zeroes are valid for it, and the function is one for a signal.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = function as *const () as usize;
        action.sa_flags = flags;
        assert_eq!(libc::sigaction(number, &action, std::ptr::null_mut()), 0);
    }
}

/// Blocks signals for this thread, or with `SIG_UNBLOCK` no more.
fn block(how: i32, numbers: &[i32]) -> libc::sigset_t {
    // SAFETY: it is room for a set, which is made empty first.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        for &number in numbers {
            libc::sigaddset(&mut set, number);
        }
        assert_eq!(libc::pthread_sigmask(how, &set, std::ptr::null_mut()), 0);
        set
    }
}

fn errno() -> Option<i32> {
    std::io::Error::last_os_error().raw_os_error()
}

#[test]
fn a_process_without_a_function_ends_by_a_signal_or_is_not_touched() {
    for signal in [Signal::TERM, Signal::INT, Signal::KILL, Signal::USR1] {
        let number = signal.number();
        assert_eq!(ended(signal, || sleep(5)), Err(ExitError::Signalled { signal: number }), "{signal}");
    }
    for signal in [Signal::CHLD, Signal::PIPE, Signal::CONT] {
        assert_eq!(ended(signal, || sleep(5)), Ok(()), "{signal}");
    }
}

#[test]
fn a_process_that_has_ended_gets_no_signal() {
    let run = Executor::new(ProductionOrder).block_on(async {
        let host = process("host", || sleep(1));
        assert!(!host.signal(Signal::TERM), "it has not begun");
        assert_eq!(host.exit().await, Ok(()));
        assert!(!host.signal(Signal::TERM));
    });
    run.unwrap();
}

#[test]
fn a_process_that_is_stopped_runs_no_further_until_it_is_told_to_go_on() {
    let run = Executor::new(ProductionOrder).block_on(async {
        let host = process("host", || {
            let begun = seconds();
            sleep(2);
            seconds() - begun
        });
        after_a_second(&host, Signal::STOP).await;
        time::sleep(Duration::from_secs(6)).await;
        host.signal(Signal::CONT);
        let went_on = host.exit().await;
        host.restart();
        after_a_second(&host, Signal::STOP).await;
        time::sleep(Duration::from_secs(6)).await;
        host.signal(Signal::KILL);
        (went_on, host.exit().await)
    });
    assert_eq!(run.unwrap(), (Ok(7), Err(ExitError::Signalled { signal: 9 })));
}

/// What a call gives: a number, or that of an error.
type Given = Result<usize, i32>;
type Call = fn() -> Given;

fn result(returned: isize) -> Given {
    usize::try_from(returned).map_err(|_| errno().unwrap())
}

fn read_a_pipe() -> Given {
    let mut two = [0; 2];
    // SAFETY: there is room for two numbers.
    unsafe { libc::pipe(two.as_mut_ptr()) };
    std::thread::spawn(move || {
        sleep(3);
        // SAFETY: the bytes are there.
        unsafe { libc::write(two[1], b"late".as_ptr().cast(), 4) }
    });
    // SAFETY: there is room for so many bytes.
    result(unsafe { libc::read(two[0], [0_u8; 8].as_mut_ptr().cast(), 8) })
}

fn wait_at_an_epoll() -> Given {
    // SAFETY: there is room for one event.
    unsafe {
        let epoll = libc::epoll_create1(0);
        let mut event: libc::epoll_event = std::mem::zeroed();
        result(libc::epoll_wait(epoll, &mut event, 1, 3_000) as isize)
    }
}

fn wait_at_a_futex() -> Given {
    let word = Arc::new(AtomicU32::new(0));
    let theirs = Arc::clone(&word);
    std::thread::spawn(move || {
        sleep(3);
        theirs.store(1, Ordering::SeqCst);
        // SAFETY: the word lives as long as its `Arc`.
        unsafe { libc::syscall(libc::SYS_futex, theirs.as_ptr(), libc::FUTEX_WAKE, 1, 0, 0, 0) }
    });
    let wait = libc::FUTEX_WAIT;
    // SAFETY: the same.
    result(unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), wait, 0, 0, 0, 0) } as isize)
}

fn sleep_in_the_kernel() -> Given {
    let mut time = libc::timespec { tv_sec: 3, tv_nsec: 0 };
    // SAFETY: a time is given, and is room for one.
    let slept = result(unsafe { libc::nanosleep(&time, &mut time) } as isize);
    slept.map_err(|errno| errno * 10 + time.tv_sec as i32)
}

static TAKEN: AtomicU32 = AtomicU32::new(0);

extern "C" fn count(number: i32) {
    TAKEN.fetch_add(number as u32, Ordering::SeqCst);
    // SAFETY: glibc gives a pointer to this thread's `errno`. Who was interrupted must not see it.
    unsafe { *libc::__errno_location() = 77 };
}

#[test]
fn calls_are_interrupted_or_begin_again_as_in_linux() {
    let eintr = libc::EINTR;
    let calls: [(&str, Call, Given, Given); 4] = [
        ("read", read_a_pipe, Err(eintr), Ok(4)),
        ("epoll_wait", wait_at_an_epoll, Err(eintr), Err(eintr)),
        ("futex", wait_at_a_futex, Err(eintr), Ok(0)),
        ("nanosleep, with two seconds left", sleep_in_the_kernel, Err(eintr * 10 + 2), Err(eintr * 10 + 2)),
    ];
    for (name, call, plain, restarted) in calls {
        for (flags, expected) in [(0, plain), (libc::SA_RESTART, restarted)] {
            TAKEN.store(0, Ordering::SeqCst);
            let given = ended(Signal::USR1, move || {
                handle(libc::SIGUSR1, flags, count);
                call()
            });
            assert_eq!(given, Ok(expected), "{name} with the flags {flags:x}");
            assert_eq!(TAKEN.load(Ordering::SeqCst), libc::SIGUSR1 as u32, "{name}: taken once");
        }
    }
}

extern "C" fn do_nothing(_: i32) {}

#[test]
fn the_standard_library_goes_on_after_a_signal() {
    let told = ended(Signal::USR2, || {
        handle(libc::SIGUSR2, 0, do_nothing);
        let begun = seconds();
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || {
            sleep(2);
            sender.send(seconds() - begun).unwrap();
        });
        let told = receiver.recv().unwrap();
        sleep(1);
        (told, seconds() - begun)
    });
    assert_eq!(told, Ok((2, 3)));
}

#[test]
fn a_signal_that_is_blocked_waits_and_one_thread_takes_it() {
    static TAKER: AtomicU32 = AtomicU32::new(0);
    extern "C" fn who(_: i32) {
        // SAFETY: it asks for nothing.
        TAKER.store((unsafe { libc::gettid() } - unsafe { libc::getpid() }) as u32, Ordering::SeqCst);
    }
    let taken = ended(Signal::TERM, || {
        handle(libc::SIGTERM, 0, who);
        block(libc::SIG_BLOCK, &[libc::SIGTERM]);
        // It inherits what is blocked.
        let thread = std::thread::spawn(|| {
            sleep(2);
            let before = TAKER.load(Ordering::SeqCst);
            block(libc::SIG_UNBLOCK, &[libc::SIGTERM]);
            (before, TAKER.load(Ordering::SeqCst))
        });
        thread.join().unwrap()
    });
    assert_eq!(taken, Ok((0, 1 << 16)), "the second thread, when it blocks it no more");
}

#[test]
fn a_program_signals_itself_its_threads_and_other_processes() {
    extern "C" fn say(number: i32) {
        println!("took {number}");
    }
    let run = Executor::new(ProductionOrder).block_on(async {
        let target = process("target", || {
            handle(libc::SIGHUP, 0, say);
            sleep(60);
            // SAFETY: it asks for nothing.
            TcpStream::connect("sender:1")
                .unwrap()
                .write_all(&unsafe { libc::getpid() }.to_ne_bytes())
                .unwrap();
            sleep(60);
        });
        let sender = process("sender", || {
            let listener = TcpListener::bind("0.0.0.0:1").unwrap();
            let mut number = [0; 4];
            listener.accept().unwrap().0.read_exact(&mut number).unwrap();
            let number = i32::from_ne_bytes(number);
            handle(libc::SIGUSR1, 0, say);
            // SAFETY: these take numbers only.
            unsafe {
                assert_eq!(libc::raise(libc::SIGUSR1), 0);
                assert_eq!(libc::kill(libc::getpid(), libc::SIGUSR1), 0);
                assert_eq!(libc::pthread_kill(libc::pthread_self(), libc::SIGUSR1), 0);
                assert_eq!(libc::kill(number, 0), 0);
                assert_eq!((libc::kill(4, libc::SIGHUP), errno()), (-1, Some(libc::ESRCH)));
                assert_eq!((libc::kill(number, 65), errno()), (-1, Some(libc::EINVAL)));
                assert_eq!(libc::kill(number, libc::SIGHUP), 0);
                assert_eq!(libc::kill(number, libc::SIGKILL), 0);
                libc::raise(libc::SIGTERM);
            }
            println!("this is not reached");
        });
        (target.exit().await, sender.exit().await)
    });
    let [killed, ended] = [libc::SIGKILL, libc::SIGTERM].map(|signal| Err(ExitError::Signalled { signal }));
    assert_eq!(run.unwrap(), (killed, ended));
}

#[test]
fn who_waits_for_signals_is_told_them() {
    let told = ended(Signal::TERM, || {
        let set = block(libc::SIG_BLOCK, &[libc::SIGTERM, libc::SIGINT]);
        // SAFETY: there is a set, and room for what is given.
        unsafe {
            let mut first = 0;
            assert_eq!(libc::sigwait(&set, &mut first), 0);
            let short = libc::timespec { tv_sec: 1, tv_nsec: 0 };
            assert_eq!(libc::sigtimedwait(&set, std::ptr::null_mut(), &short), -1);
            assert_eq!(errno(), Some(libc::EAGAIN));
            let file = libc::signalfd(-1, &set, libc::SFD_NONBLOCK);
            let mut ready = libc::pollfd { fd: file, events: libc::POLLIN, revents: 0 };
            assert_eq!(libc::poll(&mut ready, 1, 10), 0);
            libc::kill(0, libc::SIGINT);
            assert_eq!(libc::poll(&mut ready, 1, -1), 1);
            let mut info: libc::signalfd_siginfo = std::mem::zeroed();
            let bytes = libc::read(file, (&raw mut info).cast(), 128);
            (first, bytes, info.ssi_signo, info.ssi_pid == libc::getpid() as u32)
        }
    });
    assert_eq!(told, Ok((libc::SIGTERM, 128, libc::SIGINT as u32, true)));
}

#[test]
fn what_is_set_for_a_signal_is_told_and_is_the_process_s_own() {
    let set = |signal| {
        // SAFETY: it takes a number and a setting.
        unsafe { libc::signal(signal, libc::SIG_IGN) }
    };
    let own = ended(Signal::TERM, move || {
        let before = [libc::SIGTERM, libc::SIGTERM, libc::SIGPIPE, libc::SIGKILL].map(set);
        sleep(2);
        before
    });
    let default = libc::SIG_DFL;
    assert_eq!(own, Ok([default, libc::SIG_IGN, libc::SIG_IGN, libc::SIG_ERR]), "SIGTERM is ignored");
    assert_eq!(ended(Signal::TERM, || sleep(2)), Err(ExitError::Signalled { signal: libc::SIGTERM }));
}

#[test]
fn a_broken_pipe_ends_a_program_that_asks_for_it() {
    let broken = |asks: bool| {
        let run = Executor::new(ProductionOrder).block_on(async move {
            let host = process("host", move || {
                if asks {
                    // SAFETY: it takes a number and a setting.
                    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
                }
                let (reader, mut writer) = std::io::pipe().unwrap();
                drop(reader);
                writer.write(b"nobody reads this").map_err(|error| error.raw_os_error())
            });
            host.exit().await
        });
        run.unwrap()
    };
    assert_eq!(broken(false), Ok(Err(Some(libc::EPIPE))));
    assert_eq!(broken(true), Err(ExitError::Signalled { signal: libc::SIGPIPE }));
}

#[test]
fn outside_of_a_run_signals_are_those_of_the_machine() {
    static OUTSIDE: AtomicU32 = AtomicU32::new(0);
    extern "C" fn note(_: i32) {
        OUTSIDE.fetch_add(1, Ordering::SeqCst);
    }
    handle(libc::SIGUSR1, 0, note);
    let in_a_run = ended(Signal::USR1, || {
        handle(libc::SIGUSR1, 0, do_nothing);
        sleep(2);
    });
    assert_eq!((in_a_run, OUTSIDE.load(Ordering::SeqCst)), (Ok(()), 0));
    // SAFETY: it takes a number.
    assert_eq!(unsafe { libc::raise(libc::SIGUSR1) }, 0);
    assert_eq!(OUTSIDE.load(Ordering::SeqCst), 1);
}
