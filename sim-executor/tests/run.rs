//! Claims about a run: what the loop does with tasks, time, panics, limits.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Activity, Config, Executor, KeyedRandom, Limits, Node, Outcome, ProductionOrder, Replay, RunError,
    Source, TraceLevel, choose, choose_between, context, event, select, spawn, spawn_blocking, spawn_named,
    stop, time, yield_now,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

fn traced() -> Executor {
    Executor::with_config(Config { trace: TraceLevel::Events, ..Config::default() }, ProductionOrder)
}

fn lines(executor: &Executor) -> Vec<String> {
    executor.trace().records.iter().map(ToString::to_string).collect()
}

#[test]
fn tasks_start_in_the_order_of_their_spawns_and_never_inside_spawn() {
    let mut executor = traced();
    executor
        .block_on(async {
            let handles: Vec<_> =
                (0..3).map(|n| spawn_named("worker", async move { event!("start {n}") })).collect();
            event!("spawned");
            for handle in handles {
                handle.await.unwrap();
            }
        })
        .unwrap();
    assert_eq!(
        lines(&executor),
        [
            "0.000 main spawned",
            "0.000 main/worker start 0",
            "0.000 main/worker#2 start 1",
            "0.000 main/worker#3 start 2"
        ]
    );
}

#[test]
fn time_jumps_to_what_is_due_and_an_idle_hour_costs_one_event() {
    let mut executor = Executor::new(ProductionOrder);
    executor.block_on(time::sleep_until(sim_executor::Instant::START + 3_600 * SECOND)).unwrap();
    assert_eq!(executor.now().to_string(), "3600.000");
    assert_eq!(executor.finish(Outcome::Done).polls, 2);
}

#[test]
fn tasks_stay_between_two_calls_and_go_on_at_the_next() {
    let mut executor = traced();
    executor.spawn(async {
        time::sleep(3 * SECOND).await;
        event!("late");
    });
    executor.block_on(time::sleep_until(sim_executor::Instant::START + SECOND)).unwrap();
    assert!(lines(&executor).is_empty());
    executor.block_on(async { time::sleep(5 * SECOND).await }).unwrap();
    assert_eq!(
        executor.trace().records[0].to_string(),
        "3.000 main/tasks_stay_between_two_calls_and_go_on_at_the_next late"
    );
}

/// The order that CPython gives, `time.sleep(10)` between two runs: the new task is in the ready queue already when
/// the overdue timer is looked at.
#[test]
fn blocking_between_two_calls_makes_overdue_timers_queue_behind_what_is_ready() {
    let mut executor = traced();
    for seconds in [3, 15] {
        executor.spawn(async move {
            time::sleep(seconds * SECOND).await;
            event!("stop {seconds}");
        });
    }
    executor.run_for(2 * SECOND).unwrap();
    executor.block(10 * SECOND).unwrap();
    executor.spawn(async {
        event!("start 4");
        time::sleep(4 * SECOND).await;
        event!("stop 4");
    });
    executor.run_until_idle().unwrap();
    let short: Vec<_> = executor.trace().records.iter().map(|r| format!("{} {}", r.at, r.event)).collect();
    assert_eq!(short, ["12.000 start 4", "12.000 stop 3", "15.000 stop 15", "16.000 stop 4"]);
}

#[test]
fn a_blocked_node_polls_nobody_and_the_others_go_on() {
    let mut executor = traced();
    executor
        .block_on(async {
            Node::named("other").spawn_named("ticker", async {
                for _ in 0..3 {
                    time::sleep(SECOND).await;
                    event!("tick");
                }
            });
            spawn_named("neighbour", async {
                time::sleep(SECOND).await;
                event!("late");
            });
            yield_now().await;
            time::block(2 * SECOND + 500 * MS).await;
            event!("free again");
            time::sleep(SECOND).await;
        })
        .unwrap();
    assert_eq!(
        lines(&executor),
        [
            "1.000 other/ticker tick",
            "2.000 other/ticker tick",
            "2.500 main free again",
            "2.500 main/neighbour late",
            "3.000 other/ticker tick"
        ]
    );
}

