//! What the harness shows of a test that fails, and that it shows the same every time.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use seedbed::{
    Environment, EnvironmentError, Limits, Recipe, Strategy, Sweep, SweepBy, SweepError, TraceLevel, choose,
    event, node, spawn, spawn_named, time, yield_now,
};

/// Two tasks read, let others go first, and write: an increment is lost under some schedules.
async fn lose_an_increment() {
    let count = Rc::new(Cell::new(0));
    let workers = ["left", "right"].map(|name| {
        let count = Rc::clone(&count);
        spawn_named(name, async move {
            let before = count.get();
            if choose(2) == 1 {
                yield_now().await;
            }
            count.set(before + 1);
            event!("wrote {}", before + 1);
        })
    });
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(count.get(), 2, "an increment was lost");
}

fn failed(sweep: Sweep) -> Box<seedbed::FailedRun> {
    match sweep.try_run("lose_an_increment", lose_an_increment) {
        Err(SweepError::Failed(failed)) => failed,
        other => panic!("no run failed: {other:?}"),
    }
}

fn panic_message(test: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(test)).expect_err("the test should fail");
    payload.downcast_ref::<String>().expect("the message is text").clone()
}

#[test]
fn a_failure_shows_the_log_the_panic_and_the_line_that_reproduces_it() {
    let Recipe::Deviant(run) = failed(Sweep::default()).run else { panic!("one deviation loses it") };
    let message = panic_message(|| seedbed::sweep("lose_an_increment", 100, lose_an_increment));
    assert!(
        message.starts_with("lose_an_increment fails with one deviation from the default order (panic)\n"),
        "{message}"
    );
    assert!(message.contains("\n0.000 main/left wrote 1\n"), "{message}");
    assert!(message.contains("main panicked at seedbed/tests/harness.rs:"), "{message}");
    assert!(message.contains("an increment was lost"), "{message}");
    let last = message.lines().last().unwrap();
    // By the name of this test, since it runs the sweep.
    let test = "a_failure_shows_the_log_the_panic_and_the_line_that_reproduces_it";
    let line = format!("reproduce: SEEDBED_STRATEGY={run} cargo test {test} -p seedbed --test harness");
    assert!(last.starts_with(&line), "{message}");
    assert!(last.contains(" -- --exact"), "{message}");
}

#[test]
fn the_seed_of_a_failure_makes_the_same_run_again() {
    let first = failed(Sweep::default());
    let again = failed(Sweep { only: Some(first.run.clone()), ..Sweep::default() });
    assert_eq!(again.report.hash, first.report.hash);
    assert_eq!(again.report.outcome, first.report.outcome);
    assert_eq!(again.log, first.log);
    assert_eq!(first.repeated_as, None);
}

#[test]
fn a_sweep_makes_the_same_runs_every_time_and_they_differ() {
    let sweep = Sweep { seeds: 20, ..Sweep::default() };
    let body = || async {
        let tasks = [(); 4].map(|()| spawn(yield_now()));
        for task in tasks {
            task.await.unwrap();
        }
    };
    let [first, second] = [(); 2].map(|()| sweep.try_run("same", body).unwrap());
    assert_eq!(first, second);
    assert_eq!(first.runs, 21);
    let mut different = first.hashes.clone();
    different.sort_unstable();
    different.dedup();
    assert!(different.len() > 10, "only {} of 21 runs differ", different.len());
}

#[test]
fn only_one_run_is_made_when_one_is_asked_for() {
    let runs = Rc::new(Cell::new(0));
    let counted = Rc::clone(&runs);
    let sweep = Sweep { only: Some(Recipe::of_seed(5)), ..Sweep::default() };
    let passed = sweep.try_run("one", move || {
        counted.set(counted.get() + 1);
        async { event!("here") }
    });
    assert_eq!(runs.get(), 1);
    assert_eq!(passed.unwrap().log.to_string(), "0.000 main here\n");
}

#[test]
fn the_environment_may_name_a_seed_production_order_and_a_level() {
    let with = |asked: Environment| Sweep::default().with_environment(&asked).unwrap();
    let text = |text: &str| Some(text.to_string());
    let none = Environment::default;
    assert_eq!(with(none()), Sweep::default());
    assert_eq!(with(Environment { seed: text("17"), ..none() }).only, Some(Recipe::of_seed(17)));
    assert_eq!(with(Environment { seed: text("production"), ..none() }).only, Some(Recipe::Production));
    assert_eq!(with(Environment { trace: text("all"), ..none() }).trace, TraceLevel::All);
    assert_eq!(with(Environment { seeds: text("5_000"), ..none() }).seeds, 5_000);
}

#[test]
fn the_environment_may_name_a_strategy_for_the_sweep_or_for_one_run() {
    let with = |seed: Option<&str>, strategy: &str| {
        let asked = Environment {
            seed: seed.map(str::to_string),
            strategy: Some(strategy.to_string()),
            ..Environment::default()
        };
        Sweep::default().with_environment(&asked)
    };
    let walk = with(None, "walk").unwrap();
    assert_eq!((walk.strategy, walk.only), (Some(SweepBy::Strategy(Strategy::Walk)), None));
    let of_seed = with(Some("3"), "walk").unwrap();
    let recipe = Recipe::Seed { seed: 3, strategy: Strategy::Walk };
    assert_eq!((of_seed.strategy, of_seed.only), (None, Some(recipe)));
    let deviant = with(None, "each:run=12.1").unwrap();
    assert_eq!(deviant.only.unwrap().to_string(), "each:run=12.1");
    let refusal = with(Some("3"), "each:2").unwrap_err().to_string();
    assert_eq!(refusal, "SEEDBED_STRATEGY: each:2 uses no seed, and seed 3 is given; leave one of them away");
    let refusal = with(None, "fifo").unwrap_err().to_string();
    assert!(refusal.starts_with("SEEDBED_STRATEGY: there is no strategy fifo; there are"), "{refusal}");
}

