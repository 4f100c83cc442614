//! `shrink` on the command line: the story of a failure, its file, and what cannot be shrunk.

use std::cell::Cell;
use std::rc::Rc;

use anstream::StripStream;
use sim_cli::{Console, Exit, call};
use sim_executor::{Executor, spawn_named, yield_now};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Simfail, Variant, Violation, ensure};

static SCENARIOS: [Scenario; 1] = [Scenario {
    name: "counter",
    about: "Tasks count.",
    invariant: "No increment is lost.",
    patterns: &[],
    parameters: &[Parameter { name: "tasks", about: "how many tasks count", default: 6, min: 1, max: 9 }],
    variants: &[
        Variant { name: "broken", about: "", expect: Expect::Breaks, body: |e, s| count(e, s, false) },
        Variant { name: "mended", about: "", expect: Expect::Holds, body: |e, s| count(e, s, true) },
    ],
}];

fn count(executor: &mut Executor, settings: &Settings, mended: bool) -> Result<(), Violation> {
    let tasks = settings.get("tasks");
    let sum = executor.block_on(async move {
        let sum = Rc::new(Cell::new(0));
        let counting = (0..tasks).map(|_| {
            let sum = Rc::clone(&sum);
            spawn_named("count", async move {
                yield_now().await;
                let before = sum.get();
                if before == 2 {
                    yield_now().await;
                }
                sum.set(if mended { sum.get() } else { before } + 1);
            })
        });
        for task in counting.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        sum.get()
    })?;
    ensure!(sum == tasks, "{} of {tasks} were lost", tasks - sum);
    Ok(())
}

/// What a command wrote, and its status.
fn command(arguments: &[&str]) -> (Exit, String, String) {
    let (mut out, mut err) = (StripStream::new(Vec::new()), StripStream::new(Vec::new()));
    let mut console = Console { out: &mut out, err: &mut err, is_process: false };
    let exit = call(&SCENARIOS, ["seedbed"].iter().chain(arguments), &mut console);
    let [out, err] = [out, err].map(|stream| String::from_utf8(stream.into_inner()).unwrap());
    (exit, out, err)
}

fn failing_seed() -> String {
    let fails = |seed: &String| command(&["run", "counter/broken", "--seed", seed]).0 == Exit::Failure;
    (0..100).map(|seed| seed.to_string()).find(fails).expect("a seed fails")
}

#[test]
fn a_failure_is_shrunk_and_told() {
    let seed = failing_seed();
    let (exit, out, err) = command(&["shrink", "counter", "--seed", &seed]);
    assert_eq!((exit, &*err), (Exit::Failure, ""));
    assert!(out.starts_with("FAIL counter/broken  failed \"N of N were lost\"\nshrunk in "), "{out}");
    assert!(out.ends_with(&format!("\nreproduce: replay counter/broken --seed {seed}\n")), "{out}");
    assert!(out.lines().count() <= 40, "{out}");
}

#[test]
fn the_shrunk_failure_is_written_as_a_file_that_replays() {
    let seed = failing_seed();
    let (exit, out, _) =
        command(&["shrink", "counter", "--seed", &seed, "--set", "tasks=6", "--simfail", "-"]);
    assert_eq!(exit, Exit::Failure);
    let file = Simfail::parse(out.as_bytes()).unwrap();
    assert!(file.shrunk.contains(" -> ") && file.settings["tasks"] == "6", "{file}");
    let path = std::env::temp_dir().join(format!("seedbed-shrunk-{}.simfail", std::process::id()));
    std::fs::write(&path, &out).unwrap();
    let (exit, checked, err) = command(&["simfail", "check", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert!(exit == Exit::Expected && checked.starts_with("EXACT"), "{checked}{err}");
}

#[test]
fn what_does_not_fail_is_refused() {
    let (exit, out, err) = command(&["shrink", "counter/mended", "--seed", "1"]);
    assert_eq!((exit, &*out), (Exit::Usage, ""));
    assert_eq!(
        err,
        "error: counter/mended does not fail in this run: `sweep counter/mended` looks for a seed that does\n"
    );
}

#[test]
fn the_number_of_runs_is_bounded_and_that_is_said() {
    let seed = failing_seed();
    let (exit, out, _) = command(&["shrink", "counter", "--seed", &seed, "--runs", "2"]);
    assert_eq!(exit, Exit::Failure);
    assert!(out.contains("\ncut off after 2 runs: --runs allows more\n"), "{out}");
    for wrong in [["--runs", "1"], ["--seconds", "0"], ["--runs", "many"]] {
        let (exit, _, err) = command(&["shrink", "counter", "--seed", &seed, wrong[0], wrong[1]]);
        assert!(exit == Exit::Usage && err.contains(wrong[0]), "{err}");
    }
    let (exit, _, err) = command(&["shrink", "counter"]);
    assert!(exit == Exit::Usage && err.contains("--seed"), "{err}");
}
