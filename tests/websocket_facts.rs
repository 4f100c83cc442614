//! Every WebSocket scenario against the log that CPython wrote for the same program with its `websockets` library.
//!
//! The libraries differ in how they buffer, and the kernels in what they count. So what must be equal is who did what, in
//! which order, and when, within a tolerance; each difference is excused by name.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use seedbed::{Config, ProductionOrder, TraceLevel};
use sim_explorer::Scenario;

/// How the log of a variant is compared.
struct Facts {
    scenario: &'static str,
    variant: &'static str,
    times: Times,
    excuses: &'static [Excuse],
}

/// How far apart the times of the same event may be.
#[derive(Clone, Copy)]
enum Times {
    /// The logs are equal as they are, with the order of different tasks.
    Exact,
    /// In milliseconds; the order of one task's events is equal.
    Within(u64),
    /// They were not measured, nor who logged it: the other log was written in real time.
    Unknown,
}

/// Lines of the stored log that differ here.
struct Excuse {
    theirs: &'static str,
    ours: &'static str,
    reason: &'static str,
}

const fn exact(scenario: &'static str, variant: &'static str) -> Facts {
    Facts { scenario, variant, times: Times::Exact, excuses: &[] }
}

const fn texts(variant: &'static str) -> Facts {
    Facts { scenario: "ws_loopback", variant, times: Times::Unknown, excuses: &[] }
}

/// Kernels' buffers.
const UNACKNOWLEDGED: &str = "the send buffer keeps what is on the wire until it is acknowledged, as Linux does: there it is free \
                              at once";
const SEGMENTS: &str = "the bytes before the message, and so those left at a moment, depend on the segments";
const WINDOW: &str = "the receiver's window opens in whole segments, which takes one round trip more";

