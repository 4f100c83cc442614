//! What is told at the end of a run of who waits for what, and of who woke whom.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use sim_executor::{
    Clock, Config, Executor, Node, Outcome, ProductionOrder, Report, TraceLevel, event, spawn, spawn_named,
    time, yield_now,
};

fn ended(body: impl Future<Output = ()> + 'static) -> Report {
    traced(TraceLevel::Off, body)
}

fn traced(trace: TraceLevel, body: impl Future<Output = ()> + 'static) -> Report {
    let mut executor = Executor::with_config(Config { trace, ..Config::default() }, ProductionOrder);
    let outcome = match executor.block_on(body) {
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    };
    executor.finish(outcome)
}

#[test]
fn a_task_that_waits_for_two_others_shows_both() {
    let report = ended(async {
        let one = spawn_named("one", std::future::pending::<()>());
        let other = spawn_named("other", std::future::pending::<()>());
        let _ = futures::join!(one, other);
    });
    let text = report.outcome.to_string();
    assert!(text.contains("waits at task.join main/one, and at task.join main/other"), "{text}");
    assert_eq!(report.pending[0].also.len(), 1);
}

#[test]
fn what_the_simulator_does_not_know_is_shown_beside_what_it_knows() {
    let report = ended(async {
        let task = spawn_named("task", std::future::pending::<()>());
        let (_sender, mut receiver) = futures::channel::mpsc::channel::<()>(1);
        let _ = futures::join!(task, futures::StreamExt::next(&mut receiver));
    });
    let text = report.outcome.to_string();
    assert!(text.contains("waits at task.join main/task, and for a wake"), "{text}");
}

#[test]
fn a_set_of_futures_shows_where_its_last_poll_had_come_to() {
    let report = ended(async {
        let tasks = (1..4).map(|second| async move {
            time::sleep(Duration::from_secs(second)).await;
            spawn_named("worker", std::future::pending::<()>()).await
        });
        let mut set: futures::stream::FuturesUnordered<_> = tasks.collect();
        let _ = futures::StreamExt::next(&mut set).await;
    });
    let text = report.outcome.to_string();
    assert!(text.contains("waits for a wake (its last poll: waits at task.join main/worker#3)"), "{text}");
}

#[test]
fn what_a_task_no_longer_waits_for_is_not_shown() {
    let report = ended(async {
        let slow = spawn_named("slow", std::future::pending::<()>());
        let other = spawn_named("other", std::future::pending::<()>());
        // Gives up the one, and goes on to the other in the same poll.
        time::timeout(Duration::from_secs(1), slow).await.unwrap_err();
        other.await.unwrap();
    });
    let text = report.outcome.to_string();
    assert!(text.contains("waits at task.join main/other  "), "{text}");
    assert!(!text.contains("main/slow, and"), "{text}");
}

#[test]
fn the_last_look_changes_nothing_of_the_run() {
    let body = || async {
        let one = spawn_named("one", std::future::pending::<()>());
        event!("waits");
        let _ = futures::join!(one, std::future::pending::<()>());
    };
    let mut executor =
        Executor::with_config(Config { trace: TraceLevel::All, ..Config::default() }, ProductionOrder);
    let error = executor.block_on(body()).unwrap_err();
    let (hash, trace) = (executor.hash(), executor.trace());
    let report = executor.finish(error.into());
    assert_eq!((report.hash, &report.trace), (hash, &trace));
    assert_eq!(report.pending[0].polled_at.unwrap().to_string(), "0.000");
}

#[test]
fn a_task_whose_wake_was_lost_is_said_to_be_one() {
    let report = ended(async {
        let mut polls = 0;
        // Is there at the second look, but has kept no waker.
        std::future::poll_fn(|_| {
            polls += 1;
            if polls == 2 { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    });
    let text = report.outcome.to_string();
    assert!(text.contains("(but a poll without a wake makes it go on: a wake was lost)"), "{text}");
    assert!(report.pending[0].goes_on);
}

#[test]
fn a_panic_at_the_last_look_is_kept_apart() {
    let report = ended(async {
        let mut polls = 0;
        spawn(std::future::poll_fn(move |_| {
            polls += 1;
            assert!(polls < 2, "polled again");
            Poll::<()>::Pending
        }));
        std::future::pending::<()>().await;
    });
    assert_eq!(report.outcome.word(), "deadlock");
    assert!(report.panics.is_empty());
}

#[test]
fn who_woke_whom_is_traced() {
    let body = || async {
        let (sender, receiver) = futures::channel::oneshot::channel::<()>();
        let waiter = spawn_named("waiter", async {
            receiver.await.unwrap();
            yield_now().await;
        });
        time::sleep(Duration::from_secs(1)).await;
        sender.send(()).unwrap();
        waiter.await.unwrap();
    };
    let report = traced(TraceLevel::Wakes, body());
    let wakes: Vec<String> =
        report.trace.records.iter().map(ToString::to_string).filter(|line| line.contains(" woke ")).collect();
    assert_eq!(
        wakes,
        [
            "1.000 a timer woke main",
            "1.000 main woke main/waiter",
            "1.000 main/waiter woke main/waiter",
            "1.000 main/waiter woke main"
        ]
    );
    // Nothing but the trace is changed by that.
    let all = traced(TraceLevel::All, body());
    assert_eq!(all.hash, report.hash);
    assert_eq!(all.trace.records.len() + wakes.len(), report.trace.records.len());
}

#[test]
fn clocks_that_are_set_are_in_the_log() {
    let report = traced(TraceLevel::Events, async {
        let node = Node::named("server");
        node.set_clock(Clock { drift_ppb: 20, offset_ns: -1_500_000_000 });
        node.step_clock(2_000_000_000);
    });
    assert_eq!(
        report.trace.to_string(),
        "0.000 server has its clocks set: drift 20 ppb, wall clock -1.500 s ahead\n\
         0.000 server has its wall clock stepped by 2.000 s\n"
    );
}

#[test]
fn a_deadlock_of_many_tasks_fits_on_a_page() {
    let report = ended(async {
        for number in 0..50_000_u64 {
            // All different, so that nothing can be folded but by the operation.
            drop(spawn(async move {
                let mut sleep = pin!(time::sleep(Duration::from_secs(1)));
                sleep.as_mut().await;
                let _ = number;
                std::future::pending::<()>().await;
            }));
        }
        std::future::pending::<()>().await;
    });
    let text = report.outcome.to_string();
    assert!(text.lines().count() < 10, "{text}");
    assert!(text.contains("; and 49999 more like it"), "{text}");
}
