//! What is left at the end of a run: a failure that names it, where the test asks for that.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Config, Device, Executor, Instant, Leaks, LeftOpen, LeftOpenKind, Outcome, ProductionOrder, RunError,
    context, run_in_background, spawn, spawn_named, time, yield_now,
};

fn outcome(leaks: Option<Leaks>, body: impl Future<Output = ()> + 'static) -> Outcome {
    let mut executor = Executor::with_config(Config { leaks, ..Config::default() }, ProductionOrder);
    executor.block_on(body).unwrap();
    executor.finish(Outcome::Done).outcome
}

async fn leaves_a_task() {
    drop(spawn_named("worker", pending::<()>()));
    yield_now().await;
}

#[test]
fn a_task_that_is_left_is_named_where_none_may_be() {
    let outcome = outcome(Some(Leaks::NONE), leaves_a_task());
    assert_eq!(outcome.word(), "leak");
    let text = outcome.to_string();
    let (first, second) = text.split_once('\n').unwrap();
    assert_eq!(
        first,
        "at 0.000: the program leaves more behind than the test allows: 1 tasks (Leaks::tasks = 0)"
    );
    assert!(
        second.starts_with("  task was destroyed but it is pending: main/worker on main waits for a wake"),
        "{second}"
    );
    assert!(second.contains("tests/leaks.rs:"), "{second}");
}

#[test]
fn what_the_test_allows_is_no_leak() {
    assert!(outcome(None, leaves_a_task()).is_done());
    assert!(outcome(Some(Leaks { tasks: 1, ..Leaks::NONE }), leaves_a_task()).is_done());
    let joined = async { spawn(time::sleep(Duration::from_secs(1))).await.unwrap() };
    assert!(outcome(Some(Leaks::NONE), joined).is_done());
    let aborted = async {
        let task = spawn(pending::<()>());
        task.abort();
        assert!(task.await.unwrap_err().is_cancelled());
    };
    assert!(outcome(Some(Leaks::NONE), aborted).is_done());
}

#[test]
fn a_task_that_is_there_for_others_is_not_missed_nor_is_its_timer() {
    let beats = async {
        drop(spawn(async {
            run_in_background();
            loop {
                time::sleep(Duration::from_secs(1)).await;
            }
        }));
        time::sleep(Duration::from_secs(3)).await;
    };
    assert!(outcome(Some(Leaks::NONE), beats).is_done());
}

#[test]
fn a_timer_that_is_left_counts() {
    let sleeps = async {
        drop(spawn(time::sleep(Duration::from_secs(1))));
        yield_now().await;
    };
    let text = outcome(Some(Leaks { tasks: 1, ..Leaks::NONE }), sleeps).to_string();
    assert!(text.contains("behind than the test allows: 1 timers (Leaks::timers = 0)"), "{text}");
}

/// Has one socket and two permits left.
struct Careless;

impl Device for Careless {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn fire(&self, _: Instant) {}

    fn describe(&self, _: u64) -> String {
        String::new()
    }

    fn left_open(&self) -> Vec<LeftOpen> {
        let left = |kind, text: &str| LeftOpen { kind, text: text.to_string() };
        vec![
            left(LeftOpenKind::Socket, "tcp a to b"),
            left(LeftOpenKind::Permit, "lock one"),
            left(LeftOpenKind::Permit, "lock two"),
        ]
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn std::any::Any> {
        self
    }
}

#[test]
fn what_a_device_has_left_open_counts_by_its_kind() {
    let careless = |leaks| outcome(Some(leaks), async { context::install_device(Rc::new(Careless)) });
    let text = careless(Leaks { sockets: 1, permits: 1, ..Leaks::NONE }).to_string();
    assert_eq!(
        text,
        "at 0.000: the program leaves more behind than the test allows: 2 permits (Leaks::permits = 1)\n  \
         socket is still open: tcp a to b\n  permit was not given back: lock one\n  permit was not given back: lock two"
    );
    assert!(careless(Leaks { sockets: 1, permits: 2, ..Leaks::NONE }).is_done());
}

#[test]
fn a_run_that_has_failed_says_why_and_not_what_it_leaves() {
    let mut executor =
        Executor::with_config(Config { leaks: Some(Leaks::NONE), ..Config::default() }, ProductionOrder);
    let ended = executor.block_on(async {
        drop(spawn_named("worker", pending::<()>()));
        pending::<()>().await;
    });
    assert!(matches!(ended, Err(RunError::Deadlock(_))), "{ended:?}");
}
