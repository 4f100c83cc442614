//! Claims about every variant of every scenario.

use std::collections::BTreeSet;

use seedbed::{Config, DeadWakers, KeyedRandom, Outcome, ProductionOrder, Report, Source};
use sim_explorer::{Expect, Scenario, Variant, Walk};

const SEEDS: u64 = 200;
/// What should hold is tried with more.
const SEEDS_TO_HOLD: u64 = 300;
/// With all checks on, each is tried with these.
const SEEDS_TO_CHECK: u64 = 20;

fn variants() -> impl Iterator<Item = (&'static Scenario, &'static Variant)> {
    scenarios::all()
        .iter()
        .flat_map(|scenario| scenario.variants.iter().map(move |variant| (scenario, variant)))
}

fn run(scenario: &Scenario, variant: &Variant, source: Box<dyn Source>) -> Report {
    let settings = scenario.settings([]).unwrap();
    variant.run(&settings, Config::default(), source)
}

fn run_seed(scenario: &Scenario, variant: &Variant, seed: u64) -> Report {
    run(scenario, variant, Box::new(KeyedRandom::new(seed)))
}

fn runs_in_production_order_of(expect: Expect) -> Vec<(&'static str, &'static str, Outcome)> {
    variants()
        .filter(|(_, variant)| variant.expect == expect)
        .map(|(scenario, variant)| {
            let report = run(scenario, variant, Box::new(ProductionOrder));
            (scenario.name, variant.name, report.outcome)
        })
        .collect()
}

#[test]
fn what_should_hold_holds_in_production_order_and_under_every_seed() {
    for (scenario, variant, outcome) in runs_in_production_order_of(Expect::Holds) {
        assert_eq!(outcome, Outcome::Done, "{scenario} {variant} in production order");
    }
    for (scenario, variant) in variants().filter(|(_, variant)| variant.expect == Expect::Holds) {
        for seed in 0..SEEDS_TO_HOLD {
            let outcome = run_seed(scenario, variant, seed).outcome;
            assert_eq!(outcome, Outcome::Done, "{} {} with seed {seed}", scenario.name, variant.name);
        }
    }
}

/// All of the checks that are asked for, which cost something; docs/liveness.md has the result for 2,000 seeds.
#[test]
fn no_check_cries_wolf_over_what_should_hold() {
    let config = Config { dead_wakers: DeadWakers::Fail, stats: true, ..Config::default() };
    for (scenario, variant) in variants().filter(|(_, variant)| variant.expect == Expect::Holds) {
        let settings = scenario.settings([]).unwrap();
        for seed in 0..SEEDS_TO_CHECK {
            let sources: [Box<dyn Source>; 2] = [Box::new(KeyedRandom::new(seed)), Box::new(Walk::new(seed))];
            for source in sources {
                let name = source.describe();
                let outcome = variant.run(&settings, config, source).outcome;
                assert_eq!(outcome, Outcome::Done, "{} {} with {name}", scenario.name, variant.name);
            }
        }
        let outcome = variant.run(&settings, config, Box::new(ProductionOrder)).outcome;
        assert_eq!(outcome, Outcome::Done, "{} {} in production order", scenario.name, variant.name);
    }
}

/// What docs/liveness.md says of each: the words are those of the report.
#[test]
fn each_mistake_of_liveness_is_said_in_the_words_of_its_check() {
    let expected = [
        ("live_hog", "server/accept goes on and on in that poll\n"),
        ("live_busy_loop", "main/watcher had 1001 of the last 1001 polls: it wakes itself each time\n"),
        (
            "live_dead_waker",
            "  main/taker  on main  waits for a wake (but nobody has its waker any more: nothing can wake it)",
        ),
        ("live_lost_wakeup", "(but a poll without a wake makes it go on: a wake was lost)"),
        (
            "live_livelock",
            "Limits::livelock_min = 60.000 s is reached: no `progress!` was passed for so long",
        ),
        (
            "live_response",
            "eventually \"the question is answered\" is still pending at the end of the run: its settle phase ended at ",
        ),
        (
            "live_task_leak",
            "\n  task was destroyed but it is pending: main/request#4 on main waits for a wake",
        ),
    ];
    for (name, words) in expected {
        let scenario = scenarios::all().iter().find(|scenario| scenario.name == name).unwrap();
        let (settings, broken) = (scenario.settings([]).unwrap(), scenario.variant("broken").unwrap());
        let config = Config { dead_wakers: DeadWakers::Told, ..Config::default() };
        let reports = (0..SEEDS).map(|seed| broken.run(&settings, config, Box::new(KeyedRandom::new(seed))));
        let failed = reports.into_iter().find(|report| !report.outcome.is_done()).unwrap();
        let text = failed.outcome.to_string();
        assert!(text.contains(words), "{name}: {text}");
    }
}

