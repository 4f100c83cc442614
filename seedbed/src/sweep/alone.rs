//! A run that is made alone, in a new process of the same program.

use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use sim_explorer::Recipe;

use crate::environment::{self, ALONE, SEED, STRATEGY, TRACE};

/// How long that may take.
const WALL_TIME_MAX: Duration = Duration::from_secs(30);

/// What a run came to in a process of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alone {
    /// The runs that were made with this seed, one for each sweep of the test: the hash, and how it ended.
    pub(super) runs: Vec<(u64, String)>,
}

/// Makes one run of the test of that name, if this process is such that it can. `None` if that came to nothing.
pub(super) fn run_alone(name: &str, run: &Recipe) -> Option<Alone> {
    if cfg!(miri) || environment::read(ALONE).is_some() {
        return None;
    }
    let (seed, strategy) = run.names();
    let mut command = Command::new(std::env::current_exe().ok()?);
    for (variable, value) in [(SEED, seed), (STRATEGY, strategy)] {
        match value {
            Some(value) => command.env(variable, value),
            None => command.env_remove(variable),
        };
    }
    let mut child = command
        .args([name, "--exact", "--include-ignored", "--nocapture", "--test-threads=1"])
        .env(ALONE, "1")
        .env_remove(TRACE)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let text = output_of(&mut child);
    // Either it has ended, or it is no longer of use.
    let _ = child.kill();
    let _ = child.wait();
    let runs: Vec<_> = text?.lines().filter_map(last_line_of_run).collect();
    (!runs.is_empty()).then_some(Alone { runs })
}

/// What the process writes until its end, if that comes in time.
fn output_of(child: &mut Child) -> Option<String> {
    let mut pipe = child.stdout.take()?;
    let (sender, receiver): (_, Receiver<Vec<u8>>) = channel();
    let reader = std::thread::Builder::new().name("output".to_string());
    // Not joined: a process of the program's own may hold the pipe longer.
    let _reader = reader.spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        let _ = sender.send(bytes);
    });
    match receiver.recv_timeout(WALL_TIME_MAX) {
        Ok(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => None,
    }
}

/// `hash <16 hex digits> outcome <word>`, as the only run of a test ends with.
fn last_line_of_run(line: &str) -> Option<(u64, String)> {
    let (hash, word) = line.rsplit_once("hash ")?.1.split_once(" outcome ")?;
    Some((u64::from_str_radix(hash, 16).ok()?, word.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_a_run_is_understood() {
        assert_eq!(
            last_line_of_run("hash 00000000000000ff outcome deadlock"),
            Some((255, "deadlock".to_string()))
        );
        assert_eq!(last_line_of_run("test a ... hash 0f outcome done"), Some((15, "done".to_string())));
        assert_eq!(last_line_of_run("hash of it: outcome"), None);
    }

    #[test]
    fn a_test_that_makes_no_run_comes_to_nothing() {
        // The name of no test.
        assert_eq!(run_alone("there_is_no_such_test", &Recipe::Production), None);
    }
}
