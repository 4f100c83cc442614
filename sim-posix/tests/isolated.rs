//! Runs in a process of the machine of their own.
#![expect(
    clippy::disallowed_methods,
    reason = "unmodified programs use real threads, as they are answered by the run"
)]
#![expect(unsafe_code, reason = "signals and environments are set by functions that are not safe")]

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sim_executor::{Executor, KeyedRandom, time};
use sim_posix::{ChildError, ProcessConfig, Signal, in_child, process, process_with};
use tokio::signal::unix::{SignalKind, signal};

static RUNS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static HERE: Cell<u64> = const { Cell::new(0) };
}

/// What a program sees that counts in statics and thread-locals, and tells them in the events of the run.
fn hash(seed: u64) -> Vec<u8> {
    HERE.set(HERE.get() + 1);
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let ran = executor.block_on(async {
        let host = process("host", || {
            let thread = std::thread::spawn(|| RUNS.fetch_add(1, Ordering::SeqCst));
            println!("run {} with seeds {:?}", thread.join().unwrap(), std::hash::RandomState::new());
        });
        host.exit().await.unwrap();
    });
    ran.unwrap();
    let told = format!("{:016x} {} {}", executor.hash(), RUNS.load(Ordering::SeqCst), HERE.get());
    told.into_bytes()
}

/// A program that waits for a signal by tokio.
fn in_a_run() {
    let ran = Executor::new(KeyedRandom::new(1)).block_on(async {
        let host = process("host", || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { signal(SignalKind::terminate()).unwrap().recv().await })
        });
        time::sleep(Duration::from_secs(1)).await;
        host.signal(Signal::TERM);
        host.exit().await
    });
    assert_eq!(ran.unwrap(), Ok(Some(())));
}

/// The same with a signal of the machine.
fn outside() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut hangups = signal(SignalKind::hangup()).unwrap();
        // SAFETY: it takes a number.
        unsafe { libc::raise(libc::SIGHUP) };
        tokio::time::timeout(Duration::from_secs(5), hangups.recv()).await.unwrap().unwrap();
    });
}

fn the_sockets_of_a_static_serve_runs_and_the_machine() {
    for order in [[in_a_run, outside, in_a_run], [outside, in_a_run, outside]] {
        let each = || {
            order
                .iter()
                .flat_map(|what| {
                    what();
                    [0]
                })
                .collect()
        };
        assert_eq!(in_child(each), Ok(vec![0; 3]));
    }
}

fn an_environment_is_the_process_s_own() {
    let config = || ProcessConfig { env: &[("MODE", "test")], ..ProcessConfig::default() };
    let ran = Executor::new(KeyedRandom::new(1)).block_on(async move {
        let change = || {
            let before = ["MODE", "PATH", "LEVEL"].map(|name| std::env::var(name).ok());
            // SAFETY: nobody else reads the environment of this process.
            unsafe {
                std::env::set_var("LEVEL", "3");
                std::env::remove_var("PATH");
            }
            (before, ["MODE", "PATH", "LEVEL"].map(|name| std::env::var(name).ok()))
        };
        [process_with("a", config(), change).exit().await, process_with("b", config(), change).exit().await]
    });
    let path = std::env::var("PATH").ok();
    let [mode, level] = ["test", "3"].map(|value| Some(value.to_string()));
    let expected = Ok(([mode.clone(), path.clone(), None], [mode, None, level]));
    assert_eq!(ran.unwrap(), [expected.clone(), expected]);
    assert_eq!(["MODE", "PATH", "LEVEL"].map(|name| std::env::var(name).ok()), [None, path, None]);
}

// One test: a child has none of the threads of other tests, which could hold a lock.
#[test]
fn a_run_in_a_child_finds_what_none_has_changed() {
    a_child_that_gives_nothing_says_how_it_ended();
    the_sockets_of_a_static_serve_runs_and_the_machine();
    an_environment_is_the_process_s_own();
    let told = |seed| String::from_utf8(in_child(|| hash(seed)).unwrap()).unwrap();
    let first = told(1);
    assert!(first.ends_with(" 1 1"), "one run is made, and not a rehearsal: {first}");
    assert_eq!([told(1), told(1)], [first.clone(), first.clone()]);
    assert_ne!(told(2), first);
    assert_eq!((RUNS.load(Ordering::SeqCst), HERE.get()), (0, 0), "nothing has changed here");
}

fn a_child_that_gives_nothing_says_how_it_ended() {
    assert_eq!(in_child(|| std::process::exit(7)), Err(ChildError::Ended { status: 7 }));
    assert_eq!(in_child(|| std::process::abort()), Err(ChildError::Killed { signal: 6 }));
    assert_eq!(in_child(|| std::panic::resume_unwind(Box::new(()))), Err(ChildError::Ended { status: 101 }));
    let long = vec![7; 1_000_000];
    assert_eq!(in_child(|| long.clone()), Ok(long.clone()));
}
