//! Sleeps, limits and intervals as tokio has them.

use std::cell::RefCell;
use std::future::{Future, pending, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use sim_executor::time::{self, MissedTickBehavior};
use sim_executor::{Executor, Instant, ProductionOrder, RunError, spawn, yield_now};

fn run<F: Future + 'static>(future: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(future).unwrap()
}

fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// The virtual time in milliseconds.
fn now() -> u128 {
    time::elapsed().as_millis()
}

#[test]
fn a_sleep_is_not_elapsed_before_its_first_poll() {
    run(async {
        let mut late = pin!(time::sleep(ms(1)));
        time::sleep(ms(5)).await;
        assert!(!late.is_elapsed());
        late.as_mut().await;
        assert!(late.is_elapsed());
        late.as_mut().reset(Instant::now() + ms(1));
        assert!(!late.is_elapsed());
    });
}

#[test]
fn a_sleep_that_is_reset_by_another_task_wakes_who_waits_for_it() {
    for (reset_to, woken_at) in [(20, 20), (5_000, 5_000), (3, 10)] {
        let at = run(async move {
            let sleep = Rc::new(RefCell::new(Box::pin(time::sleep(ms(1_000)))));
            let shared = Rc::clone(&sleep);
            let waiter = spawn(async move {
                poll_fn(|context| shared.borrow_mut().as_mut().poll(context)).await;
                now()
            });
            time::sleep(ms(10)).await;
            sleep.borrow_mut().as_mut().reset(Instant::START + ms(reset_to));
            waiter.await.unwrap()
        });
        assert_eq!(at, woken_at, "reset to {reset_to}");
    }
}

#[test]
fn a_limit_that_cannot_be_named_is_none() {
    let limited = async { time::timeout(Duration::MAX, pending::<()>()).await };
    let end = Executor::new(ProductionOrder).block_on(limited);
    assert!(matches!(end, Err(RunError::Deadlock(_))), "{end:?}");
}

#[test]
fn a_limit_gives_its_future_back() {
    run(async {
        let mut limited = time::timeout(ms(5), std::future::ready(1));
        assert_eq!(limited.get_mut().clone().await, 1);
        assert_eq!(limited.get_ref().clone().await, 1);
        assert_eq!(limited.into_inner().await, 1);
        let over = time::timeout_at(Instant::START + ms(7), pending::<()>()).await.unwrap_err();
        assert_eq!((now(), format!("{over} {over:?}")), (7, "deadline has elapsed Elapsed(())".into()));
    });
}

/// The times of three ticks of 50 ms; before the second, something else lasts until `busy_until`.
fn ticks(missed: MissedTickBehavior, busy_until: u64) -> Vec<u128> {
    run(async move {
        let mut interval = time::interval(ms(50));
        interval.set_missed_tick_behavior(missed);
        interval.tick().await;
        time::sleep(ms(busy_until)).await;
        let mut at = Vec::new();
        for _ in 0..3 {
            interval.tick().await;
            at.push(now());
        }
        at
    })
}

#[test]
fn a_tick_that_is_asked_for_more_than_5_ms_late_is_missed() {
    use MissedTickBehavior::{Burst, Delay, Skip};
    for missed in [Burst, Delay, Skip] {
        assert_eq!(ticks(missed, 55), [55, 100, 150], "{missed:?}");
    }
    assert_eq!(ticks(Burst, 56), [56, 100, 150]);
    assert_eq!(ticks(Delay, 56), [56, 106, 156]);
    assert_eq!(ticks(Skip, 56), [56, 100, 150]);
    assert_eq!(ticks(Burst, 170), [170, 170, 170]);
    assert_eq!(ticks(Delay, 170), [170, 220, 270]);
    assert_eq!(ticks(Skip, 170), [170, 200, 250]);
    assert_eq!(ticks(Skip, 200), [200, 250, 300], "a tick that is due now is missed as well");
}

#[test]
fn an_interval_is_reset_to_now_later_or_a_time() {
    run(async {
        let mut interval = time::interval(ms(50));
        interval.tick().await;
        interval.reset();
        interval.tick().await;
        assert_eq!(now(), 50);
        interval.reset_immediately();
        interval.tick().await;
        assert_eq!(now(), 50);
        interval.reset_after(ms(7));
        interval.tick().await;
        assert_eq!(now(), 57);
        interval.reset_at(Instant::START + ms(80));
        assert_eq!((interval.tick().await, now()), (Instant::START + ms(80), 80));
        interval.tick().await;
        assert_eq!(now(), 130);
    });
}

#[test]
#[should_panic(expected = "`period` must be non-zero.")]
fn an_interval_without_a_period_is_refused() {
    run(async { drop(time::interval(Duration::ZERO)) });
}

#[test]
fn advancing_lets_all_timers_on_the_way_be_late_together() {
    let woken = run(async { spawn(woken_by_advancing()).await.unwrap() });
    assert_eq!(woken, [(10, 50), (20, 50), (30, 50)], "they are polled before the caller goes on");
    assert_eq!(run(woken_by_advancing()), [], "but not before the one that the run was started with");
}

/// The sleepers that have been woken when a call of `advance` comes back: for how long they slept, until when.
async fn woken_by_advancing() -> Vec<(u64, u128)> {
    let woken = Rc::new(RefCell::new(Vec::new()));
    for after in [30, 10, 20, 60] {
        let woken = Rc::clone(&woken);
        spawn(async move {
            time::sleep(ms(after)).await;
            woken.borrow_mut().push((after, now()));
        });
    }
    yield_now().await;
    time::advance(ms(50)).await;
    assert_eq!(now(), 50);
    woken.take()
}

#[test]
fn the_clock_can_be_paused_once_and_then_resumed_once() {
    run(async {
        time::pause();
        time::advance(ms(5)).await;
        time::resume();
        time::pause();
    });
    run(async { time::resume() });
}

#[test]
#[should_panic(expected = "time is already frozen")]
fn pausing_twice_is_refused() {
    let end = Executor::new(ProductionOrder).block_on(async {
        time::pause();
        time::pause();
    });
    panic!("{}", end.unwrap_err());
}

#[test]
#[should_panic(expected = "time is not frozen")]
fn advancing_a_clock_that_was_resumed_is_refused() {
    let end = Executor::new(ProductionOrder).block_on(async {
        time::resume();
        time::advance(ms(1)).await;
    });
    panic!("{}", end.unwrap_err());
}

#[test]
fn what_a_future_has_not_awaited_costs_no_time() {
    run(async {
        let mut polled = pin!(time::sleep(ms(9)));
        poll_fn(|context| Poll::Ready(polled.as_mut().poll(context).is_pending())).await;
        assert_eq!(now(), 0);
        assert_eq!(Instant::now().checked_sub(ms(9)).unwrap().elapsed(), ms(9));
    });
}
