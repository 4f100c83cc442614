//! Which part of a run's log is shown, in which colours.

use std::time::Duration;

use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, event, time};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation};

static SCENARIOS: [Scenario; 1] = [Scenario {
    name: "work",
    about: "Two nodes work.",
    invariant: "None.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "well",
            about: "Ends well.",
            expect: Expect::Holds,
            body: |executor, _| work(executor, false),
        },
        Variant {
            name: "badly",
            about: "Ends badly.",
            expect: Expect::Breaks,
            body: |executor, settings: &Settings| {
                let _ = settings;
                work(executor, true)
            },
        },
    ],
}];

fn work(executor: &mut Executor, is_bad: bool) -> Result<(), Violation> {
    executor.block_on(async move {
        let workers = ["one", "two"].map(|name| {
            seedbed::node(name).spawn_named("worker", async move {
                for step in 1..=3 {
                    time::sleep(Duration::from_secs(1)).await;
                    event!("step {step}");
                }
            })
        });
        for worker in workers {
            worker.await.unwrap();
        }
        event!("all is done");
    })?;
    if is_bad { Err(Violation::new("it was all in vain")) } else { Ok(()) }
}

fn seedbed(arguments: &str) -> (String, String, Exit) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let mut console = Console { out: &mut out, err: &mut err, is_process: false };
        call(&SCENARIOS, ["seedbed"].into_iter().chain(arguments.split_whitespace()), &mut console)
    };
    let [out, err] = [out, err].map(|bytes| String::from_utf8(bytes).unwrap());
    (anstream::adapter::strip_str(&out).to_string(), err, exit)
}

/// The lines of the log, without the hash.
fn log(arguments: &str) -> Vec<String> {
    let (out, err, exit) = seedbed(arguments);
    assert!(matches!(exit, Exit::Expected | Exit::Failure) && err.is_empty(), "{arguments}: {out}{err}");
    out.lines()
        .filter(|line| line.starts_with(|digit: char| digit.is_ascii_digit()))
        .map(str::to_string)
        .collect()
}

#[test]
fn a_filter_shows_what_is_of_a_task_a_node_or_a_kind() {
    let all = log("run work");
    assert_eq!(all.len(), 7, "{all:?}");
    let of = |what: &str| -> Vec<String> { all.iter().filter(|line| line.contains(what)).cloned().collect() };
    assert_eq!(log("run work --filter node=one"), of(" one/"));
    assert_eq!(
        log("run work --filter node=one,main"),
        all.iter().filter(|line| !line.contains(" two/")).cloned().collect::<Vec<_>>()
    );
    assert_eq!(log("run work --filter task=*/worker"), of("/worker "));
    assert_eq!(log("run work --filter task=main --filter kind=event"), of(" main "));
    assert_eq!(log("run work --filter node=t* --filter task=*/worker --to 1"), ["1.000 two/worker step 1"]);
}

#[test]
fn a_kind_that_is_asked_for_is_traced() {
    let ended = log("run work --filter kind=done");
    assert_eq!(ended, ["3.000 one/worker done", "3.000 two/worker done", "3.000 main done"]);
    let woken = log("run work --filter kind=woke --filter node=one");
    assert!(!woken.is_empty() && woken.iter().all(|line| line.contains(" woke ")), "{woken:?}");
    let hash = |arguments: &str| seedbed(arguments).0.lines().last().map(str::to_string);
    assert_eq!(hash("run work --filter kind=woke"), hash("run work"), "the run is the same");
}

#[test]
fn a_span_of_virtual_time_is_shown() {
    let all = log("run work");
    assert_eq!(log("run work --from 2 --to 2.5s"), all[2..4]);
    assert_eq!(log("run work --from 3000ms"), all[4..]);
    assert_eq!(log("run work --to 1"), all[..2], "the end of the span belongs to it");
    assert_eq!(
        log("replay work/badly --seed 1 --from 2 --to 2 --filter node=one"),
        ["2.000 one/worker step 2"]
    );
}

#[test]
fn the_failure_is_shown_whatever_is_left_out() {
    let (out, err, exit) = seedbed("run work/badly --filter node=three");
    assert_eq!(exit, Exit::Failure);
    assert!(out.starts_with("it was all in vain\nhash "), "{out}");
    assert_eq!(err, "none of the 7 lines of the log is one that was asked for; they are of main, one, two\n");
}

#[test]
fn each_node_has_a_colour_of_its_own() {
    let mut out = Vec::new();
    let exit = {
        let mut console = Console { out: &mut out, err: &mut std::io::sink(), is_process: false };
        call(&SCENARIOS, ["seedbed", "run", "work"], &mut console)
    };
    assert_eq!(exit, Exit::Expected);
    let text = String::from_utf8(out).unwrap();
    let colour_of =
        |task: &str| text.lines().find_map(|line| line.split_once(task)?.0.rsplit_once(' ')).unwrap().1;
    let colours = ["one/worker", "two/worker", "main"].map(colour_of);
    assert_eq!(colours, ["\u{1b}[36m", "\u{1b}[33m", "\u{1b}[32m"], "{text}");
    assert_eq!(text.matches(colours[0]).count(), 3, "each line of its tasks");
}

#[test]
fn what_asks_for_nothing_is_refused_with_what_to_write() {
    for (arguments, advice) in [
        ("run work --filter one", "write task=PATH, node=NAME or kind=KIND"),
        ("run work --filter kind=packet", "there are event, spawned, polled, woke, done"),
        ("run work --filter node=", "a filter has a value: write node=…"),
        ("run work --from soon", "write seconds as the log shows them"),
        ("replay work --seed 1 --from 2 --to 1", "--from 2.000 is after --to 1.000; exchange them"),
        ("run work --color red", "auto"),
    ] {
        let (_, err, exit) = seedbed(arguments);
        assert_eq!(exit, Exit::Usage, "{arguments}");
        assert!(err.contains(advice), "{arguments}: {err}");
    }
}
