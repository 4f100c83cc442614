//! Programs on kept-alive WebSocket connections against the logs that CPython wrote with the library `websockets`.
//!
//! Nothing of two libraries must be equal byte for byte on the wire, and yet the facts are: which events, in which order in
//! each task, with which counts, close codes, and at which time within a tolerance. What differs is excused by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use seedbed::{Config, Instant, ProductionOrder, TraceLevel};
use sim_explorer::{Scenario, Variant};

/// What a program may differ by.
struct Facts {
    scenario: &'static str,
    /// By how much the time of an event may differ.
    tolerance: Duration,
    excused: &'static [Excuse],
}

/// A line that differs, and why it may.
struct Excuse {
    variant: &'static str,
    /// Who says it.
    who: &'static str,
    /// What CPython's log has.
    there: &'static str,
    /// What ours has.
    here: &'static str,
    /// By how much more the time may differ.
    later_by_max: Duration,
    reason: &'static str,
}

const FACTS: &[Facts] = &[
    Facts {
        scenario: "ws_slow_process",
        tolerance: Duration::ZERO,
        excused: &[Excuse {
            variant: "fixed_task_per_message",
            who: "client",
            there: "connection closed normally, at most 11 tasks at a time",
            here: "connection closed normally, at most 10 tasks at a time",
            later_by_max: Duration::ZERO,
            reason: "the eleventh message comes in the instant in which the first task ends; a sleep of asyncio takes one turn \
                     more to end than one here, so that there the message is first",
        }],
    },
    Facts { scenario: "ws_time_sleep", tolerance: Duration::ZERO, excused: &[] },
    Facts {
        scenario: "ws_keepalive",
        tolerance: Duration::ZERO,
        excused: &[Excuse {
            variant: "broken_no_keepalive",
            who: "main",
            there: "the server still believes the connection is open; nothing will ever wake it",
            here: "the server still believes the connection is open; nothing will ever wake it",
            later_by_max: Duration::from_secs(180),
            reason: "the simulated kernel repeats the client's close frame for some time before it gives up, the one of CPython's \
                     log does not: only then is nothing left to happen",
        }],
    },
];

/// One event of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    at: Instant,
    who: String,
    what: String,
}

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("websocket")
}

/// `12.345` seconds.
fn instant(text: &str) -> Instant {
    let (seconds, millis) = text.split_once('.').unwrap();
    assert_eq!(millis.len(), 3, "{text}");
    Instant::from_nanos(
        (seconds.parse::<u64>().unwrap() * 1_000 + millis.parse::<u64>().unwrap()) * 1_000_000,
    )
}

fn parse(log: &str) -> Vec<Line> {
    let line = |line: &str| {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or_else(|| panic!("{line} has no three parts")).to_string();
        Line { at: instant(&part()), who: part(), what: part() }
    };
    log.lines().map(line).collect()
}

/// The log of a run in production order; who is the task alone.
fn log_of(scenario: &Scenario, variant: &Variant) -> Vec<Line> {
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let report = variant.run(&scenario.settings([]).unwrap(), config, Box::new(ProductionOrder));
    let events = report.trace.user_events().map(|(record, what)| {
        let who = record.lineage.rsplit('/').next().unwrap_or_default();
        Line { at: record.at, who: who.to_string(), what: what.to_string() }
    });
    let mut lines: Vec<_> = events.collect();
    // A host that blocks is ahead of the others.
    lines.sort_by_key(|line| line.at);
    lines
}

/// The lines of each task, in their order.
fn by_task(lines: Vec<Line>) -> BTreeMap<String, Vec<Line>> {
    let mut tasks: BTreeMap<String, Vec<Line>> = BTreeMap::new();
    for line in lines {
        tasks.entry(line.who.clone()).or_default().push(line);
    }
    tasks
}

