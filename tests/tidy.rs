//! The rules of the repository that a machine can check: the arrows between layers, the shape of files.

#[path = "tidy/circles.rs"]
mod circles;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/modules.rs"]
mod modules;
#[path = "tidy/paths.rs"]
mod paths;
#[path = "tidy/sources.rs"]
mod sources;
#[path = "tidy/words.rs"]
mod words;

use std::path::Path;

use sources::{assert_none, code, sources};

const LINES_MAX: usize = 400;

/// The files and lines at which `wrong` finds something to say.
fn offences(wrong: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
    sources()
        .iter()
        .filter_map(|(name, text)| wrong(name, text).map(|what| format!("{name}: {what}")))
        .collect()
}

fn line_offences(wrong: impl Fn(&str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in sources() {
        for (number, line) in (1..).zip(text.lines()) {
            if wrong(&name, line) {
                found.push(format!("{name}:{number}: {}", line.trim()));
            }
        }
    }
    found
}

#[test]
fn a_file_begins_with_the_one_thing_that_it_is() {
    let wrong = offences(|_, text| {
        let first = text.lines().next().unwrap_or_default();
        let Some(sentence) = first.strip_prefix("//! ") else {
            return Some("does not begin with `//! `".to_string());
        };
        let concept = sentence.split([':', ',', '.', ';']).next().unwrap_or_default();
        concept.contains(" and ").then(|| format!("is two things: {sentence}"))
    });
    assert_none(&wrong, "a file begins with what it is, without \"and\"");
}

/// The files whose structs keep something true: the rooms of a run, and a task's place in the table.
const ROOMS: &[&str] = &[
    "run/decisions.rs",
    "run/devices.rs",
    "run/log.rs",
    "run/nodes.rs",
    "run/polling.rs",
    "run/time.rs",
    "run/verdict.rs",
    "task/background.rs",
    "task/slot.rs",
    "task/table.rs",
];

/// A field that others may name: `pub(crate) count: u32,` in a struct that is not data for a user.
fn is_open_field(line: &str) -> bool {
    let Some(rest) = line.strip_prefix("    pub") else { return false };
    let rest = if let Some(rest) = rest.strip_prefix('(') {
        rest.split_once(") ").map(|(_, rest)| rest)
    } else {
        None
    };
    let Some((name, _)) = rest.and_then(|rest| rest.split_once(": ")) else { return false };
    name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[test]
fn a_room_of_the_run_is_entered_by_its_doors() {
    assert!(is_open_field("    pub(crate) polls: u64,"));
    assert!(!is_open_field("    polls: u64,"));
    assert!(!is_open_field("    pub(crate) fn polls(&self: &Self) -> u64 {"));
    let mut seen = 0;
    for (name, text) in sources() {
        let Some(name) = name.strip_prefix("sim-executor/src/") else { continue };
        if !ROOMS.contains(&name) {
            continue;
        }
        seen += 1;
        // What a task is made from, where it waits, and what a report says are plain data.
        let data = ["pub(crate) struct NewTask", "pub(crate) struct Wait"];
        let mut is_data = false;
        let mut wrong = Vec::new();
        for line in code(&text) {
            if line.contains("struct ") {
                is_data = data.iter().any(|data| line.contains(data));
            }
            if !is_data && is_open_field(line) {
                wrong.push(format!("{name}: {}", line.trim()));
            }
        }
        assert_none(&wrong, "no file outside a struct's own may name its fields: give it a method");
    }
    assert_eq!(seen, ROOMS.len(), "a file of ROOMS is not there");
}

#[test]
fn a_file_fits_in_the_head() {
    let wrong = offences(|name, text| {
        let lines = code(text).count();
        let is_test = name.contains("tests/");
        (lines > LINES_MAX && !is_test).then(|| format!("{lines} lines, more than {LINES_MAX}"))
    });
    assert_none(&wrong, "one concept per file");
}

#[test]
fn a_thing_lives_with_the_concept_that_it_serves() {
    let wrong = offences(|name, _| {
        let stem = Path::new(name).file_stem()?.to_str()?;
        ["util", "utils", "common", "types", "error", "errors", "prelude", "helpers", "misc"]
            .contains(&stem)
            .then(|| "says nothing of a concept".to_string())
    });
    assert_none(&wrong, "no utils, common, types, error, prelude");
}

#[test]
fn nothing_is_left_to_do_and_no_lint_is_silenced_without_a_reason() {
    let marks = [
        "TO".to_string() + "DO",
        "FIX".to_string() + "ME",
        "#[al".to_string() + "low",
        "#![al".to_string() + "low",
    ];
    let wrong = line_offences(|_, line| marks.iter().any(|mark| line.contains(mark.as_str())));
    assert_none(&wrong, "do it or file it; `#[expect(lint, reason = \"…\")]` instead of a bare one");
}

#[test]
fn no_test_is_left_out() {
    let mark = "#[ig".to_string() + "nore";
    let wrong = line_offences(|name, line| !name.starts_with("seedbed/") && line.trim().starts_with(&mark));
    assert_none(&wrong, "nothing is ignored");
}

#[test]
fn unsafe_code_is_in_four_places_only() {
    let places = [
        "sim-executor/src/context/waker.rs",
        // The C functions that programs call, and those of the real library.
        "sim-posix/src/symbols/mod.rs",
        "sim-posix/src/real/mod.rs",
        // The test harness, outside of runs.
        "seedbed/src/watchdog/signals.rs",
    ];
    let mark = "unsafe_".to_string() + "code";
    let wrong = line_offences(|name, line| {
        line.contains(&mark)
            && !places.contains(&name)
            && !name.starts_with("tests/")
            // Programs that call the C library themselves.
            && !name.starts_with("sim-posix/tests/")
    });
    assert_none(&wrong, "these alone may hold it");
}

/// What would let the outside world into a run. Clippy knows these as well (clippy.toml); here it is said who is allowed
/// to silence it.
#[test]
fn the_outside_world_stays_outside_of_runs() {
    let outside = ["sim-cli/", "benches/", "tests/", "fuzz/"];
    let lints = ["disallowed_".to_string() + "methods", "disallowed_".to_string() + "types"];
    let wrong = line_offences(|name, line| {
        lints.iter().any(|lint| line.contains(lint.as_str()))
            && !outside.iter().any(|folder| name.starts_with(folder))
            && name != "seedbed/src/environment.rs"
            && name != "seedbed/src/real_threads.rs"
            // A thread that looks at runs in wall time, and that no run can see.
            && name != "seedbed/src/watchdog/thread.rs"
            && name != "seedbed/src/watchdog/stack.rs"
            // How long a failure is shrunk: outside of runs.
            && name != "seedbed/src/sweep/patience.rs"
            && name != "seedbed/src/adapters/std_time.rs"
            // Programs that are unmodified, and what is outside of runs beside them.
            && !name.starts_with("sim-posix/tests/")
            && !name.starts_with("sim-posix/examples/")
            && name != "seedbed/tests/posix.rs"
    });
    assert_none(
        &wrong,
        "wall time, threads and the environment are for the command line and the test harness",
    );
}

/// The same by their names, so that `cargo test` says it as well as clippy.
#[test]
fn nothing_below_the_harness_is_in_hash_order_or_reads_the_wall_clock() {
    let folders =
        ["sim-executor/src/", "sim-net/src/", "sim-explorer/src/", "sim-asyncio/src/", "scenarios/src/"];
    let names =
        ["HashMap", "HashSet", "RandomState", "SystemTime", "time::Instant", "thread::spawn", "env::var"];
    let wrong = line_offences(|name, line| {
        let code = line.split("//").next().unwrap_or_default();
        folders.iter().any(|folder| name.starts_with(folder)) && names.iter().any(|name| code.contains(name))
    });
    assert_none(&wrong, "a run is a pure function of its choices");
}

#[test]
fn one_thread_local_and_no_other_global_below_the_harness() {
    let folders = ["sim-executor/src/", "sim-net/src/", "sim-explorer/src/"];
    let wrong = line_offences(|name, line| {
        let line = line.trim();
        let is_global = line.starts_with("thread_local!")
            || line.starts_with("static ")
            || line.starts_with("pub static ");
        let is_current = name == "sim-executor/src/context/mod.rs" && line.starts_with("thread_local!")
            || line.starts_with("static CURRENT");
        // The table of functions, the counter that tells runs apart, the note of an escaped wake.
        let is_waker = name == "sim-executor/src/context/waker.rs";
        // In a macro: it is the program's, and holds nothing between polls.
        let is_programs = name == "sim-executor/src/task_local.rs" && line.starts_with("static KEY");
        folders.iter().any(|folder| name.starts_with(folder))
            && is_global
            && !is_current
            && !is_waker
            && !is_programs
    });
    assert_none(&wrong, "a run is a value: nothing outlives it");
}

#[test]
fn floats_decide_nothing() {
    let folders = ["sim-executor/src/", "sim-net/src/", "sim-explorer/src/"];
    let wrong = line_offences(|name, line| {
        let code = line.split("//").next().unwrap_or_default();
        let mut words = code.split(|c: char| !c.is_alphanumeric() && c != '_');
        folders.iter().any(|folder| name.starts_with(folder))
            && words.any(|word| word == "f64" || word == "f32")
    });
    assert_none(&wrong, "probabilities are ratios, times are integers");
}
