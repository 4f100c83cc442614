//! What a program does of which the run is no master: each is answered, refused, or named.
#![expect(
    unsafe_code,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "unmodified programs call the C library, and use real files and threads"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use sim_executor::{Around, Config, Executor, KeyedRandom, RunError};
use sim_posix::{Escape, Handled, Policy, ProcessConfig, escapes, process, process_with, set_policy};

/// What a program gives in the run of a seed, with the names of its escapes.
fn run<T: Send + 'static>(
    seed: u64,
    main: impl Fn() -> T + Send + Sync + 'static,
) -> (T, BTreeMap<String, Escape>) {
    let ran = Executor::new(KeyedRandom::new(seed)).block_on(async {
        set_policy(Policy::Count);
        let config = ProcessConfig { traps: true, ..ProcessConfig::default() };
        let value = process_with("host", config, main).exit().await.unwrap();
        (value, escapes().into_iter().map(|escape| (escape.call.clone(), escape)).collect())
    });
    ran.unwrap()
}

/// One of each.
#[cfg(target_arch = "x86_64")]
mod one_of_each {
    use std::collections::{HashMap, HashSet};

    pub(super) fn raw_random() {
        let mut bytes = [0_u8; 8];
        let mut result = libc::SYS_getrandom;
        // SAFETY: the call gets room for eight bytes, and changes no other registers.
        unsafe {
            std::arch::asm!(
                "syscall",
                inout("rax") result,
                in("rdi") bytes.as_mut_ptr(),
                in("rsi") bytes.len(),
                in("rdx") 0,
                out("rcx") _,
                out("r11") _,
            );
        }
        assert_eq!(result, 8);
        assert_ne!(bytes, [0; 8]);
    }

    pub(super) fn raw_parent() {
        let mut result = libc::SYS_getppid;
        // SAFETY: the call asks for nothing, and changes no other registers.
        unsafe { std::arch::asm!("syscall", inout("rax") result, out("rcx") _, out("r11") _) };
        assert!(result >= 0);
    }

    pub(super) fn counter() {
        // SAFETY: every x86-64 has the instruction.
        let read = || unsafe { std::arch::x86_64::_rdtsc() };
        let before = read();
        std::thread::sleep(std::time::Duration::from_secs(1));
        assert!((1_000_000_000..1_001_000_000).contains(&(read() - before)), "virtual nanoseconds");
    }

    pub(super) fn kernel_clock() {
        type Clock = unsafe extern "C" fn(libc::clockid_t, *mut libc::timespec) -> libc::c_int;
        // SAFETY: the library is there already, and has this function of this type.
        let clock: Clock = unsafe {
            let library = libc::dlopen(c"linux-vdso.so.1".as_ptr(), libc::RTLD_NOW | libc::RTLD_NOLOAD);
            std::mem::transmute(libc::dlsym(library, c"__vdso_clock_gettime".as_ptr()))
        };
        // SAFETY: zeroes are a time.
        let mut time = unsafe { std::mem::zeroed() };
        // SAFETY: it gets room for a time.
        assert_eq!(unsafe { clock(libc::CLOCK_MONOTONIC, &mut time) }, 0);
    }

    pub(super) fn random() {
        let mut bytes = [0_u8; 8];
        // SAFETY: the call gets room for eight bytes.
        unsafe { libc::syscall(libc::SYS_getrandom, bytes.as_mut_ptr(), bytes.len(), 0) };
    }

    pub(super) fn hash_order() {
        let _ = HashMap::<u32, u32>::new().len() + HashSet::<u32>::new().len();
    }

    pub(super) fn urandom() {
        let _ = std::fs::File::open("/dev/urandom").unwrap();
    }

    pub(super) fn file() {
        let _ = std::fs::File::open("/etc/hostname");
    }

    pub(super) fn fork() {
        // SAFETY: it is refused.
        assert_eq!(unsafe { libc::fork() }, -1);
    }

    pub(super) fn ring() {
        // SAFETY: it is refused.
        assert_eq!(unsafe { libc::syscall(libc::SYS_io_uring_setup, 8, 0) }, -1);
    }
}

#[test]
#[cfg(target_arch = "x86_64")]
fn each_way_out_of_a_run_is_named_with_what_was_done_and_where() {
    use one_of_each::*;
    type Row = (fn(), &'static str, Handled, &'static str);
    let table: [Row; 10] = [
        (raw_random, "raw getrandom", Handled::Answered, "raw_random"),
        (raw_parent, "syscall(110)", Handled::Passed, "raw_parent"),
        (counter, "rdtsc", Handled::Answered, "_rdtsc"),
        (kernel_clock, "clock of the vdso", Handled::Passed, "kernel_clock"),
        (random, "getrandom", Handled::Answered, "random"),
        (hash_order, "getrandom", Handled::Answered, "hash_order"),
        (urandom, "open(/dev/urandom)", Handled::Answered, "urandom"),
        (file, "open(/etc/hostname)", Handled::Passed, "file"),
        (fork, "fork", Handled::Refused, "fork"),
        (ring, "io_uring", Handled::Refused, "ring"),
    ];
    for (way, call, handled, function) in table {
        let (_, escaped) = run(1, way);
        let Some(escape) = escaped.get(call) else { panic!("{call} is not in {escaped:?}") };
        assert_eq!(escape.handled, handled, "{escape:?}");
        assert!(escape.place.contains(function), "{escape:?}");
        assert!(escape.place.contains("escapes.rs:"), "{escape:?}");
    }
}

#[test]
fn what_lives_on_to_the_next_run_is_named() {
    thread_local! {
        static KEPT: std::cell::RefCell<Vec<u32>> = const { std::cell::RefCell::new(Vec::new()) };
    }
    let config =
        Config { around: Some(Around(|_, poll| sim_posix::around_native(poll))), ..Config::default() };
    let escaped = Executor::with_config(config, KeyedRandom::new(1)).block_on(async {
        set_policy(Policy::Count);
        KEPT.with_borrow_mut(|kept| kept.push(1));
        escapes()
    });
    let escaped = escaped.unwrap();
    let kept = escaped.iter().find(|escape| escape.handled == Handled::Kept);
    assert!(kept.is_some_and(|kept| kept.place.contains("escapes.rs:")), "{escaped:?}");
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
    assert!(escaped.values().all(|escape| escape.handled == Handled::Answered), "{escaped:?}");
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
        assert!(escaped.contains_key(&call), "{call} is not in {escaped:?}");
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
