//! A run is a pure function of its choices: the same in any place, at any time, and another for another seed.

use std::fmt::Write as _;
use std::process::Command;

use scenarios::all;
use seedbed::{
    Config, Executor, KeyedRandom, Report, RunSeed, TraceLevel, choose, event, spawn_named, yield_now,
};
use sim_explorer::{Scenario, Variant};

const PINNED: [RunSeed; 3] = [RunSeed::Production, RunSeed::Seed(1), RunSeed::Seed(7)];

fn variants() -> impl Iterator<Item = (&'static Scenario, &'static Variant)> {
    all().iter().flat_map(|scenario| scenario.variants.iter().map(move |variant| (scenario, variant)))
}

fn run(scenario: &Scenario, variant: &Variant, seed: RunSeed, config: Config) -> Report {
    let settings = scenario.settings([]).expect("defaults are in range");
    variant.run(&settings, config, seed.source())
}

/// A line for each scenario and pinned seed.
fn hashes() -> String {
    let mut text = String::new();
    for (scenario, variant) in variants() {
        for seed in PINNED {
            let report = run(scenario, variant, seed, Config::default());
            let (name, word) = (format!("{}/{}", scenario.name, variant.name), report.outcome.word());
            writeln!(text, "{name} {seed} {:016x} {word}", report.hash).expect("a String takes all");
        }
    }
    text
}

/// Golden: the meaning of a seed in a bug report. If this changes, a release says so.
#[test]
fn pinned_seeds_keep_their_hashes() {
    insta::assert_snapshot!(hashes());
}

#[test]
fn the_same_seed_gives_the_same_run_after_other_runs() {
    for (scenario, variant) in variants() {
        let alone = run(scenario, variant, RunSeed::Seed(40), Config::default()).hash;
        for seed in 35..40 {
            let _ = run(scenario, variant, RunSeed::Seed(seed), Config::default());
        }
        let after_others = run(scenario, variant, RunSeed::Seed(40), Config::default()).hash;
        assert_eq!(alone, after_others, "{}/{}", scenario.name, variant.name);
    }
}

#[test]
fn the_same_seed_gives_the_same_run_on_another_thread() {
    let here = hashes();
    let there = std::thread::Builder::new().spawn(hashes).unwrap().join().unwrap();
    assert_eq!(here, there);
}

/// What the next test looks at in another process.
#[test]
fn hashes_for_another_process() {
    println!("<hashes>\n{}</hashes>", hashes());
}

#[test]
fn the_same_seed_gives_the_same_run_in_another_process() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["hashes_for_another_process", "--exact", "--nocapture"])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let there = text.split("<hashes>\n").nth(1).and_then(|rest| rest.split("</hashes>").next());
    assert_eq!(there, Some(hashes().as_str()), "{text}");
}

#[test]
fn what_is_observed_changes_nothing() {
    let all_on = Config { trace: TraceLevel::All, record: true, stats: true, ..Config::default() };
    for (scenario, variant) in variants() {
        for seed in PINNED {
            let plain = run(scenario, variant, seed, Config::default());
            let observed = run(scenario, variant, seed, all_on);
            assert_eq!(plain.hash, observed.hash, "{}/{} {seed}", scenario.name, variant.name);
            assert_eq!(plain.outcome.word(), observed.outcome.word());
        }
    }
}

/// Without this the tests above would prove nothing.
/// Were draws taken from one sequence, an extra draw would shift all that come after it.
#[test]
fn an_extra_task_disturbs_nobody_elses_draws() {
    let drawn = |extra: bool| {
        let mut executor = Executor::new(KeyedRandom::new(3));
        let drawn = executor.block_on(async move {
            if extra {
                drop(spawn_named("extra", async {
                    for _ in 0..5 {
                        event!("{}", choose(1_000));
                        yield_now().await;
                    }
                }));
            }
            let worker = spawn_named("worker", async {
                let mut drawn = Vec::new();
                for _ in 0..5 {
                    drawn.push(choose(1_000_000));
                    yield_now().await;
                }
                drawn
            });
            worker.await.unwrap()
        });
        drawn.unwrap()
    };
    assert_eq!(drawn(false), drawn(true));
}
