//! Runs in a process of the machine of their own.
#![expect(
    clippy::disallowed_methods,
    reason = "unmodified programs use real threads, as they are answered by the run"
)]

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use sim_executor::{Executor, KeyedRandom};
use sim_posix::{ChildError, in_child, process};

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

// One test: a child has none of the threads of other tests, which could hold a lock.
#[test]
fn a_run_in_a_child_finds_what_none_has_changed() {
    a_child_that_gives_nothing_says_how_it_ended();
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
