//! A test that is made in a process of the machine of its own: its program is started anew for it alone.
//!
//! That is the prepared process: no other test has run there.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use super::caller::Caller;
use crate::environment::{self, ALONE, PREPARED};

/// Where this process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// It runs tests, others among them: it starts the prepared process.
    Tests,
    /// It is the prepared one, or makes one run and ends.
    Prepared,
}

impl Stage {
    pub(super) fn here() -> Stage {
        let is_prepared = environment::read(PREPARED).is_some() || environment::read(ALONE).is_some();
        if is_prepared { Stage::Prepared } else { Stage::Tests }
    }
}

/// A number that no other test of this process has.
static RELAYS: AtomicU32 = AtomicU32::new(0);

/// Has the prepared process run the test, and shows what it shows.
///
/// # Panics
/// As the test in that process.
#[track_caller]
pub(super) fn relay(caller: Caller<'_>) {
    if !cfg!(feature = "posix") {
        panic!("{}: an isolated test needs the feature `posix` of seedbed", caller.name());
    }
    let name = caller.name_in_process();
    let name = name.unwrap_or_else(|| panic!("{}: only a test can be isolated", caller.name()));
    let number = RELAYS.fetch_add(1, Ordering::Relaxed);
    let told = std::env::temp_dir().join(format!("seedbed-{}-{number}", std::process::id()));
    let program =
        std::env::current_exe().unwrap_or_else(|error| panic!("{name}: where the test is: {error}"));
    let output = Command::new(program)
        .args([&*name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(PREPARED, &told)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{name}: its process cannot be started: {error}"));
    let failure = std::fs::read_to_string(&told);
    // It is there only if the test has failed.
    let _ = std::fs::remove_file(&told);
    print!("{}", without_harness(&String::from_utf8_lossy(&output.stdout)));
    if let Ok(failure) = failure {
        panic!("{failure}");
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: its process ended with {}:\n{said}", caller.name(), output.status);
    eprint!("{said}");
}

/// What a test has printed, without what its harness says around it.
fn without_harness(text: &str) -> String {
    let is_harness = |line: &str| {
        line.is_empty()
            || line.starts_with("running 1 test")
            || line.starts_with("test result: ")
            || line == "ok"
            || (line.starts_with("test ") && line.ends_with(" ... ok"))
    };
    let lines = text.lines().filter(|line| !is_harness(line));
    // The harness has begun the line on which the test says something first.
    let said = |line: &str| match line.split_once(" ... ") {
        Some((begun, said)) if begun.starts_with("test ") => said.to_string() + "\n",
        _ => line.to_string() + "\n",
    };
    lines.map(said).collect()
}

/// Ends the test with this failure: in the prepared process, in the words of who has started it.
///
/// # Panics
/// Always.
#[track_caller]
pub(super) fn fail(error: &dyn std::fmt::Display) -> ! {
    if let Some(told) = environment::read(PREPARED) {
        std::fs::write(PathBuf::from(&told), error.to_string())
            .unwrap_or_else(|why| eprintln!("{told} cannot be written: {why}"));
    }
    panic!("{error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_harness_says_is_not_shown() {
        let text =
            "\nrunning 1 test\ntest a::b ... a::b: 5 runs\nby the test\nok\n\ntest result: ok. 1 passed\n\n";
        assert_eq!(without_harness(text), "a::b: 5 runs\nby the test\n");
        assert_eq!(without_harness("running 1 test\ntest a ... ok\n"), "");
    }
}