#[test]
fn block_now_puts_the_node_ahead_and_it_waits_for_the_world() {
    let mut executor = traced();
    executor
        .block_on(async {
            spawn_named("neighbour", async { event!("my turn") });
            time::block_now(SECOND);
            event!("after the call");
            yield_now().await;
            event!("polled again");
        })
        .unwrap();
    assert_eq!(
        lines(&executor),
        ["1.000 main after the call", "1.000 main/neighbour my turn", "1.000 main polled again"]
    );
}

#[test]
fn a_blocking_worker_keeps_nobody_waiting() {
    let mut executor = traced();
    executor
        .block_on(async {
            let result = spawn_blocking(|| {
                time::block_now(2 * SECOND);
                7
            });
            time::sleep(SECOND).await;
            event!("not kept waiting");
            let result = result.await.unwrap();
            event!("got {result}");
        })
        .unwrap();
    assert_eq!(lines(&executor), ["1.000 main not kept waiting", "2.000 main got 7"]);
}

#[test]
fn stop_ends_the_call_after_the_iteration() {
    let mut executor = traced();
    executor.spawn(async {
        stop();
        spawn_named("next", async { event!("next iteration") });
    });
    executor.spawn(async { event!("same iteration") });
    executor.run_forever().unwrap();
    assert_eq!(executor.trace().records.len(), 1);
    executor.run_until_idle().unwrap();
    assert_eq!(executor.trace().records.len(), 2);
}

#[test]
fn abort_drops_the_future_at_its_await_point_and_the_joiner_sees_it() {
    struct Noisy(Rc<Cell<bool>>);
    impl Drop for Noisy {
        fn drop(&mut self) {
            event!("dropped");
            self.0.set(true);
        }
    }
    let dropped = Rc::new(Cell::new(false));
    let noisy = Noisy(Rc::clone(&dropped));
    let mut executor = traced();
    executor
        .block_on(async move {
            let victim = spawn_named("victim", async move {
                let _noisy = noisy;
                time::sleep(SECOND).await;
            });
            yield_now().await;
            victim.abort();
            assert!(!dropped.get(), "abort only asks");
            let error = victim.await.unwrap_err();
            assert!(error.is_cancelled(), "{error}");
            assert!(dropped.get());
        })
        .unwrap();
    assert_eq!(lines(&executor), ["0.000 main/victim dropped"]);
}

#[test]
fn a_panic_that_nobody_observes_fails_the_run_with_its_lineage_and_spawn_site() {
    let mut executor = Executor::new(ProductionOrder);
    let error = executor
        .block_on(async {
            drop(spawn_named("worker", async { panic!("no such row") }));
            time::sleep(SECOND).await;
        })
        .unwrap_err();
    let RunError::Panicked(panic) = &error else { panic!("{error}") };
    assert_eq!(&*panic.lineage, "main/worker");
    assert!(panic.spawned_at.file().ends_with("run.rs"));
    assert_eq!(panic.message, "no such row");
    assert_eq!(executor.now().to_string(), "0.000");
}

#[test]
fn a_panic_that_is_joined_is_the_joiners() {
    let mut executor = Executor::new(ProductionOrder);
    let message = executor.block_on(async {
        let handle = spawn(async { panic!("seen") });
        handle.await.map(|()| String::new()).unwrap_err().to_string()
    });
    assert!(message.unwrap().ends_with("panicked with message \"seen\""));
}

#[test]
fn a_panic_whose_handle_is_kept_and_never_awaited_fails_the_run_at_its_end() {
    let mut executor = Executor::new(ProductionOrder);
    let kept = Rc::new(RefCell::new(None));
    let keep = Rc::clone(&kept);
    executor
        .block_on(async move {
            *keep.borrow_mut() = Some(spawn(async { panic!("unseen") }));
            time::sleep(SECOND).await;
        })
        .unwrap();
    let report = executor.finish(Outcome::Done);
    assert_eq!(report.outcome.word(), "panic");
}

#[test]
fn a_deadlock_is_a_result_with_a_table_of_who_waits_for_what() {
    let mut executor = Executor::new(ProductionOrder);
    let error = executor
        .block_on(async {
            let waiter = spawn_named("waiter", std::future::pending::<()>());
            let _ = waiter.await;
        })
        .unwrap_err();
    let RunError::Deadlock(deadlock) = &error else { panic!("{error}") };
    let names: Vec<_> = deadlock.pending.iter().map(|task| &*task.lineage).collect();
    assert_eq!(names, ["main", "main/waiter"]);
    assert!(matches!(&deadlock.pending[0].activity, Activity::Waiting { at: "task.join", .. }));
    assert!(error.to_string().contains("main/waiter"), "{error}");
}

