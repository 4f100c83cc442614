//! Runs that stand still for ever: each ends, by a limit or by the watchdog, and names test, seed and task.
//!
//! The watchdog ends the process, so each of these runs in a process of its own: this test program again.
#![expect(clippy::await_holding_lock, reason = "this mistake is what the watchdog is to find")]

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seedbed::{Strategy, Sweep, SweepBy, spawn_named, time};

/// Set in the process that is to stand still.
const STANDS_STILL: &str = "STANDS_STILL";

fn is_asked(what: &str) -> bool {
    std::env::var_os(STANDS_STILL).is_some_and(|asked| asked == what)
}

/// What the process writes to standard error in which this test stands still, and whether it succeeded.
fn standing_still(test: &str, environment: &[(&str, &str)]) -> (String, bool) {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args([test, "--exact", "--test-threads=1"]).env(STANDS_STILL, test).env("SEEDBED_WATCHDOG", "1");
    process.env_remove("SEEDBED_SEED").env_remove("SEEDBED_STRATEGY").envs(environment.iter().copied());
    let output = process.output().unwrap();
    (String::from_utf8_lossy(&output.stderr).into_owned(), output.status.success())
}

/// The test, which stands still in its own process, and is told about here.
fn assert_is_ended(test: &str, told: &[&str]) {
    let (text, succeeded) = standing_still(test, &[]);
    #[cfg(target_os = "linux")]
    {
        // The line of this file that does not come back.
        let (_, stack) = text.split_once("  its stack, from inside to the executor:\n").expect(&text);
        let stack = stack.split("A poll must come back").next().unwrap_or_default();
        assert!(
            stack.contains(" at ./seedbed/tests/watchdog.rs:") || stack.contains(" at ./tests/watchdog.rs:"),
            "{text}"
        );
        assert!(!stack.contains("signals.rs") && !stack.contains("sim-executor/src/executor"), "{text}");
    }
    assert!(!succeeded, "{test} must fail: {text}");
    assert!(text.contains("a run has stood still for 1s of wall time"), "{text}");
    for told in told {
        assert!(text.contains(told), "{told:?} is not in: {text}");
    }
}

#[test]
fn a_lock_that_is_held_across_an_await() {
    const NAME: &str = "a_lock_that_is_held_across_an_await";
    if !is_asked(NAME) {
        let told = [
            "a_lock_that_is_held_across_an_await in production order",
            "of task main/payer on node main",
            "what it last waited at, before this poll: time.sleep",
        ];
        assert_is_ended(
            NAME,
            &[&told[..], &["seedbed/tests/watchdog.rs:", "SEEDBED_SEED=production"]].concat(),
        );
        return;
    }
    Sweep { seeds: 1, ..Sweep::default() }.run(NAME, || async {
        let account = Arc::new(Mutex::new(0));
        let other = Arc::clone(&account);
        drop(spawn_named("holder", async move {
            let guard = other.lock().unwrap();
            time::sleep(Duration::from_millis(5)).await;
            drop(guard);
        }));
        let payer = spawn_named("payer", async move {
            time::sleep(Duration::from_millis(1)).await;
            *account.lock().unwrap() += 1;
        });
        payer.await.unwrap();
    });
}

#[test]
fn the_block_on_of_another_library() {
    const NAME: &str = "the_block_on_of_another_library";
    if !is_asked(NAME) {
        return assert_is_ended(NAME, &["of task main/caller on node main"]);
    }
    Sweep { seeds: 1, ..Sweep::default() }.run(NAME, || async {
        let caller = spawn_named("caller", async {
            futures::executor::block_on(time::sleep(Duration::from_millis(5)))
        });
        caller.await.unwrap();
    });
}

#[test]
fn a_loop_without_an_await_in_a_run_that_deviates() {
    const NAME: &str = "a_loop_without_an_await_in_a_run_that_deviates";
    if !is_asked(NAME) {
        return assert_is_ended(
            NAME,
            &["with one deviation from the default order", "of task main/spinner on node main"],
        );
    }
    Sweep::default().run(NAME, || async {
        let spinner = spawn_named("spinner", async {
            while seedbed::choose(2) == 1 {
                while std::hint::black_box(true) {
                    std::hint::spin_loop();
                }
            }
        });
        spinner.await.unwrap();
    });
}

#[test]
fn a_future_that_never_ends_to_be_dropped() {
    const NAME: &str = "a_future_that_never_ends_to_be_dropped";
    if !is_asked(NAME) {
        return assert_is_ended(NAME, &[NAME, "after poll "]);
    }
    struct Stuck;
    impl Drop for Stuck {
        fn drop(&mut self) {
            while std::hint::black_box(true) {
                std::thread::park();
            }
        }
    }
    Sweep { seeds: 1, ..Sweep::default() }.run(NAME, || async {
        let stuck = Stuck;
        drop(spawn_named("kept", async move {
            std::future::pending::<()>().await;
            drop(stuck);
        }));
        seedbed::yield_now().await;
    });
}

