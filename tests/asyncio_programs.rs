//! Every scenario in asyncio's manner against the log that CPython wrote for the same program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use seedbed::{Config, ProductionOrder, Record, Trace, TraceLevel};
use sim_explorer::{Scenario, Variant};

/// How many logs there are: 117 of programs as they were published, the others of `fairness` and `timer_hops`.
const LOGS: usize = 128;

/// The stored logs: `<scenario>/<variant>.txt`.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("asyncio").join("programs")
}

fn entries(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn variants() -> impl Iterator<Item = (&'static Scenario, &'static Variant)> {
    scenarios::all()
        .iter()
        .flat_map(|scenario| scenario.variants.iter().map(move |variant| (scenario, variant)))
}

/// Whether an event says itself who speaks: an exception handler names the task it is told of, and so does the cleanup of one
/// that is destroyed; warnings and a test harness come from no task.
fn names_its_speaker(what: &str) -> bool {
    let of_a_task = what.contains(" exception_handler: ") || what.ends_with(" finally runs");
    of_a_task || what.starts_with("warnings ") || what.starts_with("harness ")
}

/// The log in the stored one's form: who is the task alone, and a callback is the loop's. A task's name that has a slash in
/// it is known from the stored log; in a lineage the slash stands behind a backslash.
fn log_of(trace: &Trace, stored: &str) -> String {
    let speakers: Vec<&str> = stored.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    let line = |record: &Record, what: &str| {
        if names_its_speaker(what) {
            return format!("{} {what}\n", record.at);
        }
        let lineage = &*record.lineage;
        let is_it = |who: &&&str| who.contains('/') && lineage.ends_with(&who.replace('/', "\\/"));
        let slashed = speakers.iter().find(is_it);
        let who = slashed.copied().or_else(|| lineage.rsplit('/').next()).unwrap_or_default();
        let who = who.split('#').next().unwrap_or_default();
        format!("{} {} {what}\n", record.at, if who == "callback" { "loop" } else { who })
    };
    // A thread that blocks is ahead of the others: what it does next is recorded before what they do meanwhile.
    let mut events: Vec<_> = trace.user_events().collect();
    events.sort_by_key(|(record, _)| record.at);
    events.into_iter().map(|(record, what)| line(record, what)).collect()
}

fn run(scenario: &Scenario, variant: &Variant, stored: &str) -> String {
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let settings = scenario.settings([]).unwrap();
    log_of(&variant.run(&settings, config, Box::new(ProductionOrder)).trace, stored)
}

#[test]
fn each_program_writes_the_log_that_cpython_wrote() {
    let mut compared = 0;
    for (scenario, variant) in variants() {
        let file = golden().join(scenario.name).join(format!("{}.txt", variant.name));
        let Ok(expected) = fs::read_to_string(&file) else { continue };
        let found = run(scenario, variant, &expected);
        assert!(
            found == expected,
            "{}/{} differs from CPython's log\n--- CPython\n{expected}--- here\n{found}",
            scenario.name,
            variant.name
        );
        compared += 1;
    }
    assert_eq!(compared, LOGS, "so many logs are stored");
}

fn run_by_name(scenario: &str, variant: &str) -> String {
    let (scenario, variant) = variants()
        .find(|(found, part)| found.name == scenario && part.name == variant)
        .unwrap_or_else(|| panic!("there is no {scenario}/{variant}"));
    run(scenario, variant, "")
}

/// Programs of which a part does not compile in Rust. Of their logs by CPython, these are the lines that can be written
/// here; why the others cannot is shown, mistake by mistake, in the documentation of `sim_asyncio::Task`.
#[test]
fn what_compiles_of_a_program_writes_the_lines_that_cpython_wrote() {
    // CPython also ran into `create_task(future)`, a `TypeError`: here the argument's type says no.
    assert_eq!(
        run_by_name("ways_to_schedule", "ensure_future_vs_create_task"),
        "0.000 main ensure_future(task) is the same object: True\n\
         0.000 main ensure_future(future) is the same object: True\n\
         0.000 Task-1 Hello world from a coroutine! 1\n"
    );
    // CPython also ran into a function, a generator or a number in place of a coroutine: the argument's type says no;
    // into the second run of a coroutine: it was moved into the first; into the truth value of a coroutine and the await of
    // a number: neither type has such a thing.
    assert_eq!(
        run_by_name("wrong_kind_of_object", "broken"),
        "0.000 main first run of a coroutine object -> 1\n\
         0.000 main forgot await -> None\n\
         0.000 main await current_task() -> RuntimeError: Task cannot await on itself\n"
    );
}

#[test]
fn each_stored_log_belongs_to_a_variant() {
    let known: BTreeSet<String> =
        variants().map(|(scenario, variant)| format!("{}/{}.txt", scenario.name, variant.name)).collect();
    for scenario in entries(&golden()) {
        for file in entries(&golden().join(&scenario)) {
            let name = format!("{scenario}/{file}");
            assert!(known.contains(&name), "no variant writes {name}");
        }
    }
}