#[test]
fn a_busy_loop_ends_at_a_limit_that_is_named() {
    let limits = Limits { polls_per_instant_max: 1_000, ..Limits::default() };
    let mut executor = Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder);
    let error = executor
        .block_on(async {
            loop {
                yield_now().await;
            }
        })
        .unwrap_err();
    assert!(error.to_string().contains("Limits::polls_per_instant_max = 1000"), "{error}");
}

#[test]
fn every_other_limit_ends_the_run_as_well() {
    let ends_with = |limits: Limits, program: fn()| {
        let mut executor = Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder);
        let error = executor.block_on(async move {
            program();
            loop {
                time::sleep(SECOND).await;
            }
        });
        error.unwrap_err().to_string()
    };
    let base = Limits::default();
    let spawn_some = || {
        for _ in 0..10 {
            drop(spawn(time::sleep(SECOND)));
        }
    };
    assert!(
        ends_with(Limits { virtual_time_max: SECOND, ..base }, || ())
            .contains("virtual_time_max = 1.000 s is")
    );
    assert!(ends_with(Limits { polls_max: 100, ..base }, || ()).contains("polls_max"));
    assert!(ends_with(Limits { timers_max: 5, ..base }, spawn_some).contains("timers_max"));
    assert!(ends_with(Limits { tasks_max: 5, ..base }, spawn_some).contains("tasks_max"));
}

#[test]
fn what_was_pending_at_the_end_is_reported_by_name_and_dropped_inside_the_run() {
    struct InRun;
    impl Drop for InRun {
        fn drop(&mut self) {
            assert!(context::in_run());
            assert_eq!(&*context::current_lineage(), "main/sleeper");
            drop(spawn(async {}));
        }
    }
    let mut executor = Executor::new(ProductionOrder);
    executor
        .block_on(async {
            drop(spawn_named("sleeper", async {
                let _guard = InRun;
                time::sleep(SECOND).await;
            }));
            drop(spawn_named("never", async {}));
        })
        .unwrap();
    let report = executor.finish(Outcome::Done);
    assert_eq!(
        report.pending.iter().map(|task| task.lineage.to_string()).collect::<Vec<_>>(),
        ["main/sleeper", "main/never"]
    );
    assert_eq!(report.pending[0].activity, Activity::NeverPolled);
}

#[test]
fn a_run_inside_a_run_is_refused_with_a_clear_text() {
    let mut executor = Executor::new(ProductionOrder);
    let error =
        executor.block_on(async { drop(Executor::new(ProductionOrder).block_on(async {})) }).unwrap_err();
    assert!(error.to_string().contains("a run cannot be started inside a run"), "{error}");
}

#[test]
fn a_wake_from_a_real_thread_is_named_when_the_run_is_stuck() {
    let mut executor = Executor::new(ProductionOrder);
    let error = executor
        .block_on(std::future::poll_fn(|context| {
            let waker = context.waker().clone();
            std::thread::Builder::new().spawn(move || waker.wake()).unwrap().join().unwrap();
            std::task::Poll::<()>::Pending
        }))
        .unwrap_err();
    assert!(error.to_string().contains("main was woken by a real thread"), "{error}");
}

#[test]
fn random_order_differs_by_seed_and_not_by_repetition() {
    let order = |seed| {
        let config = Config { trace: TraceLevel::Events, ..Config::default() };
        let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
        for n in 0..6 {
            executor.spawn(async move {
                yield_now().await;
                event!("{n}");
            });
        }
        executor.run_until_idle().unwrap();
        executor.trace().records.iter().map(|record| record.event.to_string()).collect::<Vec<_>>().concat()
    };
    let orders: std::collections::BTreeSet<_> = (0..50).map(order).collect();
    assert!(orders.len() > 30, "{} orders in 50 seeds", orders.len());
    assert_eq!(order(3), order(3));
}