static FACTS: &[Facts] = &[
    exact("ws_two_coroutines", "fixed_create_task"),
    exact("ws_two_coroutines", "gather"),
    exact("ws_two_coroutines", "task_group"),
    exact("ws_two_coroutines", "fixed_task_tracked"),
    exact("ws_two_coroutines", "broken_sequential"),
    exact("ws_two_coroutines", "broken_task_not_tracked"),
    exact("ws_send_starves_recv", "fixed_sleep_zero"),
    exact("ws_send_starves_recv", "broken"),
    exact("ws_send_starves_recv", "broken_await_nothing"),
    // A loop iteration of the client costs 0.1 ms there, and a round trip takes 2 ms.
    Facts {
        scenario: "ws_send_yields_when_full",
        variant: "never_full",
        times: Times::Within(2),
        excuses: &[],
    },
    Facts {
        scenario: "ws_send_yields_when_full",
        variant: "full",
        times: Times::Within(2),
        excuses: &[Excuse {
            theirs: "1.008 client send 48 suspended for 0.904 s, 240 bytes in the write buffer\n",
            ours: "1.008 client send 40 suspended for 0.904 s, 1504 bytes in the write buffer\n",
            reason: UNACKNOWLEDGED,
        }],
    },
    Facts {
        scenario: "ws_send_yields_when_full",
        variant: "full_small_write_limit",
        times: Times::Within(2),
        excuses: &[Excuse {
            theirs: "0.106 client send 20 suspended for 0.002 s, 0 bytes in the write buffer\n\
                     1.004 client send 28 suspended for 0.898 s, 0 bytes in the write buffer\n\
                     1.006 client send 36 suspended for 0.002 s, 0 bytes in the write buffer\n\
                     1.008 client send 44 suspended for 0.002 s, 0 bytes in the write buffer\n\
                     1.010 client send 52 suspended for 0.002 s, 0 bytes in the write buffer\n\
                     1.010 client all sent\n",
            ours: "0.106 client send 12 suspended for 0.002 s, 0 bytes in the write buffer\n\
                   0.108 client send 19 suspended for 0.002 s, 0 bytes in the write buffer\n\
                   1.006 client send 25 suspended for 0.898 s, 0 bytes in the write buffer\n\
                   1.008 client send 33 suspended for 0.002 s, 0 bytes in the write buffer\n\
                   1.010 client send 41 suspended for 0.002 s, 0 bytes in the write buffer\n\
                   1.012 client send 49 suspended for 0.002 s, 0 bytes in the write buffer\n\
                   1.014 client send 57 suspended for 0.002 s, 0 bytes in the write buffer\n\
                   1.014 client all sent\n",
            reason: UNACKNOWLEDGED,
        }],
    },
    Facts {
        scenario: "ws_send_yields_when_full",
        variant: "one_big_message",
        times: Times::Within(2),
        excuses: &[Excuse {
            theirs: "0.124 client send 0 suspended for 0.020 s, 1710 bytes in the write buffer\n\
                     0.148 client send 1 suspended for 0.024 s, 3420 bytes in the write buffer\n",
            ours: "0.126 client send 0 suspended for 0.022 s, 1855 bytes in the write buffer\n\
                   0.150 client send 1 suspended for 0.024 s, 3565 bytes in the write buffer\n",
            reason: SEGMENTS,
        }],
    },
    exact("ws_connection_breaks", "fixed_wait_and_cancel"),
    exact("ws_connection_breaks", "fixed_task_group"),
    exact("ws_connection_breaks", "broken_gather"),
    texts("starve_fixed"),
    texts("broken_starve"),
    texts("send_never_suspends"),
    Facts {
        scenario: "ws_loopback",
        variant: "send_suspends_when_full",
        times: Times::Unknown,
        excuses: &[Excuse {
            theirs: "64 sends of 1000000 bytes",
            ours: "64 sends of 10000 bytes",
            reason: "the kernel's buffers do not grow by themselves here, so that less fills them",
        }],
    },
    texts("time_sleep_fixed"),
    texts("broken_time_sleep"),
    texts("keepalive_fixed"),
    texts("broken_keepalive"),
    texts("cancel_on_close"),
    texts("loop_in_subthread"),
    Facts {
        scenario: "ws_realtime_broadcast",
        variant: "fixed_broadcast",
        times: Times::Exact,
        excuses: &[Excuse { theirs: "'C': 160474", ours: "'C': 160948", reason: SEGMENTS }],
    },
    exact("ws_realtime_broadcast", "fixed_queue_per_client"),
    Facts {
        scenario: "ws_realtime_broadcast",
        variant: "broken_send_in_turn",
        times: Times::Within(10),
        excuses: &[
            Excuse {
                theirs: "A 100 reports, last was number 99, worst delay 70.615 s",
                ours: "A 100 reports, last was number 99, worst delay 70.625 s",
                reason: WINDOW,
            },
            Excuse {
                theirs: "B 100 reports, last was number 99, worst delay 70.615 s",
                ours: "B 100 reports, last was number 99, worst delay 70.625 s",
                reason: WINDOW,
            },
        ],
    },
];

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    at_ns: u64,
    who: String,
    what: String,
}

/// The stored logs: `<scenario>/<variant>.txt`.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("websocket")
}

/// A line `1.008 client all sent`.
fn parse(line: &str) -> Line {
    let mut words = line.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_else(|| panic!("a line has three parts: {line:?}"));
    let (at, who, what) = (next(), next(), next());
    let (seconds, milliseconds) = at.split_once('.').unwrap();
    assert_eq!(milliseconds.len(), 3, "{line:?}");
    let at_ms = 1_000 * seconds.parse::<u64>().unwrap() + milliseconds.parse::<u64>().unwrap();
    Line { at_ns: 1_000_000 * at_ms, who: who.to_string(), what: what.to_string() }
}

fn expected(facts: &Facts) -> Vec<Line> {
    let file = golden().join(facts.scenario).join(format!("{}.txt", facts.variant));
    let mut log = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    for Excuse { theirs, ours, reason } in facts.excuses {
        let times = log.matches(theirs).count();
        assert_eq!(times, 1, "{}: the excuse that {reason} is for {theirs:?}", file.display());
        log = log.replace(theirs, ours);
    }
    log.lines().map(parse).collect()
}

