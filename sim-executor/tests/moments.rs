//! What may happen after each poll: a crash, a poll without a wake, a timeout that is over early.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use sim_executor::{
    Config, Crash, Executor, Fault, Instant, KeyedRandom, Life, MayCrash, Node, ProductionOrder, Ratio,
    context, select, spawn, time, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);
const ALWAYS: Ratio = Ratio::new(1, 1);

/// A server that counts to twenty again and again, how far it came at last, and how often it has started.
fn server(steps: &Rc<Cell<u32>>) -> Node {
    let server = Node::named("server");
    let steps = Rc::clone(steps);
    server.run(move || {
        let steps = Rc::clone(&steps);
        async move {
            for step in 1..=20 {
                steps.set(step);
                time::sleep(Duration::from_millis(10)).await;
            }
        }
    });
    server
}

fn crashes(seed: u64, policy: MayCrash) -> (Vec<u32>, u32) {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let run = async move {
        let steps = Rc::new(Cell::new(0));
        let server = server(&steps);
        server.may_crash_as(policy);
        let mut stopped_at = Vec::new();
        for _ in 0..4_000 {
            time::sleep(Duration::from_millis(5)).await;
            if server.life().is_down()
                && (stopped_at.is_empty() || steps.get() != *stopped_at.last().unwrap())
            {
                stopped_at.push(steps.get());
            }
        }
        (stopped_at, server.starts())
    };
    executor.block_on(run).unwrap()
}

#[test]
fn a_node_may_crash_at_any_of_its_polls_as_often_as_it_may_and_starts_again() {
    let mut moments = BTreeSet::new();
    let mut never = 0;
    for seed in 0..300 {
        let (stopped_at, starts) = crashes(seed, MayCrash::default());
        assert!(starts <= 1, "once at most, and not {starts} times");
        never += u32::from(starts == 0);
        moments.extend(stopped_at);
    }
    assert_eq!(moments.len(), 20, "at every step: {moments:?}");
    assert!((10..200).contains(&never), "{never} of 300 runs without a crash");
    let often = MayCrash { at_most: 3, probability: Some(Ratio::new(1, 4)), ..MayCrash::default() };
    assert!((0..20).all(|seed| crashes(seed, often).1 == 3));
    let for_ever = MayCrash { probability: Some(ALWAYS), restart_after: None, ..MayCrash::default() };
    assert_eq!(crashes(1, for_ever), (vec![1], 0));
}

#[test]
fn production_order_crashes_nothing_and_the_question_changes_no_other_draw() {
    let run = |source: Option<u64>, may_crash: bool| {
        let config = Config::default();
        let mut executor = match source {
            None => Executor::with_config(config, ProductionOrder),
            Some(seed) => Executor::with_config(config, KeyedRandom::new(seed)),
        };
        let program = async move {
            let server = server(&Rc::default());
            if may_crash {
                server
                    .may_crash_as(MayCrash { probability: Some(Ratio::ALMOST_NEVER), ..MayCrash::default() });
            }
            let drawn: Vec<u64> = (0..20).map(|_| sim_executor::choose(1_000)).collect();
            time::sleep(SECOND).await;
            (server.starts(), drawn)
        };
        executor.block_on(program).unwrap()
    };
    assert_eq!(run(None, true), run(None, false));
    for seed in 0..20 {
        assert_eq!(run(Some(seed), true), run(Some(seed), false));
    }
}

#[test]
fn a_frozen_node_goes_on_and_main_can_only_be_frozen() {
    let mut executor = Executor::new(KeyedRandom::new(1));
    let run = async {
        let steps = Rc::new(Cell::new(0));
        let server = server(&steps);
        server.may_crash_as(MayCrash {
            kind: Crash::Freeze,
            probability: Some(ALWAYS),
            ..MayCrash::default()
        });
        time::sleep(SECOND / 2).await;
        assert_eq!((server.life(), steps.get()), (Life::Frozen, 1));
        time::sleep(2 * SECOND).await;
        assert_eq!((server.life(), steps.get()), (Life::Running, 20));
    };
    executor.block_on(run).unwrap();
}

