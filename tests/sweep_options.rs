//! Each option of a sweep means the same in the process that makes its runs as in the process of the command.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// What is swept by seeds, and by a search that uses none.
const SEEDS: &str = "ws_lost_update live_dead_waker --seeds 0..320 --jobs 2";
const SEARCH: &str = "ws_lost_update live_dead_waker live_hog queue_many_producers";
/// The options that change what a run is, or which runs are made, by their names.
const OF_RUNS: [(&str, &str); 8] = [
    ("--strategy", "--strategy walk"),
    ("--strategy", "--strategy portfolio"),
    ("--checks", "--checks"),
    ("--set", "--set payments=2"),
    ("--profiles", "--profiles profiles"),
    ("--shard", "--shard 2/3"),
    ("--stop-after", "--stop-after 1"),
    ("--until-nothing-new", "--until-nothing-new 2"),
];
/// The others: what is swept, how, and what the command itself does with the result.
const OTHERS: [&str; 12] = [
    "--all",
    "--seeds",
    "--jobs",
    "--one-process",
    "--require-sometimes",
    "--max-time",
    "--json",
    "--json-lines",
    "--junit",
    "--github",
    "--color",
    "--help",
];

/// A folder of its own, in which the command is called.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("seedbed-options-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("profiles")).unwrap();
        fs::write(folder.join("profiles/slow.toml"), "[link]\nlatency = { fixed = \"80 ms\" }\n").unwrap();
        Folder(folder)
    }

    fn call(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_seedbed"));
        command.args(arguments.split_whitespace()).current_dir(&self.0).stdin(Stdio::null());
        command.output().unwrap()
    }

    /// The result of a sweep, with its exit status.
    fn sweep(&self, arguments: &str) -> (String, Option<i32>) {
        let swept = self.call(&format!("sweep {arguments} --json -"));
        let [out, err] = [swept.stdout, swept.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        assert!(out.starts_with('{') && err.is_empty(), "{arguments}: {out}{err}");
        (out, swept.status.code())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn each_option_is_handed_on_to_the_process_that_makes_the_runs() {
    let folder = Folder::new("seeds");
    let without = folder.sweep(SEEDS);
    assert_eq!(folder.sweep(&format!("{SEEDS} --one-process")), without);
    for (_, option) in OF_RUNS {
        let with = folder.sweep(&format!("{SEEDS} {option}"));
        assert_eq!(folder.sweep(&format!("{SEEDS} {option} --one-process")), with, "{option}");
        // What the record says of what was asked for is the command's own word.
        let variants =
            |(record, _): &(String, Option<i32>)| record[record.find("\"variants\"").unwrap()..].to_string();
        assert_ne!(variants(&with), variants(&without), "{option} changes what the runs show");
    }
}

#[test]
fn a_search_shows_the_same_in_any_process_whatever_the_number_of_threads() {
    let folder = Folder::new("searches");
    for search in ["each", "each --shard 2/3", "each --checks", "exhaustive:runs=300", "guided:runs=200"] {
        let sweep = |how: &str| folder.sweep(&format!("{SEARCH} --strategy {search} {how}"));
        let one = sweep("--jobs 1");
        for how in ["--jobs 2", "--jobs 5", "--jobs 1 --one-process", "--jobs 3 --one-process"] {
            assert_eq!(sweep(how), one, "{search} {how}");
        }
    }
}

/// A new option has to be put into one of the lists.
#[test]
fn all_options_of_a_sweep_are_looked_at() {
    let help = String::from_utf8(Folder::new("help").call("sweep --help").stdout).unwrap();
    let shown = help.lines().filter_map(|line| {
        let (_, option) = line
            .split_once("--")
            .filter(|(before, _)| before.trim().is_empty() || before.trim().ends_with(','))?;
        option.split([' ', '[']).next().map(|name| format!("--{name}"))
    });
    let known = OF_RUNS.iter().map(|(name, _)| *name).chain(OTHERS).map(str::to_string);
    assert_eq!(shown.collect::<BTreeSet<_>>(), known.collect::<BTreeSet<_>>());
}
