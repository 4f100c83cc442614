//! A sweep goes on after a run that has ended its process, and shows what it would show if that run had only failed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// How each ends, and what is told of it first.
const WAYS: [(&str, &str); 6] = [
    ("aborts", "the process was ended by SIGABRT, and said nothing"),
    ("overflows", "the process was ended by SIGABRT: fatal runtime error: stack overflow, aborting"),
    ("panics_twice", "the process was ended by SIGABRT: "),
    (
        "exits",
        "the process was ended by SIGABRT: the program has ended the process inside a run, by std::process::exit",
    ),
    (
        "needs_memory",
        "the process was ended by SIGABRT: memory allocation of 4611686018427387904 bytes failed",
    ),
    ("is_killed", "the process was ended by SIGKILL"),
];

/// A folder of its own, in which the command line is called.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("seedbed-ends-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir(&folder).unwrap();
        Folder(folder)
    }

    fn call(&self, arguments: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_deadly"));
        command.args(arguments.split_whitespace()).current_dir(&self.0).stdin(Stdio::null());
        // A run that stands still is waited for in the test of that; elsewhere a busy machine has time.
        let patience = if arguments.contains("stands_still") { "2" } else { "120" };
        command.env("SEEDBED_WATCHDOG", patience).env("RUST_BACKTRACE", "0").output().unwrap()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    /// The result of a sweep, and its exit status.
    fn sweep(&self, arguments: &str) -> (Value, i32) {
        let swept = self.call(&format!("sweep {arguments} --json result.json"));
        (serde_json::from_str(&self.read("result.json")).unwrap(), status(&swept))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn status(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Without how a failure is told, and without hashes of runs that nobody can know.
fn counts(variant: &Value) -> Vec<String> {
    let known = [
        "runs",
        "failures",
        "first_failing_seed",
        "first_failing_strategy",
        "recipe",
        "strategies",
        "verdict",
        "ok",
    ];
    known.map(|field| format!("{field} {}", variant[field])).to_vec()
}

#[test]
fn a_run_that_ends_its_process_counts_as_one_that_fails_and_the_others_are_as_they_were() {
    let folder = Folder::new("counts");
    let (expected, _) = folder.sweep("ends/fails sound/only --seeds 0..60 --jobs 2");
    let failing = &expected["variants"][0];
    assert!(failing["failures"].as_u64().unwrap() > 1, "{failing}");
    for (way, told) in WAYS {
        let (record, status) = folder.sweep(&format!("ends/{way} sound/only --seeds 0..60 --jobs 2"));
        let [variant, sound] = [&record["variants"][0], &record["variants"][1]];
        assert_eq!(counts(variant), counts(failing), "{way}");
        assert_eq!(sound, &expected["variants"][1], "{way}: other programs are as they were");
        assert_eq!((status, &record["interrupted"]), (0, &Value::Bool(false)), "{way}");
        assert_eq!(variant["production"], failing["production"], "{way}: the hash of a run that ended");
        let message = variant["message"].as_str().unwrap();
        assert!(message.starts_with(told), "{way}: {message}");
        assert_eq!(
            (variant["outcome"].as_str(), &variant["first_failing_hash"]),
            (Some("died"), &Value::Null)
        );
        let orders = |variant: &Value| variant["orders"].as_u64().unwrap();
        assert!(orders(variant) <= orders(failing), "{way}: a run without an end has no hash");
    }
}

#[test]
fn the_result_does_not_depend_on_the_number_of_threads() {
    let folder = Folder::new("jobs");
    let sweep = |jobs| {
        let all = "ends/overflows sound ends/aborts ends/panics_twice ends/always";
        folder.call(&format!(
            "sweep {all} --seeds 0..100 --jobs {jobs} --json a.json --json-lines a.jsonl --junit a.xml"
        ));
        let times = |xml: String| -> String {
            xml.split(" time=\"")
                .enumerate()
                .map(|(number, part)| if number == 0 { part } else { part.split_once('"').unwrap().1 })
                .collect()
        };
        [folder.read("a.json"), folder.read("a.jsonl"), times(folder.read("a.xml"))]
    };
    let one = sweep(1);
    assert_eq!(one[1].lines().count(), 6, "a line for each program: {}", one[1]);
    assert!(
        one[2].contains("name=\"aborts\"") && one[2].contains("replay sound/aborts --seed "),
        "{}",
        one[2]
    );
    for jobs in [2, 5] {
        assert_eq!(sweep(jobs), one, "{jobs} threads");
    }
}

#[test]
fn a_program_that_always_ends_its_process_is_left_after_twenty_runs() {
    let folder = Folder::new("always");
    let swept = folder.call("sweep ends/always sound/only --seeds 0..1000000 --stop-after 50 --max-time 300 --until-nothing-new 100 --json a.json");
    let out = text(&swept.stdout);
    assert!(out.contains("left early, after 20 runs that have ended their process: 1 of 2\n"), "{out}");
    let record: Value = serde_json::from_str(&folder.read("a.json")).unwrap();
    let always = &record["variants"][0];
    assert_eq!(
        (always["runs"].as_u64(), always["failures"].as_u64()),
        (Some(19), Some(19)),
        "production order is the twentieth"
    );
    assert_eq!(
        (always["recipe"].as_str(), &always["production"]["hash"]),
        (Some("production"), &Value::Null)
    );
    assert!(
        record["variants"][1]["runs"].as_u64().unwrap() >= 100,
        "the next program has its turn: {record}"
    );
}

#[test]
fn a_program_that_should_hold_has_failed_and_its_line_makes_the_death_again() {
    let folder = Folder::new("failed");
    let swept = folder.call("sweep sound --seeds 0..60");
    let out = text(&swept.stdout);
    assert_eq!(status(&swept), 1, "{out}");
    assert!(
        out.contains("sound/aborts FAILED: the process was ended by SIGABRT, and said nothing\n"),
        "{out}"
    );
    let line = out.lines().find_map(|line| line.trim().strip_prefix("replay ")).unwrap();
    assert!(!out.contains("NOT REPRODUCED"), "{out}");
    let replayed = folder.call(&format!("replay {line}"));
    assert_eq!(replayed.status.code(), None, "it ends this process too");
    let told = text(&swept.stderr);
    assert!(
        told.contains(
            "the process that made the runs was ended by SIGABRT; now the run is found that did it\n"
        ),
        "{told}"
    );
    assert!(told.contains(&format!("{} has ended its process: ", line.trim())), "{line}: {told}");
    let alone = folder.call("sweep sound --seeds 0..60 --one-process");
    assert_eq!(alone.status.code(), None, "in one process it ends the sweep");
}

#[test]
fn shards_are_together_the_whole() {
    let folder = Folder::new("shards");
    let (whole, _) = folder.sweep("ends/aborts sound/only --seeds 0..90");
    for shard in 1..=3 {
        folder.call(&format!(
            "sweep ends/aborts sound/only --seeds 0..90 --shard {shard}/3 --json {shard}.json"
        ));
    }
    let merged = folder.call("merge 1.json 2.json 3.json --json merged.json");
    assert_eq!(status(&merged), 0, "{}", text(&merged.stderr));
    let merged: Value = serde_json::from_str(&folder.read("merged.json")).unwrap();
    for number in 0..2 {
        assert_eq!(counts(&merged["variants"][number]), counts(&whole["variants"][number]));
        assert_eq!(merged["variants"][number]["digest"], whole["variants"][number]["digest"]);
    }
}

#[test]
fn a_run_that_stands_still_is_ended_and_counts_as_failed() {
    let folder = Folder::new("still");
    let (record, status) = folder.sweep("ends/stands_still sound/only --seeds 0..60 --stop-after 1");
    assert_eq!(status, 0, "{record}");
    let message = record["variants"][0]["message"].as_str().unwrap();
    assert!(
        message.starts_with("the process has ended with status 101: a run has stood still for 2s"),
        "{message}"
    );
    assert_eq!(record["variants"][1]["runs"], 60);
}

#[test]
fn strategies_that_need_a_survey_and_searches_go_on_too() {
    let folder = Folder::new("searches");
    let (expected, _) = folder.sweep("ends/fails --seeds 0..80 --strategy portfolio");
    let (record, _) = folder.sweep("ends/aborts --seeds 0..80 --strategy portfolio");
    assert_eq!(counts(&record["variants"][0]), counts(&expected["variants"][0]));
    let (expected, _) = folder.sweep("ends/fails sound/only --strategy each");
    for jobs in [1, 3] {
        let (record, status) =
            folder.sweep(&format!("ends/overflows sound/only --strategy each --jobs {jobs}"));
        let died = &record["variants"][0];
        assert_eq!((status, &died["verdict"]), (0, &Value::from("found")), "{record}");
        assert_eq!(died["recipe"], expected["variants"][0]["recipe"], "the same run is found");
        assert_eq!(died["each"]["end"], "died");
        assert_eq!(record["variants"][1], expected["variants"][1]);
    }
}

#[test]
fn a_process_that_is_ended_from_outside_costs_no_run() {
    let folder = Folder::new("outside");
    let (expected, _) = folder.sweep("sound/only --seeds 0..200");
    let killed = folder.call("sweep once/is_killed sound/only --seeds 0..200 --jobs 2 --json a.json");
    let out = text(&killed.stdout);
    assert_eq!(status(&killed), 0, "all runs were made: {out}");
    assert!(
        out.contains(
            "unexplained: the process was ended by SIGKILL (by the system, if there was no memory left)"
        ),
        "{out}"
    );
    let record: Value = serde_json::from_str(&folder.read("a.json")).unwrap();
    assert_eq!(
        (&record["variants"][0]["runs"], &record["variants"][0]["failures"]),
        (&200.into(), &0.into())
    );
    assert_eq!(record["variants"][1], expected["variants"][0]);
    let aborted = folder.call("sweep once/aborts --seeds 0..200");
    let out = text(&aborted.stdout);
    assert_eq!(status(&aborted), 1, "who aborts once may do so again: {out}");
    assert!(out.contains("unexplained: the process was ended by SIGABRT"), "{out}");
    assert!(Path::new(&folder.0).join("aborts.was-there").exists());
    fs::remove_file(folder.0.join("aborts.was-there")).unwrap();
    let (record, status) = folder.sweep("once/aborts sound/only --strategy each");
    assert_eq!((status, &record["variants"][0]["verdict"]), (1, &Value::from("holds")), "{record}");
    assert_eq!(record["variants"][1]["verdict"], "holds", "what the others showed is there");
}

#[test]
fn what_a_program_writes_by_itself_is_there_and_holds_nothing_up() {
    let folder = Folder::new("talks");
    for how in ["", "--one-process"] {
        let swept = folder.call(&format!("sweep talks sound/only --seeds 0..20 --jobs 2 {how}"));
        let [out, err] = [&swept.stdout, &swept.stderr].map(|bytes| text(bytes));
        assert_eq!(status(&swept), 0, "{how}: {out}{err}");
        assert_eq!(out.matches("a line of its own\n").count(), 21, "{how}: {out}");
        assert_eq!(err.matches("a word of warning\n").count(), 21, "{how}: {err}");
    }
    for how in ["run", "replay"] {
        let made = folder.call(&format!("{how} talks --seed 3"));
        assert_eq!(status(&made), 0, "{how}: {}", text(&made.stderr));
        assert!(text(&made.stdout).contains("a line of its own\n"), "{how}: {}", text(&made.stdout));
    }
}