/// What is wrong with our line, if anything; the excuse that it needed, if any.
fn compare(
    facts: &Facts,
    variant: &str,
    there: &Line,
    here: &Line,
) -> Result<Option<&'static Excuse>, String> {
    let excuse = facts
        .excused
        .iter()
        .find(|excuse| (excuse.variant, excuse.who, excuse.there) == (variant, &there.who, &there.what));
    let what = excuse.map_or(there.what.as_str(), |excuse| excuse.here);
    let late = excuse.map_or(Duration::ZERO, |excuse| excuse.later_by_max);
    let is_in_time = here.at <= there.at + facts.tolerance + late && there.at <= here.at + facts.tolerance;
    if here.what == what && is_in_time {
        return Ok(excuse);
    }
    Err(format!("there: {} {}\nhere:  {} {}", there.at, there.what, here.at, here.what))
}

fn check(scenario: &Scenario, variant: &Variant, facts: &Facts, log: &str) -> BTreeSet<&'static str> {
    let name = format!("{}/{}", scenario.name, variant.name);
    let (there, here) = (by_task(parse(log)), by_task(log_of(scenario, variant)));
    assert!(
        there.keys().eq(here.keys()),
        "{name}: there {:?} say something, here {:?}",
        there.keys(),
        here.keys()
    );
    let mut needed = BTreeSet::new();
    for (who, there) in &there {
        let here = &here[who];
        assert_eq!(there.len(), here.len(), "{name}: {who} says\n{there:#?}\nand here\n{here:#?}");
        for (there, here) in there.iter().zip(here) {
            match compare(facts, variant.name, there, here) {
                Ok(excuse) => needed.extend(excuse.map(|excuse| excuse.reason)),
                Err(difference) => panic!("{name}: {who} differs\n{difference}"),
            }
        }
    }
    needed
}

fn check_all(facts: &Facts) {
    let scenario = scenarios::all().iter().find(|scenario| scenario.name == facts.scenario).unwrap();
    let mut needed = BTreeSet::new();
    for entry in fs::read_dir(golden().join(facts.scenario)).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_stem().unwrap().to_str().unwrap();
        let variant =
            scenario.variant(name).unwrap_or_else(|| panic!("no variant {name} of {}", facts.scenario));
        needed.extend(check(scenario, variant, facts, &fs::read_to_string(&file).unwrap()));
    }
    for variant in scenario.variants {
        let file = golden().join(facts.scenario).join(format!("{}.txt", variant.name));
        assert!(file.exists(), "there is no log of {}/{}", scenario.name, variant.name);
    }
    for excuse in facts.excused {
        assert!(needed.contains(excuse.reason), "{} needs no excuse: {}", excuse.variant, excuse.reason);
    }
}

fn facts_of(scenario: &str) -> &'static Facts {
    FACTS.iter().find(|facts| facts.scenario == scenario).unwrap()
}

#[test]
fn a_slow_client_loses_its_connection_where_cpythons_does() {
    check_all(facts_of("ws_slow_process"));
}

#[test]
fn a_client_that_sleeps_blocking_gets_its_answers_when_cpythons_does() {
    check_all(facts_of("ws_time_sleep"));
}

#[test]
fn a_dead_connection_is_noticed_when_cpython_notices_it() {
    check_all(facts_of("ws_keepalive"));
}

#[test]
fn a_line_that_differs_is_not_excused() {
    let facts = Facts { scenario: "", tolerance: Duration::from_millis(10), excused: &[] };
    let line = |at: &str, what: &str| Line { at: instant(at), who: "client".into(), what: what.into() };
    let there = line("1.000", "close code 1000");
    assert!(compare(&facts, "fixed", &there, &line("1.010", "close code 1000")).is_ok());
    assert!(compare(&facts, "fixed", &there, &line("0.989", "close code 1000")).is_err());
    assert!(compare(&facts, "fixed", &there, &line("1.011", "close code 1000")).is_err());
    assert!(compare(&facts, "fixed", &there, &line("1.000", "close code 1006")).is_err());
}
