//! Who is named when a limit is reached: the task that does not yield, that wakes itself, or that is not polled.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::task::{Poll, Waker};

use sim_executor::{
    Config, Domain, Executor, KeyedRandom, Limits, Needs, Node, Outcome, Point, ProductionOrder, RunError,
    Source, Value, spawn_named, time, yield_now,
};
use std::time::Duration;

fn ended_under(
    limits: Limits,
    stats: bool,
    source: impl Source + 'static,
    body: impl Future<Output = ()> + 'static,
) -> Result<(), RunError> {
    Executor::with_config(Config { limits, stats, ..Config::default() }, source).block_on(body)
}

fn few_polls() -> Limits {
    Limits { polls_per_instant_max: 5_000, operations_per_poll_max: 5_000, ..Limits::default() }
}

#[test]
fn a_task_that_never_yields_is_named_with_those_that_it_keeps_waiting() {
    let ended = ended_under(few_polls(), false, ProductionOrder, async {
        drop(spawn_named("hog", async {
            for name in ["one", "two"] {
                drop(spawn_named(name, async {}));
            }
            loop {
                time::sleep(Duration::ZERO).await;
            }
        }));
        time::sleep(Duration::from_secs(1)).await;
    });
    let Err(RunError::Limit { limit, blame, .. }) = ended else { panic!("{ended:?}") };
    assert_eq!(limit.name, "operations_per_poll_max");
    assert_eq!(
        blame.lines,
        [
            "main/hog goes on and on in that poll",
            "ready meanwhile, and waiting for it: main/hog/one, main/hog/two"
        ]
    );
}

#[test]
fn a_task_that_wakes_itself_again_and_again_is_named() {
    let ended = ended_under(few_polls(), false, ProductionOrder, async {
        drop(spawn_named("spin", async {
            loop {
                yield_now().await;
            }
        }));
        time::sleep(Duration::from_secs(1)).await;
    });
    let Err(error @ RunError::Limit { .. }) = ended else { panic!("{ended:?}") };
    let text = error.to_string();
    assert!(
        text.contains("\n  main/spin had 1001 of the last 1001 polls: it wakes itself each time\n"),
        "{text}"
    );
}