#[test]
fn every_mistake_is_found_by_one_seed_in_ten_at_least() {
    for (scenario, variant) in variants().filter(|(_, variant)| variant.expect == Expect::Breaks) {
        let found = (0..SEEDS).filter(|&seed| !run_seed(scenario, variant, seed).outcome.is_done()).count();
        println!("{} {}: {found} of {SEEDS} seeds", scenario.name, variant.name);
        assert!(found as u64 >= SEEDS / 10, "{} {}: only {found} seeds", scenario.name, variant.name);
    }
}

/// Those that a plain test would not find.
#[test]
fn production_order_shows_all_mistakes_but_those_of_timing() {
    let hidden: Vec<_> = runs_in_production_order_of(Expect::Breaks)
        .into_iter()
        .filter(|(_, _, outcome)| outcome.is_done())
        .map(|(scenario, variant, _)| (scenario, variant))
        .collect();
    let expected = [
        ("queue_many_producers", "broken_last_started"),
        ("ws_lost_update", "broken"),
        ("ws_reconnect", "broken_no_deduplication"),
        ("ws_reconnect", "broken_memory_of_the_process"),
        ("ws_over_mobile", "broken_short_keepalive"),
        ("ws_over_mobile", "broken_reconnect"),
        ("timer_hops", "broken_equal_deadlines"),
        ("test_isolation", "broken_order_ba"),
        ("live_livelock", "broken"),
        ("live_response", "broken"),
    ];
    assert_eq!(hidden, expected);
}

#[test]
fn a_seed_gives_the_same_run_again() {
    for (scenario, variant) in variants() {
        for seed in 0..20 {
            let [first, second] = [(); 2].map(|()| run_seed(scenario, variant, seed));
            let name = format!("{} {} with seed {seed}", scenario.name, variant.name);
            assert_eq!(first.hash, second.hash, "{name}");
            assert_eq!(first.outcome, second.outcome, "{name}");
        }
    }
}

#[test]
fn seeds_do_differ() {
    for (scenario, variant) in variants() {
        let reports: Vec<_> = (0..SEEDS).map(|seed| run_seed(scenario, variant, seed)).collect();
        let hashes: BTreeSet<_> = reports.iter().map(|report| report.hash).collect();
        // A program of three tasks has six orders, and one of a single task has one.
        let decisions = reports.iter().map(|report| report.decisions).min().unwrap_or(0);
        let least = (decisions + 1).min(SEEDS / 2);
        let name = format!("{} {}", scenario.name, variant.name);
        assert!(hashes.len() as u64 >= least, "{name}: {} runs in {SEEDS} seeds", hashes.len());
    }
}

#[test]
fn verdicts_are_the_same_at_the_least_value_of_each_parameter() {
    for (scenario, variant) in variants() {
        for parameter in scenario.parameters {
            let settings = scenario.settings([(parameter.name, parameter.min)]).unwrap();
            let broken = (0..SEEDS)
                .map(|seed| variant.run(&settings, Config::default(), Box::new(KeyedRandom::new(seed))))
                .filter(|report| !report.outcome.is_done())
                .count();
            let name =
                format!("{} {} with {} = {}", scenario.name, variant.name, parameter.name, parameter.min);
            match variant.expect {
                Expect::Holds => assert_eq!(broken, 0, "{name}"),
                Expect::Breaks => assert!(broken > 0, "{name}"),
            }
        }
    }
}

#[test]
fn names_tell_the_variants_apart() {
    let mut names = BTreeSet::new();
    for scenario in scenarios::all() {
        assert!(names.insert(scenario.name), "{} is there twice", scenario.name);
        assert_eq!(scenario.variants[0].expect, Expect::Holds, "{}: the first one is right", scenario.name);
    }
    for (scenario, variant) in variants() {
        let is_broken = variant.name.starts_with("broken");
        assert_eq!(variant.expect == Expect::Breaks, is_broken, "{} {}", scenario.name, variant.name);
        for name in [scenario.name, variant.name] {
            assert!(name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_'), "{name}");
        }
    }
}