fn scenario(name: &str) -> &'static Scenario {
    scenarios::all().iter().find(|scenario| scenario.name == name).unwrap_or_else(|| panic!("no {name}"))
}

fn found(facts: &Facts) -> Vec<Line> {
    let scenario = scenario(facts.scenario);
    let variant = scenario.variant(facts.variant).unwrap_or_else(|| panic!("no {}", facts.variant));
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let report = variant.run(&scenario.settings([]).unwrap(), config, Box::new(ProductionOrder));
    let line = |(record, what): (&seedbed::Record, &str)| {
        let who = record.lineage.rsplit('/').next().unwrap_or_default();
        let who = who.split('#').next().unwrap_or_default().to_string();
        Line { at_ns: record.at.as_nanos(), who, what: what.to_string() }
    };
    report.trace.user_events().map(line).collect()
}

/// The lines of each task.
fn by_task(lines: &[Line]) -> BTreeMap<&str, Vec<&Line>> {
    let mut tasks: BTreeMap<&str, Vec<&Line>> = BTreeMap::new();
    for line in lines {
        tasks.entry(&line.who).or_default().push(line);
    }
    tasks
}

fn compare_by_task(name: &str, expected: &[Line], found: &[Line], tolerance_ms: u64) {
    let (theirs, ours) = (by_task(expected), by_task(found));
    assert_eq!(
        theirs.keys().collect::<Vec<_>>(),
        ours.keys().collect::<Vec<_>>(),
        "{name}: who has logged something"
    );
    for (who, lines) in theirs {
        let whats = |lines: &[&Line]| lines.iter().map(|line| line.what.clone()).collect::<Vec<_>>();
        assert_eq!(whats(&lines), whats(&ours[who]), "{name}: what {who} did, in its order");
        for (theirs, ours) in lines.iter().zip(&ours[who]) {
            let apart = theirs.at_ns.abs_diff(ours.at_ns);
            assert!(
                apart <= tolerance_ms * 1_000_000,
                "{name}: more than {tolerance_ms} ms apart: {theirs:?} and {ours:?}"
            );
        }
    }
}

#[test]
fn each_scenario_shows_what_cpython_showed() {
    for facts in FACTS {
        let name = format!("{}/{}", facts.scenario, facts.variant);
        let (expected, found) = (expected(facts), found(facts));
        match facts.times {
            Times::Exact => assert_eq!(expected, found, "{name}"),
            Times::Within(tolerance_ms) => compare_by_task(&name, &expected, &found, tolerance_ms),
            Times::Unknown => {
                let whats = |lines: &[Line]| lines.iter().map(|line| line.what.clone()).collect::<Vec<_>>();
                assert_eq!(whats(&expected), whats(&found), "{name}");
            }
        }
    }
}

#[test]
fn each_stored_log_is_compared_once() {
    let mut stored = Vec::new();
    let scenarios: BTreeSet<&str> = FACTS.iter().map(|facts| facts.scenario).collect();
    for folder in fs::read_dir(golden()).unwrap() {
        let folder = folder.unwrap();
        if !scenarios.contains(&*folder.file_name().into_string().unwrap()) {
            continue; // one of `websocket_programs`
        }
        for file in fs::read_dir(folder.path()).unwrap() {
            let name = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
            stored.push(format!("{}/{}", name(&folder), name(&file.unwrap())));
        }
    }
    let mut compared: Vec<String> =
        FACTS.iter().map(|facts| format!("{}/{}.txt", facts.scenario, facts.variant)).collect();
    stored.sort();
    compared.sort();
    assert_eq!(stored, compared);
}

#[test]
#[should_panic(expected = "more than 2 ms apart")]
fn a_time_out_of_the_tolerance_is_seen() {
    let (expected, found) = (parse("0.100 client all sent"), parse("0.103 client all sent"));
    compare_by_task("example", &[expected], &[found], 2);
}