/// Tasks that wait, wake each other, draw, block and end, on two nodes.
async fn busy_program() {
    Node::named("other").spawn_named("blocker", async {
        for _ in 0..3 {
            time::sleep(MS).await;
            time::block(2 * MS).await;
            yield_now().await;
        }
    });
    let (sender, receiver) = futures::channel::oneshot::channel();
    spawn_named("sender", async move {
        time::sleep(choose(5) as u32 * MS).await;
        sender.send(choose(100)).unwrap();
    });
    let workers: Vec<_> = (0..4)
        .map(|n| {
            spawn_named("worker", async move {
                for _ in 0..choose_between(1, 4) {
                    yield_now().await;
                    time::sleep(n * MS).await;
                }
            })
        })
        .collect();
    event!("received {}", receiver.await.unwrap());
    for worker in workers {
        worker.await.unwrap();
    }
    time::sleep(50 * MS).await;
}

#[test]
fn a_recording_replays_to_the_same_hash_whatever_the_source_was() {
    let recorded = Config { record: true, ..Config::default() };
    let run = |source: Box<dyn Source>, config| {
        let mut executor = Executor::with_boxed_source(config, source);
        executor.block_on(busy_program()).unwrap();
        executor.finish(Outcome::Done)
    };
    let sources = |seed| -> Box<dyn Source> {
        if seed == 0 { Box::new(ProductionOrder) } else { Box::new(KeyedRandom::new(seed)) }
    };
    for seed in 0..50 {
        let unrecorded = run(sources(seed), Config::default());
        let original = run(sources(seed), recorded);
        assert_eq!(original.hash, unrecorded.hash, "recording changes nothing");
        assert_eq!(original.misaligned, 0);
        let recording = original.recording.unwrap();
        let replay = Replay::new(&recording);
        let followed = replay.report();
        let again = run(Box::new(replay), recorded);
        assert_eq!(followed.diverged_at(), None, "seed {seed}:\n{recording}");
        assert_eq!(again.hash, original.hash, "seed {seed}");
        assert_eq!(again.recording.unwrap(), recording, "seed {seed}");
    }
}

#[test]
fn a_replay_of_another_program_says_where_it_left_the_recording() {
    let config = Config { record: true, ..Config::default() };
    let mut executor = Executor::with_config(config, KeyedRandom::new(1));
    executor.block_on(busy_program()).unwrap();
    let recording = executor.finish(Outcome::Done).recording.unwrap();
    let replay = Replay::new(&recording);
    let followed = replay.report();
    let mut other = Executor::new(replay);
    other.block_on(async { choose(3) }).unwrap();
    assert_eq!(followed.diverged_at(), Some(0));
}

#[test]
fn a_recording_reads_as_names() {
    let config = Config { record: true, ..Config::default() };
    let mut executor = Executor::with_config(config, KeyedRandom::new(1));
    executor.block_on(busy_program()).unwrap();
    let text = executor.finish(Outcome::Done).recording.unwrap().to_string();
    assert!(text.contains("main/worker#2 @ user:choose #0 -> "), "{text}");
    assert!(text.contains("-> run main/worker#3 @ task.yield #0"), "{text}");
    assert!(text.contains("run main @ by:main/sender #0"), "{text}");
}

#[test]
fn select_takes_the_written_order_in_production_and_draws_it_else() {
    let first = |source: Box<dyn Source>| {
        let mut executor = Executor::with_boxed_source(Config::default(), source);
        let ready = std::future::ready::<u8>;
        executor
            .block_on(async move {
                select! { a = ready(0) => a, b = ready(1) => b, c = ready(2) => c }
            })
            .unwrap()
    };
    assert_eq!(first(Box::new(ProductionOrder)), 0);
    let drawn: std::collections::BTreeSet<_> =
        (0..50).map(|seed| first(Box::new(KeyedRandom::new(seed)))).collect();
    assert_eq!(drawn.len(), 3);
}