#[test]
fn tasks_that_wake_each_other_again_and_again_are_named() {
    type Ball = Rc<RefCell<[Option<Waker>; 2]>>;
    fn play(ball: Ball, me: usize) -> impl Future<Output = ()> {
        std::future::poll_fn(move |context| {
            let mut wakers = ball.borrow_mut();
            wakers[me] = Some(context.waker().clone());
            if let Some(other) = &wakers[1 - me] {
                other.wake_by_ref();
            }
            Poll::Pending
        })
    }
    let seeds: [Box<dyn Source>; 2] = [Box::new(ProductionOrder), Box::new(KeyedRandom::new(3))];
    for source in seeds {
        let ended = ended_under(few_polls(), false, source, async {
            let ball = Ball::default();
            drop(spawn_named("ping", play(Rc::clone(&ball), 0)));
            drop(spawn_named("pong", play(ball, 1)));
            time::sleep(Duration::from_secs(1)).await;
        });
        let Err(RunError::Limit { blame, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!(blame.lines.len(), 2, "{blame:?}");
        for name in ["main/ping", "main/pong"] {
            let line = blame.lines.iter().find(|line| line.starts_with(name)).unwrap();
            assert!(line.contains(" of the last 1001 polls: it is woken by others"), "{line}");
        }
    }
}

/// Lets one task go first whenever it may.
struct Prefers {
    is_fair: bool,
}

impl Source for Prefers {
    fn needs(&self) -> Needs {
        Needs { is_fair: self.is_fair, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Domain::Among(candidates) = point.domain else { return None };
        let mut pick = None;
        candidates.visit(&mut |candidate| {
            if candidate.yields {
                pick = Some(Value::Pick { task: candidate.task, key: candidate.key });
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        });
        pick
    }

    fn describe(&self) -> String {
        "prefers".to_string()
    }
}

/// A task yields so often, and another is ready meanwhile.
async fn two_tasks(yields: u32) {
    let greedy = spawn_named("greedy", async move {
        yield_now().await;
        drop(spawn_named("patient", async {}));
        for _ in 0..yields {
            yield_now().await;
        }
    });
    greedy.await.unwrap();
}

#[test]
fn a_task_that_is_ready_and_not_polled_starves_where_the_order_is_fair() {
    let ended = ended_under(Limits::default(), true, Prefers { is_fair: true }, two_tasks(3_000));
    let Err(RunError::Limit { limit, blame, .. }) = &ended else { panic!("{ended:?}") };
    assert_eq!(limit.name, "starvation_min");
    let [line] = &blame.lines[..] else { panic!("{blame:?}") };
    assert!(line.starts_with("main/greedy/patient has waited for 1"), "{line}");
    assert!(line.ends_with(" polls of other tasks while it was ready"), "{line}");
}

#[test]
fn nobody_starves_under_an_order_that_is_not_meant_to_be_fair_nor_below_the_bound() {
    assert_eq!(ended_under(Limits::default(), true, Prefers { is_fair: false }, two_tasks(3_000)), Ok(()));
    assert_eq!(ended_under(Limits::default(), true, Prefers { is_fair: true }, two_tasks(900)), Ok(()));
    assert_eq!(ended_under(Limits::default(), false, Prefers { is_fair: true }, two_tasks(3_000)), Ok(()));
}

#[test]
fn the_bound_of_starvation_grows_with_the_tasks_that_are_ready() {
    let limits = Limits { starvation_min: 10, starvation_per_ready: 50, ..Limits::default() };
    let many = |yields| async move {
        let tasks = [(); 40].map(|()| {
            spawn_named("many", async move {
                for _ in 0..yields {
                    yield_now().await;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
    };
    assert_eq!(ended_under(limits, true, ProductionOrder, many(100)), Ok(()));
    let name = |limits, source: Box<dyn Source>, body: std::pin::Pin<Box<dyn Future<Output = ()>>>| {
        let ended = ended_under(limits, true, source, body);
        let Err(RunError::Limit { limit, .. }) = ended else { panic!("{ended:?}") };
        limit.name
    };
    let strict = Limits { starvation_per_ready: 0, ..limits };
    assert_eq!(name(strict, Box::new(ProductionOrder), Box::pin(many(100))), "starvation_min");
    let prefers = Box::new(Prefers { is_fair: true });
    assert_eq!(name(limits, prefers, Box::pin(two_tasks(200))), "starvation_per_ready");
}

#[test]
fn plain_random_order_is_not_judged_since_a_low_priority_may_wait_for_long() {
    let limits = Limits { starvation_min: 10, starvation_per_ready: 1, ..Limits::default() };
    let ended = ended_under(limits, true, KeyedRandom::new(0), two_tasks(3_000));
    assert_eq!(ended, Ok(()));
}

#[test]
fn a_poll_that_holds_the_cpu_for_long_is_told_with_those_that_it_keeps_waiting() {
    let held = |millis| {
        let mut executor = Executor::new(ProductionOrder);
        executor
            .block_on(async move {
                let heart = spawn_named("heart", time::sleep(Duration::from_millis(10)));
                let work = spawn_named("work", time::block(Duration::from_millis(millis)));
                work.await.unwrap();
                heart.await.unwrap();
            })
            .unwrap();
        let report = executor.finish(Outcome::Done);
        report.cpus_held.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(
        held(2_000),
        [
            "at 0.000: main/work held the CPU of main for 2.000 s in one poll (more than Limits::hold_max = 0.100 s), \
          and kept waiting: main/heart"
        ]
    );
    assert_eq!(held(100), [""; 0]);
}

#[test]
fn a_hold_that_is_not_over_when_the_run_fails_is_told_too() {
    let mut executor = Executor::new(ProductionOrder);
    let ended = executor.block_on(async {
        let server = Node::named("server");
        drop(server.spawn_named("heart", time::sleep(Duration::from_millis(10))));
        drop(server.spawn_named("work", time::block(Duration::from_secs(5))));
        time::sleep(Duration::from_secs(1)).await;
        panic!("the server has not answered for a second");
    });
    let report = executor.finish(ended.map_or_else(Outcome::from, |()| Outcome::Done));
    assert_eq!(report.outcome.word(), "panic");
    let held: Vec<String> = report.cpus_held.iter().map(ToString::to_string).collect();
    assert_eq!(
        held,
        [
            "at 0.000: server/work held the CPU of server for 5.000 s in one poll (more than Limits::hold_max = 0.100 s), \
             and kept waiting: server/heart"
        ]
    );
}

#[test]
fn a_task_that_holds_the_cpu_in_its_last_poll_is_named() {
    for is_joined in [true, false] {
        let mut executor = Executor::new(ProductionOrder);
        let ended = executor.block_on(async move {
            let work = spawn_named("work", async { time::block_now(Duration::from_secs(2)) });
            if is_joined {
                work.await.unwrap();
            } else {
                drop(work);
            }
            time::sleep(Duration::from_secs(1)).await;
        });
        ended.unwrap();
        let report = executor.finish(Outcome::Done);
        let [held] = &report.cpus_held[..] else { panic!("{:?}", report.cpus_held) };
        assert_eq!((&*held.lineage, held.lasted), ("main/work", Duration::from_secs(2)));
    }
}
