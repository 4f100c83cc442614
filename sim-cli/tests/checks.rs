//! The checks that are asked for with `--checks`, and bounds that are confirmed: the same in every command that shows a run.

use std::future::poll_fn;
use std::path::PathBuf;
use std::task::Poll;
use std::time::Duration;

use anstream::StripStream;
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, spawn_named, time, yield_now};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation};

static SCENARIOS: [Scenario; 2] = [
    Scenario {
        name: "forgets",
        about: "A task does not keep its waker, and nobody waits for it.",
        invariant: "Each task can be woken.",
        patterns: &[],
        parameters: &[],
        variants: &[Variant { name: "only", about: "As it is.", expect: Expect::Holds, body: forgets }],
    },
    Scenario {
        name: "slow",
        about: "A task yields more often than a program does that is well, and ends.",
        invariant: "None.",
        patterns: &[],
        parameters: &[],
        variants: &[Variant { name: "only", about: "As it is.", expect: Expect::Holds, body: slow }],
    },
];

fn forgets(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        drop(spawn_named("forgets", poll_fn(|_| Poll::<()>::Pending)));
        time::sleep(Duration::from_secs(1)).await;
    })?;
    Ok(())
}

fn slow(executor: &mut Executor, _settings: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        for _ in 0..110_000 {
            yield_now().await;
        }
    })?;
    Ok(())
}

/// What a command says, and how it ends.
fn seedbed(arguments: &str) -> (Exit, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = {
        let (mut out, mut err) = (StripStream::new(&mut out), StripStream::new(&mut err));
        let mut console = Console { out: &mut out, err: &mut err, is_process: false };
        call(&SCENARIOS, ["seedbed"].into_iter().chain(arguments.split_whitespace()), &mut console)
    };
    (exit, String::from_utf8(out).unwrap() + &String::from_utf8(err).unwrap())
}

fn file(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("seedbed-checks-{}-{name}", std::process::id()))
}

#[test]
fn the_line_that_a_sweep_prints_makes_the_failure_that_its_checks_found() {
    for arguments in ["sweep forgets --seeds 0..3 --checks", "sweep forgets --strategy each --checks"] {
        let (exit, text) = seedbed(arguments);
        assert_eq!(exit, Exit::Failure, "{text}");
        let line = text.lines().find_map(|line| line.trim().strip_prefix("replay forgets")).unwrap();
        assert!(line.ends_with(" --checks"), "{line}");
        let (exit, text) = seedbed(&format!("replay forgets{line}"));
        assert_eq!(exit, Exit::Failure, "{text}");
        assert!(text.contains("nobody can wake main/forgets any more"), "{text}");
        assert!(text.contains("gave the same hash"), "{text}");
        let (exit, text) = seedbed(&format!("replay forgets{}", line.strip_suffix(" --checks").unwrap()));
        assert_eq!(exit, Exit::Expected, "{text}");
    }
    let (exit, text) = seedbed("sweep forgets --seeds 0..3");
    assert_eq!(exit, Exit::Expected, "{text}");
}

#[test]
fn the_record_of_a_sweep_with_checks_says_so_in_its_line_too() {
    let path = file("record.json");
    let (exit, _) = seedbed(&format!("sweep forgets --seeds 0..3 --checks --json {}", path.display()));
    assert_eq!(exit, Exit::Failure);
    let (_, merged) = seedbed(&format!("merge {}", path.display()));
    std::fs::remove_file(&path).unwrap();
    assert!(merged.contains("replay forgets --seed production --checks\n"), "{merged}");
}

#[test]
fn a_failure_of_a_check_is_shrunk_and_its_file_replays_it() {
    let path = file("forgets.simfail");
    for command in ["shrink", "replay"] {
        let name = path.display();
        let (exit, text) = seedbed(&format!("{command} forgets --seed 1 --checks --simfail {name}"));
        assert_eq!(exit, Exit::Failure, "{text}");
        let (exit, text) = seedbed(&format!("replay {name}"));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(exit, Exit::Failure, "{text}");
        assert!(text.contains("nobody can wake main/forgets any more"), "{text}");
        assert!(text.contains("EXACT"), "{text}");
    }
    let (exit, text) = seedbed("replay nowhere.simfail --checks");
    assert_eq!(exit, Exit::Usage);
    assert!(text.contains("says itself which run it is; leave --checks out"), "{text}");
}

#[test]
fn a_run_that_is_only_slow_passes_in_every_command_with_the_same_hash() {
    let (exit, run) = seedbed("run slow --seed 3");
    assert_eq!(exit, Exit::Expected, "{run}");
    assert!(run.contains("it was only slow"), "{run}");
    let (exit, replayed) = seedbed("replay slow --seed 3");
    assert_eq!(exit, Exit::Expected, "{replayed}");
    assert!(replayed.contains("it was only slow") && replayed.contains("gave the same hash"), "{replayed}");
    assert_eq!(replayed.lines().last(), run.lines().last());
    let (exit, text) = seedbed("sweep slow --seeds 3..4");
    assert_eq!(exit, Exit::Expected, "{text}");
    let (exit, text) = seedbed("report slow --seed 3 --mermaid -");
    assert_eq!(exit, Exit::Expected, "{text}");
    let (exit, text) = seedbed("shrink slow --seed 3");
    assert_eq!(exit, Exit::Usage, "{text}");
    assert!(text.contains("slow does not fail in this run"), "{text}");
}