#[test]
#[should_panic(expected = "the node main runs the test and cannot crash")]
fn the_node_of_the_test_is_refused() {
    Executor::new(ProductionOrder).enter(|| Node::named("main").may_crash(Crash::PowerLoss, 1));
}

/// How often a task is polled that waits for one thing, and that one bears being polled without a wake.
fn polls(config: Config, seed: u64, refuse: bool) -> u32 {
    let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
    executor
        .block_on(async move {
            if refuse {
                context::refuse_fault(Fault::Spurious);
            }
            let polls = Rc::new(Cell::new(0));
            let seen = Rc::clone(&polls);
            let task = spawn(async move {
                let mut sleep = std::pin::pin!(time::sleep(SECOND));
                poll_fn(|context| {
                    seen.set(seen.get() + 1);
                    sleep.as_mut().poll(context)
                })
                .await;
            });
            task.await.unwrap();
            polls.get()
        })
        .unwrap()
}

#[test]
fn a_task_is_polled_without_a_wake_only_where_that_is_asked_for() {
    let asked = Config { spurious_polls: Ratio::new(1, 2), ..Config::default() };
    assert!((0..50).all(|seed| polls(Config::default(), seed, false) == 2));
    let counts: BTreeSet<u32> = (0..50).map(|seed| polls(asked, seed, false)).collect();
    assert!(counts.contains(&2) && counts.contains(&3) && counts.len() > 3, "{counts:?}");
    assert!(
        (0..50).all(|seed| polls(asked, seed, true) == 2),
        "a program that does not bear it is left alone"
    );
}