#[test]
fn a_run_that_takes_its_time_and_goes_on_is_left_alone() {
    const NAME: &str = "a_run_that_takes_its_time_and_goes_on_is_left_alone";
    if !is_asked(NAME) {
        let (text, succeeded) = standing_still(NAME, &[]);
        assert!(succeeded, "{text}");
        return;
    }
    // Three halves of what a poll may take, in polls that are shorter.
    Sweep { seeds: 0, repeated: 0, ..Sweep::default() }.run(NAME, || async {
        for _ in 0..5 {
            std::thread::park_timeout(Duration::from_millis(300));
            seedbed::yield_now().await;
        }
    });
}

#[test]
fn a_watchdog_that_is_asked_for_in_other_words_is_refused() {
    const NAME: &str = "a_run_that_takes_its_time_and_goes_on_is_left_alone";
    for wrong in ["0", "-3", "10s", "never"] {
        let (_, succeeded) = standing_still(NAME, &[("SEEDBED_WATCHDOG", wrong)]);
        assert!(!succeeded, "{wrong}");
    }
}

#[test]
fn a_panic_within_a_panic_names_test_and_seed_before_the_process_ends() {
    const NAME: &str = "a_panic_within_a_panic_names_test_and_seed_before_the_process_ends";
    if !is_asked(NAME) {
        let (text, succeeded) = standing_still(NAME, &[]);
        assert!(!succeeded);
        assert!(text.contains("seedbed: the process ends in a run:"), "{text}");
        assert!(
            text.contains("within_a_panic_names_test_and_seed_before_the_process_ends in production"),
            "{text}"
        );
        assert!(text.contains("of task main on node main"), "{text}");
        return;
    }
    struct Panics;
    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("the second");
        }
    }
    Sweep { seeds: 1, ..Sweep::default() }.run(NAME, || async {
        let _panics = Panics;
        assert_eq!(1 + 1, 3, "the first");
    });
}

/// The text of a process that ends by itself in a run, in which this test makes it end.
fn ended(test: &str) -> String {
    let (text, succeeded) = standing_still(test, &[("SEEDBED_WATCHDOG", "off")]);
    assert!(!succeeded, "{text}");
    assert!(
        text.contains(&format!(
            "{test} in production order\n  in poll 1 of the run, of task main on node main\n"
        )),
        "{text}"
    );
    assert_eq!(text.matches("SEEDBED_SEED=production").count(), 1, "{text}");
    text
}

#[cfg(unix)]
#[test]
fn a_stack_overflow_names_test_and_seed_before_the_process_ends() {
    const NAME: &str = "a_stack_overflow_names_test_and_seed_before_the_process_ends";
    if !is_asked(NAME) {
        let text = ended(NAME);
        assert!(
            text.contains("seedbed: SIGSEGV in a run:\n") || text.contains("seedbed: SIGBUS in a run:\n"),
            "{text}"
        );
        assert!(text.contains("has overflowed its stack"), "Rust's own words are there as well: {text}");
        return;
    }
    #[expect(unconditional_recursion, reason = "it is to overflow the stack")]
    fn deeper(level: u64) -> u64 {
        std::hint::black_box([level; 100])[7] + deeper(level + 1)
    }
    Sweep { seeds: 1, ..Sweep::default() }.run(NAME, || async { assert_ne!(deeper(0), 1) });
}

#[cfg(unix)]
#[test]
fn an_abort_names_test_and_seed_before_the_process_ends() {
    const NAME: &str = "an_abort_names_test_and_seed_before_the_process_ends";
    if !is_asked(NAME) {
        let text = ended(NAME);
        assert!(text.contains("seedbed: SIGABRT in a run:\n"), "{text}");
        return;
    }
    Sweep { seeds: 1, ..Sweep::default() }.run(NAME, || async {
        if std::hint::black_box(true) {
            std::process::abort();
        }
    });
}

#[test]
fn a_program_that_ends_the_process_in_a_run_fails_and_names_test_and_seed() {
    const NAME: &str = "a_program_that_ends_the_process_in_a_run_fails_and_names_test_and_seed";
    if !is_asked(NAME) {
        // Whether it is watched or not.
        for watchdog in ["1", "off"] {
            let (text, succeeded) = standing_still(NAME, &[("SEEDBED_WATCHDOG", watchdog)]);
            assert!(!succeeded, "{text}");
            assert!(text.contains("has ended the process inside a run"), "{text}");
            assert!(text.contains(&format!("{NAME} under seed 3\n")), "{text}");
            assert!(text.contains("of task main/quitter on node main"), "{text}");
            assert!(text.contains("SEEDBED_SEED=3"), "{text}");
        }
        return;
    }
    let runs = std::cell::Cell::new(0);
    let strategy = Some(SweepBy::Strategy(Strategy::Random));
    Sweep { repeated: 0, strategy, ..Sweep::default() }.run(NAME, move || {
        runs.set(runs.get() + 1);
        let run = runs.get();
        async move {
            // Production order is made twice, then the seeds from 0 on.
            let quitter = spawn_named("quitter", async move {
                if run == 6 {
                    std::process::exit(0)
                }
            });
            quitter.await.unwrap();
        }
    });
}

#[test]
fn a_program_may_end_the_process_between_runs() {
    const NAME: &str = "a_program_may_end_the_process_between_runs";
    if !is_asked(NAME) {
        let (text, succeeded) = standing_still(NAME, &[]);
        assert!(succeeded, "{text}");
        return;
    }
    Sweep { seeds: 3, ..Sweep::default() }.run(NAME, || async {});
    std::process::exit(0);
}
