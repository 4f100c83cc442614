//! What a program does of which the run is no master: each is answered, refused, or named.
#![expect(
    unsafe_code,
    clippy::disallowed_methods,
    reason = "unmodified programs call the C library, and use real files and threads"
)]

use std::collections::BTreeSet;
use std::io::Read as _;

use sim_executor::{Executor, KeyedRandom, RunError};
use sim_posix::{Policy, escapes, process, set_policy};

/// What a program gives in the run of a seed, with the names of its escapes.
fn run<T: Send + 'static>(seed: u64, main: impl Fn() -> T + Send + Sync + 'static) -> (T, BTreeSet<String>) {
    let ran = Executor::new(KeyedRandom::new(seed)).block_on(async {
        set_policy(Policy::Count);
        let value = process("host", main).exit().await.unwrap();
        (value, escapes().into_iter().map(|(name, _)| name).collect())
    });
    ran.unwrap()
}

/// Twice eight random bytes, by each of the ways to them.
fn draw() -> Vec<[u8; 8]> {
    let mut drawn = Vec::new();
    let mut urandom = std::fs::File::open("/dev/urandom").unwrap();
    for _ in 0..2 {
        let mut bytes = [[0_u8; 8]; 4];
        // SAFETY: each call gets room for eight bytes.
        unsafe {
            assert_eq!(libc::syscall(libc::SYS_getrandom, bytes[0].as_mut_ptr(), 8_usize, 0), 8);
            assert_eq!(libc::getrandom(bytes[1].as_mut_ptr().cast(), 8, 0), 8);
            assert_eq!(libc::getentropy(bytes[2].as_mut_ptr().cast(), 8), 0);
        }
        urandom.read_exact(&mut bytes[3]).unwrap();
        drawn.extend(bytes);
    }
    drawn
}

#[test]
fn all_randomness_follows_from_the_seed_and_is_never_equal_twice() {
    let (drawn, escaped) = run(1, draw);
    assert_eq!(drawn, run(1, draw).0);
    let other = run(2, draw).0;
    let all: BTreeSet<_> = drawn.iter().chain(&other).collect();
    assert_eq!(all.len(), drawn.len() + other.len(), "{drawn:?} {other:?}");
    assert!(escaped.is_empty(), "all of it is answered: {escaped:?}");
}

#[test]
fn a_process_can_neither_fork_nor_use_io_uring() {
    let (errors, _) = run(1, || {
        let error = || std::io::Error::last_os_error().raw_os_error();
        // SAFETY: the calls are refused before they look at anything.
        let forked = unsafe { (libc::fork(), error()) };
        // SAFETY: the same.
        let ring = unsafe { (libc::syscall(libc::SYS_io_uring_setup, 8, 0), error()) };
        let spawned = std::process::Command::new("/bin/true").status().unwrap_err().raw_os_error();
        (forked, ring, spawned)
    });
    let refused = Some(libc::ENOSYS);
    assert_eq!(errors, ((-1, refused), (-1, refused), refused));
}

#[test]
fn what_passes_is_named() {
    let (_, escaped) = run(1, || {
        let _ = std::fs::read("/etc/hostname");
        // SAFETY: it asks for nothing.
        unsafe { libc::syscall(libc::SYS_getppid) };
    });
    for call in ["open(/etc/hostname)".to_string(), format!("syscall({})", libc::SYS_getppid)] {
        assert!(escaped.contains(&call), "{call} is not in {escaped:?}");
    }
}

#[test]
fn a_run_fails_at_the_first_escape_of_a_process_if_it_is_to() {
    let result = Executor::new(KeyedRandom::new(1)).block_on(async {
        set_policy(Policy::Fail);
        process("host", || {
            let _ = std::fs::File::open("/etc/hostname");
            std::thread::sleep(std::time::Duration::from_secs(1));
        })
        .exit()
        .await
    });
    let Err(error @ RunError::Panicked(_)) = result else { panic!("{result:?}") };
    assert!(error.to_string().contains("open(/etc/hostname) escaped from the run"), "{error}");
}

#[test]
fn the_standard_descriptors_of_the_test_are_not_closed_by_a_process() {
    // SAFETY: in a process of a run nothing is closed by it.
    run(1, || assert_eq!((0..3).map(|descriptor| unsafe { libc::close(descriptor) }).max(), Some(0)));
    // SAFETY: it only asks.
    assert!((0..3).all(|descriptor| unsafe { libc::fcntl(descriptor, libc::F_GETFD) } >= 0));
}
