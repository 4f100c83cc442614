//! How much a task may do in one poll.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Config, Executor, Instant, Limits, ProductionOrder, RunError, choose, event, flip, spawn, spawn_named,
    time, yield_now,
};

const BUDGET: u32 = 128;

fn run<F: Future<Output: 'static> + 'static>(budget: Option<u32>, future: F) -> Result<F::Output, RunError> {
    let limits = Limits { operations_per_poll_max: 20_000, ..Limits::default() };
    Executor::with_config(Config { limits, budget, ..Config::default() }, ProductionOrder).block_on(future)
}

/// How many sleeps of zero a task makes before a neighbour, which is ready, has its turn.
fn sleeps_before_the_neighbour(budget: Option<u32>) -> u32 {
    run(budget, async {
        let done = Rc::new(Cell::new(0));
        let (counted, seen) = (Rc::clone(&done), Rc::new(Cell::new(0)));
        let noted = Rc::clone(&seen);
        let busy = spawn(async move {
            for _ in 0..1_000 {
                time::sleep(Duration::ZERO).await;
                counted.set(counted.get() + 1);
            }
        });
        let neighbour = spawn(async move { noted.set(done.get()) });
        busy.await.unwrap();
        neighbour.await.unwrap();
        seen.get()
    })
    .unwrap()
}

#[test]
fn a_task_yields_after_its_budget_and_only_if_it_has_one() {
    assert_eq!(sleeps_before_the_neighbour(Some(BUDGET)), BUDGET);
    assert_eq!(sleeps_before_the_neighbour(Some(1)), 1);
    assert_eq!(sleeps_before_the_neighbour(None), 1_000);
}

#[test]
fn what_has_to_wait_uses_up_no_budget() {
    let order = run(Some(2), async {
        let log = Rc::new(RefCell::new(Vec::new()));
        let sleepers = (0..100).map(|_| time::sleep(Duration::from_secs(1)));
        let all = Rc::clone(&log);
        let waiting = spawn(async move {
            // All are polled in one poll, and none is over.
            let mut sleepers: Vec<_> = sleepers.map(Box::pin).collect();
            std::future::poll_fn(|context| {
                let polled = sleepers.iter_mut().map(|sleep| sleep.as_mut().poll(context));
                all.borrow_mut().push(polled.filter(std::task::Poll::is_pending).count());
                std::task::Poll::Ready(())
            })
            .await;
        });
        waiting.await.unwrap();
        let log = log.borrow().clone();
        (log, time::elapsed())
    });
    assert_eq!(order.unwrap(), (vec![100], Duration::ZERO));
}

#[test]
fn handles_that_are_awaited_count_as_tokios_do() {
    let turns = run(Some(4), async {
        let handles: Vec<_> = (0..8).map(|_| spawn(async {})).collect();
        yield_now().await;
        let polls = Rc::new(Cell::new(0));
        let counted = Rc::clone(&polls);
        let counter = spawn_named("counter", async move {
            loop {
                counted.set(counted.get() + 1);
                yield_now().await;
            }
        });
        for handle in handles {
            handle.await.unwrap();
        }
        counter.abort();
        polls.get()
    });
    assert_eq!(turns.unwrap(), 1, "after four of eight handles, the counter has had one turn");
}

#[test]
fn a_timeout_is_over_though_its_future_uses_up_the_budget() {
    let result = run(Some(BUDGET), async {
        let busy = async {
            loop {
                time::sleep(Duration::ZERO).await;
            }
        };
        // Its own sleep is looked at with nothing left of the budget, and what is due is seen.
        time::timeout(Duration::ZERO, busy).await.map_err(drop)
    });
    assert_eq!(result.unwrap(), Err(()));
}

type Call = Box<dyn Fn()>;

/// Runs a loop that makes one call again and again, and never waits.
fn endless(call: impl Fn() + 'static) -> String {
    let loops = async move {
        loop {
            call();
            std::future::ready(()).await;
        }
    };
    run::<std::pin::Pin<Box<dyn Future<Output = ()>>>>(Some(BUDGET), Box::pin(loops)).unwrap_err().to_string()
}

#[test]
fn every_call_that_never_waits_is_counted_and_ends_the_run() {
    let calls: [(&str, Call); 7] = [
        ("Instant::now", Box::new(|| assert!(Instant::now() == Instant::START))),
        ("time::now", Box::new(|| assert!(time::now() == Instant::START))),
        ("time::elapsed", Box::new(|| assert!(time::elapsed().is_zero()))),
        ("time::system_now", Box::new(|| assert!(!time::system_now().is_zero()))),
        ("choose", Box::new(|| assert_eq!(choose(3), 0))),
        ("flip", Box::new(|| assert!(!flip(sim_executor::Ratio::new(1, 2))))),
        ("event!", Box::new(|| event!("again"))),
    ];
    for (name, call) in calls {
        let error = endless(call);
        assert!(error.contains("Limits::operations_per_poll_max = 20000 is reached"), "{name}: {error}");
        assert!(error.contains("main  on main  ready"), "{name} waits for nothing: {error}");
    }
}

#[test]
fn a_handle_that_is_asked_again_and_again_ends_the_run() {
    let error = run(None, async {
        let other = spawn(async {});
        while !other.is_finished() {}
    });
    let error = error.unwrap_err().to_string();
    assert!(error.contains("Limits::operations_per_poll_max"), "{error}");
    assert!(error.contains("main"), "the task is named: {error}");
}

#[test]
fn a_task_that_nobody_awaits_ends_the_run_with_the_limit_and_not_with_a_panic() {
    let error = run(None, async {
        drop(spawn_named("clock", async { while time::elapsed().is_zero() {} }));
        std::future::pending::<()>().await;
    });
    let error = error.unwrap_err();
    let RunError::Limit { pending, .. } = &error else { panic!("{error}") };
    assert!(pending.iter().any(|task| &*task.lineage == "main/clock"), "{error}");
}

#[test]
fn a_loop_that_is_stopped_drops_what_it_holds() {
    struct Asks(Rc<Cell<bool>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            // While it unwinds, calls are counted no more: a second panic would be the end of the process.
            for _ in 0..50_000 {
                let _ = time::now();
            }
            self.0.set(true);
        }
    }
    let dropped = Rc::new(Cell::new(false));
    let asks = Asks(Rc::clone(&dropped));
    let result = run(None, async move {
        let _asks = asks;
        loop {
            let _ = time::now();
        }
    });
    assert!(matches!(result, Err::<(), _>(RunError::Limit { .. })), "{result:?}");
    assert!(dropped.get());
}
