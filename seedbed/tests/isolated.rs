//! Tests each of whose runs is made in a process of the machine of its own.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use seedbed::{choose, event, process};

static COUNT: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static HERE: Cell<u32> = const { Cell::new(0) };
}

fn count() -> u32 {
    COUNT.fetch_add(1, Ordering::SeqCst) + 1
}

#[seedbed::test(isolated, seeds = 12)]
async fn statics_and_thread_locals_are_as_at_the_beginning() {
    HERE.set(HERE.get() + 1);
    let first = process("host", count).exit().await.unwrap();
    assert_eq!((first, count(), HERE.get()), (1, 2, 1));
    event!("drew {}", choose(1_000));
}

#[seedbed::test(isolated, seeds = 40, strategy = "random", simfail = off)]
#[should_panic(expected = "and the same when the run was made again in a process of its own")]
async fn a_failure_is_told_by_the_process_that_has_made_the_run() {
    assert_eq!(process("host", count).exit().await.unwrap(), 1);
    assert!(choose(4) != 3, "the last of four");
}

#[seedbed::test(isolated, seeds = 3, simfail = off)]
#[should_panic(expected = "two runs in production order went different ways")]
async fn what_differs_between_processes_is_found() {
    event!("process {} of the machine", std::process::id());
}

#[seedbed::test(isolated, seeds = 3, simfail = off)]
#[should_panic(expected = "production: signal 6 of the machine ended the process that makes the run")]
async fn a_run_that_ends_its_process_is_named() {
    std::process::abort();
}

#[seedbed::test(isolated, each = 2)]
#[should_panic(expected = "an isolated test makes seeds; leave `each` away")]
async fn a_search_is_refused() {}