#[test]
fn a_future_that_is_ready_only_when_it_was_woken_is_found_out() {
    // It takes any second poll for the wake.
    let hasty = || async {
        let woken = Rc::new(Cell::new(false));
        let sets = Rc::clone(&woken);
        drop(spawn(async move {
            time::sleep(SECOND).await;
            sets.set(true);
        }));
        let mut polled = false;
        poll_fn(|context| {
            if std::mem::replace(&mut polled, true) {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            drop(spawn(async move {
                time::sleep(2 * SECOND).await;
                waker.wake();
            }));
            Poll::Pending
        })
        .await;
        woken.get()
    };
    assert!(Executor::new(ProductionOrder).block_on(hasty()).unwrap());
    let config = Config { spurious_polls: Ratio::new(1, 2), ..Config::default() };
    assert!(
        (0..20).any(|seed| !Executor::with_config(config, KeyedRandom::new(seed)).block_on(hasty()).unwrap())
    );
}

#[test]
fn a_timeout_may_be_over_at_each_await_of_its_body_where_that_is_asked_for() {
    let reached = |config: Config, seed: u64| {
        let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
        let run = async {
            let steps = Rc::new(Cell::new(0));
            let counts = Rc::clone(&steps);
            let body = async move {
                for _ in 0..4 {
                    yield_now().await;
                    counts.set(counts.get() + 1);
                }
            };
            let ended = time::timeout(SECOND, body).await;
            assert_eq!(ended.is_ok(), steps.get() == 4);
            steps.get()
        };
        executor.block_on(run).unwrap()
    };
    let asked = Config { cancel_timeouts: Ratio::new(1, 3), ..Config::default() };
    let steps: BTreeSet<u32> = (0..100).map(|seed| reached(asked, seed)).collect();
    assert_eq!(steps, (0..=4).collect());
    assert!((0..50).all(|seed| reached(Config::default(), seed) == 4));
}

/// How many of four steps a branch has made that loses against an hour, and when.
fn lost_after(config: Config, seed: u64) -> (u32, Instant) {
    let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
    let run = async {
        let steps = Rc::new(Cell::new(0));
        let counts = Rc::clone(&steps);
        let mut hour = pin!(time::sleep(3_600 * SECOND));
        select! {
            biased;
            () = async {
                for _ in 0..4 {
                    yield_now().await;
                    counts.set(counts.get() + 1);
                }
            } => assert_eq!(steps.get(), 4),
            () = &mut hour => assert!(hour.is_elapsed() && steps.get() < 4),
        }
        (steps.get(), time::now())
    };
    executor.block_on(run).unwrap()
}

#[test]
fn a_branch_may_lose_at_each_of_its_awaits_against_a_sleep_where_that_is_asked_for() {
    let asked = Config { cancel_selects: Ratio::new(1, 3), ..Config::default() };
    let lost: BTreeSet<u32> = (0..100).map(|seed| lost_after(asked, seed).0).collect();
    assert_eq!(lost, (0..=4).collect());
    assert!((0..100).all(|seed| lost_after(asked, seed).1 == Instant::START), "no time passes for it");
    let of_timeouts = Config { cancel_timeouts: Ratio::new(1, 3), ..Config::default() };
    assert!((0..50).all(|seed| lost_after(Config::default(), seed).0 == 4));
    assert!((0..50).all(|seed| lost_after(of_timeouts, seed).0 == 4));
}

#[test]
fn a_sleep_outside_of_a_select_is_as_long_as_it_says_whatever_is_asked_for() {
    let config = Config { cancel_selects: Ratio::new(9, 10), ..Config::default() };
    for seed in 0..20 {
        let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
        let slept = executor.block_on(async {
            let other = spawn(time::sleep(SECOND));
            select! {
                ended = other => ended.unwrap(),
                () = time::sleep(2 * SECOND) => {}
            }
            let begun = time::now();
            time::sleep(SECOND).await;
            time::now().saturating_duration_since(begun)
        });
        assert_eq!(slept.unwrap(), SECOND);
    }
}

/// How many steps a task makes whose abort is called when it is ready after its first, or waits, and whether that was cancelled.
fn steps_of_aborted(config: Config, seed: u64, is_ready: bool) -> (u32, bool) {
    let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
    let run = async move {
        let steps = Rc::new(Cell::new(0));
        let counts = Rc::clone(&steps);
        let waker: Rc<Cell<Option<std::task::Waker>>> = Rc::default();
        let waits = Rc::clone(&waker);
        let task = spawn(async move {
            for _ in 0..5 {
                let mut is_first = true;
                poll_fn(|context| {
                    waits.set(Some(context.waker().clone()));
                    if std::mem::replace(&mut is_first, false) { Poll::Pending } else { Poll::Ready(()) }
                })
                .await;
                counts.set(counts.get() + 1);
            }
        });
        time::sleep(SECOND).await;
        if is_ready {
            waker.take().unwrap().wake();
        }
        task.abort();
        task.abort();
        let is_cancelled = task.await.unwrap_err().is_cancelled();
        (steps.get(), is_cancelled)
    };
    executor.block_on(run).unwrap()
}

#[test]
fn the_abort_of_a_ready_task_may_land_at_its_next_await_where_that_is_asked_for() {
    let asked = Config { late_aborts: Ratio::new(1, 2), ..Config::default() };
    let steps: BTreeSet<(u32, bool)> = (0..50).map(|seed| steps_of_aborted(asked, seed, true)).collect();
    assert_eq!(steps, BTreeSet::from([(0, true), (1, true)]));
    assert!((0..50).all(|seed| steps_of_aborted(asked, seed, false) == (0, true)), "nobody polls it");
    assert!((0..50).all(|seed| steps_of_aborted(Config::default(), seed, true) == (0, true)));
}

#[test]
fn a_task_that_ends_before_its_abort_lands_gives_its_output() {
    let config = Config { late_aborts: Ratio::new(1, 2), ..Config::default() };
    let ended = |seed: u64| {
        Executor::with_config(config, KeyedRandom::new(seed))
            .block_on(async {
                let task = spawn(async { 7 });
                task.abort();
                task.await.ok()
            })
            .unwrap()
    };
    let all: BTreeSet<Option<i32>> = (0..50).map(ended).collect();
    assert_eq!(all, BTreeSet::from([None, Some(7)]));
}
