//! Properties of simulated systems, and how they are told when they do not hold.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use proptest::prelude::*;
use proptest::test_runner::{Config, FileFailurePersistence};
use seedbed::net::profile::Profile;
use seedbed::net::{TcpListener, TcpStream, install};
use seedbed::property::{FaultPlan, Property, fault_plans, links, profiles};
use seedbed::{Sweep, choose, node, spawn, spawn_named, time, yield_now};

/// Few cases, and no file that is written.
fn quick(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

/// With what a test that must fail does.
fn failure(property: fn()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(property)).expect_err("the property does not hold");
    panic.downcast_ref::<String>().expect("proptest panics with a text").clone()
}

seedbed::proptest! {
    #![proptest_config(quick(64))]

    /// Increments that are not atomic, one after the other.
    #[test]
    async fn increments_one_after_the_other_are_all_there(increments in 0_u32..20, pauses in 1_u32..4) {
        let count = Cell::new(0);
        for _ in 0..increments {
            let read = count.get();
            for _ in 0..pauses {
                yield_now().await;
            }
            count.set(read + 1);
        }
        prop_assert_eq!(count.get(), increments);
    }

    async fn concurrent_increments_are_all_there(increments in proptest::collection::vec(1_u32..1_000, 0..30)) {
        let sum: u32 = increments.iter().sum();
        let count = Rc::new(Cell::new(0));
        let workers: Vec<_> = increments.into_iter().map(|by| {
            let count = Rc::clone(&count);
            spawn(async move {
                let read = count.get();
                yield_now().await;
                count.set(read + by);
            })
        }).collect();
        for worker in workers {
            worker.await.unwrap();
        }
        prop_assert_eq!(count.get(), sum);
    }

    async fn the_second_task_never_runs_first(_bystanders in 0_usize..3) {
        let log = Rc::new(RefCell::new(Vec::new()));
        let tasks = ["first", "second"].map(|name| {
            let log = Rc::clone(&log);
            spawn_named(name, async move { log.borrow_mut().push(name) })
        });
        for task in tasks {
            task.await.unwrap();
        }
        prop_assert_eq!(log.borrow()[0], "first");
    }

    async fn a_draw_is_above_fifty_for_each_item(items in proptest::collection::vec(0_u8..10, 0..40)) {
        let drawn = choose(2_000);
        prop_assert!(drawn == 0 || drawn > 50 * items.len() as u64);
    }

    async fn a_panic_of_a_task_fails_the_case(number in 0_u32..100) {
        spawn_named("picky", async move { assert!(number < 50, "{number} is too great") }).await.unwrap();
    }

    async fn nothing_is_taken(number in 0_u32..100) {
        prop_assume!(number > 1_000);
    }

    async fn what_differs_from_run_to_run(_number in 0_u32..2) {
        thread_local!(static RUNS: Cell<u64> = const { Cell::new(0) });
        RUNS.set(RUNS.get() + 1);
        time::sleep(Duration::from_nanos(RUNS.get())).await;
    }
}

#[test]
fn workload_and_order_are_shrunk_together() {
    let text = failure(concurrent_increments_are_all_there);
    assert!(text.contains("fails in the default order (failed)"), "{text}");
    assert!(text.contains("it fails in the default order already"), "{text}");
    assert!(text.contains("[\n        1,\n        1,\n    ],"), "{text}");
}

#[test]
fn what_fails_in_another_order_is_told_with_the_one_change_that_it_needs() {
    let text = failure(the_second_task_never_runs_first);
    assert!(text.contains("fails otherwise than in the default order (failed)"), "{text}");
    assert!(text.contains("run main/second (needed)"), "{text}");
    assert_eq!(text.matches("\norder: ").count(), 1, "{text}");
    assert!(text.contains("minimal failing input: (\n    0,\n)"), "{text}");
    assert_eq!(text.matches("\nreproduce: cargo test ").count(), 1, "{text}");
}

#[test]
fn what_is_drawn_and_what_is_given_are_shrunk_by_turns_until_neither_gets_smaller() {
    // Under one seed the draw stays as it is, and a great one needs many items.
    let text = failure(a_draw_is_above_fifty_for_each_item);
    assert!(text.contains("value: main @ user:choose #0 = 1 (needed)"), "{text}");
    assert!(text.contains("minimal failing input: (\n    [\n        0,\n    ],\n)"), "{text}");
}

