//! Snapshots of runs: what they show, what they leave out, and what they refuse.

use std::cell::Cell;
use std::panic::catch_unwind;
use std::time::Duration;

use seedbed::{
    Snapshot, Sweep, TraceLevel, assert_trace_snapshot, event, node, spawn_named, time, yield_now,
};

/// One task that holds its node's CPU, and two beside it.
async fn a_busy_shop() {
    let clerk = node("shop").spawn_named("clerk", async {
        event!("writes an invoice of {} at 10.0.0.1:4711", 12);
        time::block(Duration::from_secs(2)).await;
        event!("has written it");
    });
    let door = node("shop").spawn_named("door", async {
        yield_now().await;
        event!("opens");
    });
    let other = spawn_named("other", async { event!("is elsewhere") });
    for task in [clerk, door, other] {
        task.await.unwrap();
    }
}

#[test]
fn a_log_is_kept_in_a_file_or_in_the_test() {
    assert_trace_snapshot!(a_busy_shop);
    assert_trace_snapshot!("a_busy_shop_by_name", a_busy_shop);
    assert_trace_snapshot!(a_busy_shop, @"
    0.000 main/other is elsewhere
    0.000 shop/clerk writes an invoice of 12 at 10.0.0.1:4711
    2.000 shop/clerk has written it
    2.000 shop/door opens
    ");
}

#[test]
fn what_an_unrelated_edit_changes_is_left_out() {
    let snapshot = Snapshot::default().without_times().only("shop").redact(r"at [\d.]+:\d+", "at [address]");
    assert_trace_snapshot!(snapshot, a_busy_shop, @"
    shop/clerk writes an invoice of 12 at [address]
    shop/clerk has written it
    shop/door opens
    ");
}

#[test]
fn a_path_is_no_beginning_of_a_name() {
    assert_eq!(Snapshot::default().only("shop/do").take(a_busy_shop), "");
    assert_eq!(Snapshot::default().only("shop/door").take(a_busy_shop), "2.000 shop/door opens\n");
}

#[test]
fn who_starves_is_shown() {
    let snapshot = Snapshot::default().only("shop").with_starvation();
    assert_trace_snapshot!("who_starves", snapshot, a_busy_shop);
}

#[test]
fn a_run_that_fails_is_shown_with_what_went_wrong() {
    let snapshot = Snapshot::default().redact(r"snapshot\.rs:\d+", "snapshot.rs");
    assert_trace_snapshot!(snapshot, || async {
        event!("begins");
        std::future::pending::<()>().await;
    });
}

#[test]
fn a_seed_and_a_level_are_asked_for() {
    let all = Snapshot::default().sweep(Sweep { trace: TraceLevel::All, ..Sweep::default() });
    assert!(all.take(a_busy_shop).contains("main spawned main/other"));
    let logs = (0..8).map(|seed| Snapshot::default().without_times().seed(seed).take(a_busy_shop));
    let mut logs: Vec<String> = logs.collect();
    logs.dedup();
    assert!(logs.len() > 1, "some seeds give other orders");
}

#[test]
fn there_is_no_snapshot_of_what_differs_from_itself() {
    thread_local!(static RUNS: Cell<u64> = const { Cell::new(0) });
    let panic = catch_unwind(|| {
        Snapshot::default().take(|| async {
            RUNS.set(RUNS.get() + 1);
            time::sleep(Duration::from_nanos(RUNS.get())).await;
        })
    });
    let text = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(
        text.starts_with("there is no snapshot of a run that differs from itself in production order"),
        "{text}"
    );
}

#[test]
fn what_is_no_regular_expression_is_refused() {
    let panic = catch_unwind(|| Snapshot::default().redact("(", ""));
    let text = *panic.unwrap_err().downcast::<String>().unwrap();
    assert!(text.starts_with("\"(\" cannot be redacted: "), "{text}");
}