#[test]
fn what_the_environment_says_in_other_words_is_refused() {
    let with = |asked: Environment| Sweep::default().with_environment(&asked).unwrap_err();
    let seed = Environment { seed: Some("0x1f".to_string()), ..Environment::default() };
    assert_eq!(
        with(seed).to_string(),
        "SEEDBED_SEED=\"0x1f\" is no seed: it must be a whole number from 0 to 18446744073709551615, or the word \
         production"
    );
    let trace = Environment { trace: Some("full".to_string()), ..Environment::default() };
    assert_eq!(with(trace), EnvironmentError::Trace { text: "full".to_string() });
}

#[test]
fn a_deadlock_is_told_with_who_waits_for_what() {
    let message = panic_message(|| {
        seedbed::sweep("module::nobody_answers", 10, || async {
            let answer = node("server").spawn_named("answer", std::future::pending::<()>());
            answer.await.unwrap();
        });
    });
    assert!(
        message.starts_with("module::nobody_answers fails in production order (deadlock)\n"),
        "{message}"
    );
    assert!(
        message
            .contains("\n  server/answer  on server  waits for a wake (but nobody has its waker any more: "),
        "{message}"
    );
    assert!(
        message.contains("\n  main           on main    waits at task.join server/answer  "),
        "{message}"
    );
    assert!(
        message.contains("\nreproduce: SEEDBED_SEED=production cargo test a_deadlock_is_told_"),
        "{message}"
    );
}

#[test]
fn an_error_that_the_body_gives_fails_the_run() {
    let message = panic_message(|| {
        seedbed::sweep("in_time", 10, || async {
            time::timeout(Duration::from_secs(1), std::future::pending::<()>()).await
        });
    });
    assert!(message.contains("\nthe test gave an error: Elapsed(())\n"), "{message}");
}

#[test]
fn a_limit_is_told_by_its_name() {
    let limits = Limits { virtual_time_max: Duration::from_secs(5), ..Limits::default() };
    let result = Sweep { limits, ..Sweep::default() }.try_run("late", || time::sleep(Duration::from_secs(6)));
    assert!(result.unwrap_err().to_string().contains("Limits::virtual_time_max"));
}

#[test]
fn pending_tasks_are_told_when_the_body_gave_up() {
    let error = Sweep::default().try_run("gave_up", || async {
        drop(spawn_named("client", time::sleep(Duration::from_secs(9))));
        yield_now().await;
        Err::<(), &str>("no answer")
    });
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("\npending at 0.000:\n  main/client on main waits at time.sleep until 9.000"),
        "{text}"
    );
}

#[test]
fn a_program_that_does_not_do_the_same_twice_is_found_out() {
    static RUNS: AtomicU64 = AtomicU64::new(0);
    let result = Sweep::default().try_run("counts", || async {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        event!("the same");
        event!("run {run}");
    });
    let Err(SweepError::Diverged(divergence)) = result else { panic!("{result:?}") };
    assert_eq!(divergence.run, Recipe::Production);
    let text = divergence.to_string();
    assert!(text.starts_with("counts is not deterministic: two runs in production order"), "{text}");
    assert!(text.contains("in one run:   0.000 main run "), "{text}");
    assert!(text.contains("\nreproduce: cargo test a_program_that_does_not_do_the_same_twice_is_"), "{text}");
}

#[test]
fn what_differs_only_in_the_first_run_is_found_out() {
    static SET_UP: AtomicU64 = AtomicU64::new(0);
    let result = Sweep::default().try_run("set_up", || async {
        event!("set up: {}", SET_UP.swap(1, Ordering::Relaxed));
    });
    let text = result.unwrap_err().to_string();
    assert!(text.contains("perhaps a static is set up in the first one"), "{text}");
}

#[test]
fn the_log_shows_its_last_lines() {
    let sweep = Sweep { lines_shown: 2, ..Sweep::default() };
    let result = sweep.try_run("long", || async {
        for line in 0..5 {
            event!("line {line}");
        }
        assert_eq!(1 + 1, 3, "at the end");
    });
    let text = result.unwrap_err().to_string();
    let shown: Vec<&str> = text.lines().skip(1).take(3).collect();
    assert_eq!(shown, ["… 3 lines before these", "0.000 main line 3", "0.000 main line 4"]);
}

async fn draws_a_die() {
    let drawn = choose(6);
    seedbed::sometimes!(drawn == 5, "a six");
    seedbed::sometimes!(drawn == 6, "a seven");
}

#[test]
fn a_test_counts_what_its_runs_meet_and_fails_for_what_none_has_met_only_if_asked() {
    let passed = Sweep { seeds: 50, ..Sweep::default() }.try_run("draws_a_die", draws_a_die).unwrap();
    assert!(passed.properties.to_string().starts_with("sometimes a seven: never, of 51 times in 51 runs\n"));
    let asked = Sweep { seeds: 50, require_sometimes: true, ..Sweep::default() };
    let error = asked.try_run("draws_a_die", draws_a_die).unwrap_err();
    let expected =
        "draws_a_die holds in all runs, but none of them has met \"a seven\"; let it run under more seeds\n";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn a_property_that_does_not_hold_fails_its_test_by_name() {
    let sweep = Sweep { seeds: 50, ..Sweep::default() };
    let error =
        sweep.try_run("always_low", || async { seedbed::always!(choose(6) < 5, "it is low") }).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with("always_low fails with one deviation from the default order (property)\n"),
        "{text}"
    );
    assert!(text.contains("always \"it is low\" does not hold, in main"), "{text}");
}
