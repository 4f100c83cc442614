//! A stack that overflows in a process ends the test binary, with words, and leaves nobody waiting.
#![expect(
    clippy::disallowed_methods,
    reason = "the test starts itself again, and the programs use real threads"
)]

use std::process::Command;

use sim_executor::{Executor, ProductionOrder};
use sim_posix::process;

/// Set in the process that is to end.
const ENDS: &str = "ENDS_IN";

#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn deeper(level: u64) -> u64 {
    std::hint::black_box([level; 100])[7] + deeper(level + 1)
}

/// What the process writes to standard error that overflows a stack in this test.
fn ended(test: &str) -> String {
    let mut again = Command::new(std::env::current_exe().unwrap());
    let output = again.args([test, "--exact", "--test-threads=1"]).env(ENDS, test).output().unwrap();
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn run(main: fn()) {
    let ran = Executor::new(ProductionOrder).block_on(async move { process("host", main).exit().await });
    panic!("it came back: {ran:?}");
}

#[test]
fn the_main_thread() {
    if std::env::var_os(ENDS).is_some() {
        run(|| assert_ne!(deeper(0), 1));
    }
    let told = ended("the_main_thread");
    assert!(
        told.contains("seedbed: a thread of a process has done what a signal such as SIGSEGV comes for"),
        "{told}"
    );
}

#[test]
fn a_thread_of_the_standard_library() {
    if std::env::var_os(ENDS).is_some() {
        run(|| assert_ne!(std::thread::spawn(|| deeper(0)).join().unwrap(), 1));
    }
    let told = ended("a_thread_of_the_standard_library");
    assert!(told.contains("seedbed: a thread of the process host has overflowed its stack"), "{told}");
}
