//! The clocks of nodes: drift, offset, steps.

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Clock, Executor, Instant, KeyedRandom, Node, ProductionOrder, Source, context, spawn_blocking, time,
    yield_now,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const THOUSANDTH: i32 = 1_000_000;

fn node() -> Node {
    Node::named("node")
}

fn drift(drift_ppb: i32) {
    node().set_clock(Clock { drift_ppb, ..Clock::default() });
}

fn under<F: Future<Output = ()> + 'static>(source: impl Source + 'static, program: F) {
    Executor::new(source).block_on(program).unwrap_or_else(|error| panic!("{error}"));
}

fn each<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) {
    under(ProductionOrder, program());
    (0..30).for_each(|seed| under(KeyedRandom::new(seed), program()));
}

fn world() -> Duration {
    context::now() - Instant::START
}

#[test]
fn timers_are_due_by_the_clock_of_their_node() {
    each(|| async {
        drift(-THOUSANDTH);
        let sleeps = [1, 10, 100].map(|seconds| {
            node().spawn(async move {
                time::sleep(seconds * 999 * MS).await;
                assert_eq!(time::elapsed(), seconds * 999 * MS);
                world()
            })
        });
        let main = time::timeout(5 * SECOND, time::sleep(10 * SECOND));
        assert!(main.await.is_err());
        assert_eq!((time::elapsed(), world()), (5 * SECOND, 5 * SECOND), "main's clock is right");
        let mut seconds = Vec::new();
        for sleep in sleeps {
            seconds.push(sleep.await.unwrap());
        }
        assert_eq!(seconds, [SECOND, 10 * SECOND, 100 * SECOND]);
    });
}

#[test]
fn intervals_and_timeouts_go_by_the_clock_of_their_node() {
    each(|| async {
        drift(10 * THOUSANDTH);
        let ticks = node().spawn(async {
            let mut interval = time::interval(101 * MS);
            for _ in 0..10 {
                interval.tick().await;
            }
            let late = time::timeout(202 * MS, std::future::pending::<()>());
            assert!(late.await.is_err());
            world()
        });
        assert_eq!(ticks.await.unwrap(), 900 * MS + 200 * MS);
    });
}

#[test]
fn a_change_of_the_drift_moves_the_timers_that_are_set() {
    each(|| async {
        let own = node().spawn(async {
            time::sleep(2 * SECOND).await;
            world()
        });
        let foreign = node().spawn(async {
            let sleeps: futures::stream::FuturesUnordered<_> =
                [time::sleep(2 * SECOND)].into_iter().collect();
            futures::StreamExt::collect::<Vec<()>>(sleeps).await;
            world()
        });
        let other = Node::named("other").spawn(async {
            time::sleep(2 * SECOND).await;
            world()
        });
        time::sleep(SECOND).await;
        drift(100 * THOUSANDTH);
        time::sleep(500 * MS).await;
        drift(-100 * THOUSANDTH);
        // 1 s + 0.55 s, and 0.45 s at nine tenths; each change costs a nanosecond at most.
        let moved = 2 * SECOND..=2 * SECOND + Duration::from_nanos(2);
        assert!(moved.contains(&own.await.unwrap()));
        assert!(moved.contains(&foreign.await.unwrap()));
        assert_eq!(other.await.unwrap(), 2 * SECOND);
        let ahead = node().spawn(async {
            time::sleep(900 * MS).await;
            world()
        });
        assert_eq!((ahead.await.unwrap() - SECOND).as_micros(), 2_000_000);
    });
}

#[test]
fn a_step_moves_the_wall_clock_and_no_timer() {
    each(|| async {
        let start = Duration::from_secs(1_735_689_600);
        assert_eq!(time::system_now(), start);
        node().set_clock(Clock { offset_ns: 5_000_000_000, drift_ppb: THOUSANDTH });
        let shown = Rc::new(RefCell::new(Vec::new()));
        let written = Rc::clone(&shown);
        let task = node().spawn(async move {
            for _ in 0..3 {
                time::sleep(1_001 * MS).await;
                written.borrow_mut().push((time::system_now() - start, world()));
            }
        });
        time::sleep(1_500 * MS).await;
        node().step_clock(-3_000_000_000);
        time::sleep(SECOND).await;
        node().step_clock(10_000_000_000);
        task.await.unwrap();
        let expected = [(6_001, 1_000), (2_002 + 2_000, 2_000), (3_003 + 12_000, 3_000)];
        assert_eq!(*shown.borrow(), expected.map(|(shown, world)| (shown * MS, world * MS)));
        assert_eq!(node().clock(), Clock { offset_ns: 12_000_000_000, drift_ppb: THOUSANDTH });
        assert_eq!(time::system_now(), start + 3 * SECOND, "main's clock is right");
    });
}

#[test]
fn the_wall_clock_stops_at_its_ends_instead_of_wrapping() {
    under(ProductionOrder, async {
        node().step_clock(i64::MIN);
        node().step_clock(-1);
        assert_eq!(node().spawn(async { time::system_now() }).await.unwrap(), Duration::ZERO);
        node().set_clock(Clock { offset_ns: i64::MAX, ..Clock::default() });
        node().step_clock(1);
        let latest = node().spawn(async { time::system_now() }).await.unwrap();
        assert_eq!(latest, Duration::from_nanos(i64::MAX as u64) + Duration::from_secs(1_735_689_600));
    });
}

#[test]
fn what_costs_the_cpu_costs_the_worlds_time() {
    each(|| async {
        drift(-100 * THOUSANDTH);
        let task = node().spawn(async {
            time::block(SECOND).await;
            assert_eq!((time::elapsed(), world()), (900 * MS, SECOND));
            time::block_now(SECOND);
            assert_eq!((time::elapsed(), world()), (1_800 * MS, 2 * SECOND));
            let before = time::now();
            drift(100 * THOUSANDTH);
            assert_eq!(time::now(), before, "what a node has seen it does not see again");
            yield_now().await;
            assert_eq!((time::elapsed(), world()), (1_800 * MS, 2 * SECOND));
            time::sleep(1_100 * MS).await;
            assert_eq!(world(), 3 * SECOND);
            let working = spawn_blocking(|| {
                time::block_now(SECOND);
                (time::elapsed(), world())
            });
            [working]
        });
        let [worker] = task.await.unwrap();
        assert_eq!(worker.await.unwrap(), (4_000 * MS, 4 * SECOND));
    });
}

#[test]
fn a_sleep_that_moves_to_a_node_with_another_clock_is_over_by_that_one() {
    under(ProductionOrder, async {
        drift(100 * THOUSANDTH);
        let set = node().spawn(async move {
            let mut sleep = Box::pin(time::sleep(1_100 * MS));
            assert!(futures::poll!(&mut sleep).is_pending());
            [sleep]
        });
        let [sleep] = set.await.unwrap();
        sleep.await;
        assert_eq!(world(), 1_100 * MS);
    });
}

#[test]
#[should_panic(expected = "drift_ppb 100000001 is more than 100000000 either way")]
fn a_drift_beyond_a_tenth_is_refused() {
    Executor::new(ProductionOrder).enter(|| drift(100_000_001));
}

#[test]
fn a_report_says_in_the_worlds_time_until_when_a_task_sleeps() {
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| {
        drift(-100 * THOUSANDTH);
        drop(node().spawn(time::sleep(9 * SECOND)));
    });
    executor.run_for(SECOND).unwrap();
    let pending = executor.pending();
    assert!(pending[0].activity.to_string().ends_with("until 10.000"), "{}", pending[0]);
}