#[test]
fn statistics_tell_how_long_a_ready_task_waited() {
    let config = Config { stats: true, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor
        .block_on(async {
            let quick = spawn_named("quick", async {});
            spawn_named("blocker", async { time::block(SECOND).await });
            let late = spawn_named("late", async {});
            quick.await.unwrap();
            late.await.unwrap();
        })
        .unwrap();
    let stats = executor.finish(Outcome::Done).stats;
    let late = stats.iter().find(|stats| &*stats.lineage == "main/late").unwrap();
    assert_eq!((late.polls, late.waited_polls_max, late.waited_time_max), (1, 3, SECOND));
}

#[test]
fn a_panic_keeps_its_own_location() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if !context::note_panic(info.location()) {
            hook(info);
        }
    }));
    let mut executor = Executor::new(ProductionOrder);
    let first_line = line!() + 3;
    let error = executor.block_on(async {
        let first = spawn_named("first", async { time::sleep(MS).await });
        let kept = spawn_named("kept", async { panic!("first") });
        let joined = spawn_named("joined", async { panic!("second") });
        joined.await.unwrap_err();
        drop(kept);
        first.await.unwrap();
    });
    let RunError::Panicked(panic) = error.unwrap_err() else { panic!("another error") };
    let location = panic.location.unwrap();
    assert!(location.contains(&format!("run.rs:{first_line}:")), "{location}, not line {first_line}");
}

#[test]
fn what_is_asked_while_a_run_is_torn_down_is_part_of_no_recording() {
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            assert_eq!(choose(1_000_000), 0);
        }
    }
    let mut executor = Executor::new(KeyedRandom::new(1));
    executor
        .block_on(async {
            let asks = Asks;
            drop(spawn(async move {
                let _asks = asks;
                std::future::pending::<()>().await;
            }));
            yield_now().await;
        })
        .unwrap();
    assert_eq!(executor.finish(Outcome::Done).decisions, 1);
}

/// A device that notes the time it is told inside `fire`.
struct Clockwork {
    due: Cell<Option<sim_executor::Instant>>,
    seen: Cell<Option<sim_executor::Instant>>,
}

impl sim_executor::Device for Clockwork {
    fn next_due(&self) -> Option<sim_executor::Instant> {
        self.due.get()
    }

    fn fire(&self, _now: sim_executor::Instant) {
        self.due.set(None);
        self.seen.set(Some(context::now()));
    }

    fn describe(&self, _resource: u64) -> String {
        String::new()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn std::any::Any> {
        self
    }
}

#[test]
fn a_device_sees_the_worlds_time_while_a_node_is_ahead_of_it() {
    let at = sim_executor::Instant::START + SECOND;
    let device = Rc::new(Clockwork { due: Cell::new(Some(at)), seen: Cell::new(None) });
    let installed = Rc::clone(&device);
    Executor::new(ProductionOrder)
        .block_on(async move {
            context::install_device(installed);
            time::block_now(5 * SECOND);
            yield_now().await;
        })
        .unwrap();
    assert_eq!(device.seen.get(), Some(at));
}

#[test]
fn what_ended_one_call_does_not_end_the_next() {
    let mut executor = Executor::new(ProductionOrder);
    let stopped = executor.block_on(async {
        stop();
        time::sleep(SECOND).await;
        stop(); // while the next call runs, in which it ends
    });
    assert!(matches!(stopped, Err(RunError::Stopped { .. })));
    executor.spawn(async { time::sleep(3 * SECOND).await });
    executor.block_on(time::sleep_until(sim_executor::Instant::START + 500 * MS)).unwrap();
    executor.run_forever().unwrap(); // by the second `stop`
    assert_eq!(executor.now().to_string(), "1.000");
    executor.run_until_idle().unwrap();
    assert_eq!(executor.now().to_string(), "3.000", "the end of the first future ended this call");
}

#[test]
fn a_stop_in_the_last_poll_of_a_call_is_over_with_it() {
    let mut executor = Executor::new(ProductionOrder);
    executor.block_on(async { stop() }).unwrap();
    executor.run_for(SECOND).unwrap();
    assert_eq!(executor.now().to_string(), "1.000");
}

#[test]
fn a_task_for_which_all_is_ready_at_once_is_stopped_by_a_limit() {
    let sleeps = |times: u64| {
        let mut executor = Executor::new(ProductionOrder);
        executor.block_on(async move {
            for _ in 0..times {
                time::sleep(Duration::ZERO).await;
            }
        })
    };
    assert_eq!(sleeps(90_000), Ok(()));
    let error = sleeps(u64::MAX).unwrap_err();
    assert!(matches!(&error, RunError::Limit { .. }), "{error}");
    assert!(error.to_string().contains("Limits::operations_per_poll_max = 100000 is reached"), "{error}");
}