#[test]
fn a_case_that_proptest_has_kept_comes_to_the_same_again() {
    let folder = std::env::temp_dir().join(format!("seedbed-kept-cases-{}", std::process::id()));
    let file: &'static str = Box::leak(folder.with_extension("txt").display().to_string().into_boxed_str());
    let texts = [(); 2].map(|()| {
        let persistence = FileFailurePersistence::Direct(file);
        let config = Config { failure_persistence: Some(Box::new(persistence)), ..Config::with_cases(64) };
        let items = proptest::collection::vec(0_u8..10, 0..40);
        let property = Property { name: "kept", file: file!(), sweep: Sweep::default() };
        let run = || {
            seedbed::property::run(property, config, (items,), |(items,): (Vec<u8>,)| async move {
                let drawn = choose(2_000);
                prop_assert!(drawn == 0 || drawn > 50 * items.len() as u64);
                Ok(())
            });
        };
        let panic = catch_unwind(AssertUnwindSafe(run)).expect_err("the property does not hold");
        panic.downcast_ref::<String>().unwrap().clone()
    });
    std::fs::remove_file(file).unwrap();
    let [first, second] = texts.each_ref().map(|text| text.split_once("\tsuccesses").unwrap().0);
    assert_eq!(first, second);
    assert!(first.contains("proptest has kept the case"), "{first}");
}

#[test]
fn a_panic_of_a_task_is_told_with_its_task_and_its_log() {
    let text = failure(a_panic_of_a_task_fails_the_case);
    assert!(text.contains("50 is too great"), "{text}");
    assert!(text.contains("main/picky"), "{text}");
}

#[test]
fn what_is_rejected_is_no_failure_until_there_is_too_much_of_it() {
    let text = failure(nothing_is_taken);
    assert!(text.contains("Too many global rejects"), "{text}");
}

#[test]
fn runs_that_are_not_equal_are_found_out() {
    let text = failure(what_differs_from_run_to_run);
    assert!(text.contains("is not deterministic"), "{text}");
}

/// Echoes whatever comes, on the node `server`, as often as it is started.
fn serve_echo() {
    node("server").run(|| async {
        let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            spawn(async move {
                let (reader, mut writer) = stream.split();
                // An end of the connection is the client's matter.
                futures::io::copy(reader, &mut writer).await.ok();
            });
        }
    });
}

/// Sends it until it has come back, over as many connections as that takes.
async fn echoed(bytes: &[u8]) -> Vec<u8> {
    loop {
        let attempt = async {
            let mut stream = TcpStream::connect("server:7").await?;
            stream.write_all(bytes).await?;
            let mut echo = vec![0; bytes.len()];
            stream.read_exact(&mut echo).await?;
            Ok::<_, std::io::Error>(echo)
        };
        match time::timeout(Duration::from_secs(60), attempt).await {
            Ok(Ok(echo)) => return echo,
            _ => time::sleep(Duration::from_secs(1)).await,
        }
    }
}

seedbed::proptest! {
    #![proptest_config(quick(24))]

    #[test]
    async fn what_is_echoed_is_what_was_sent_over_any_link(
        link in links(),
        bytes in proptest::collection::vec(any::<u8>(), 1..3_000),
    ) {
        install(Profile { link: Some(link), ..Profile::default() }.over(Default::default()));
        serve_echo();
        time::sleep(Duration::from_millis(1)).await;
        prop_assert_eq!(echoed(&bytes).await, bytes);
    }

    #[test]
    async fn an_echo_comes_in_the_end_whatever_goes_wrong_before(
        profile in profiles(),
        plan in fault_plans(&["server"], 4, Duration::from_secs(90)),
    ) {
        install(profile.over(Default::default()));
        serve_echo();
        let faults = plan.start();
        prop_assert_eq!(echoed(b"hello").await, b"hello");
        faults.await.unwrap();
        prop_assert_eq!(echoed(b"again").await, b"again");
    }

    #[test]
    async fn a_plan_ends_with_its_last_episode(plan in fault_plans(&["one", "two"], 5, Duration::from_secs(9))) {
        for name in ["one", "two"] {
            node(name).run(std::future::pending::<()>);
        }
        let FaultPlan { episodes } = &plan;
        let last = episodes.iter().map(|episode| episode.after + episode.lasts).max();
        plan.start().await.unwrap();
        prop_assert_eq!(time::elapsed(), last.unwrap_or_default());
    }
}
