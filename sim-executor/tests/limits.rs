//! Programs without an end: each is ended, and the limit that it reached is named.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Bound, Config, Crash, Executor, LimitReached, Limits, Node, Outcome, ProductionOrder, RunError, event,
    spawn, time, yield_now,
};

const MS: Duration = Duration::from_millis(1);

fn with(limits: Limits) -> Executor {
    Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder)
}

fn limit<T>(ended: Result<T, RunError>) -> LimitReached {
    match ended {
        Err(RunError::Limit { limit, .. }) => limit,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("no limit was reached"),
    }
}

fn limit_of(outcome: Outcome) -> LimitReached {
    match outcome {
        Outcome::Error(error) => limit::<()>(Err(error)),
        other => panic!("{other}"),
    }
}

/// Spawns the next generation when it is dropped.
struct Hydra {
    left: u32,
    heads: u32,
    dropped: Rc<Cell<u32>>,
}

impl Drop for Hydra {
    fn drop(&mut self) {
        self.dropped.set(self.dropped.get() + 1);
        if self.left == 0 {
            return;
        }
        for _ in 0..self.heads {
            let next = Hydra { left: self.left - 1, heads: self.heads, dropped: Rc::clone(&self.dropped) };
            drop(spawn(async move {
                let _next = next;
                pending::<()>().await;
            }));
        }
    }
}

/// How a run ends at whose end such a one is left, and how many were dropped.
fn end_with(left: u32, heads: u32, limits: Limits) -> (Outcome, u32) {
    let mut executor = with(limits);
    let dropped = Rc::new(Cell::new(0));
    let first = Hydra { left, heads, dropped: Rc::clone(&dropped) };
    executor
        .block_on(async move {
            drop(spawn(async move {
                let _first = first;
                pending::<()>().await;
            }));
            yield_now().await;
        })
        .unwrap();
    let outcome = executor.finish(Outcome::Done).outcome;
    (outcome, dropped.get())
}

#[test]
fn what_is_spawned_when_tasks_are_dropped_at_the_end_is_dropped_too() {
    let (outcome, dropped) = end_with(5_000, 1, Limits::default());
    assert_eq!((outcome, dropped), (Outcome::Done, 5_001));
}

#[test]
fn tasks_that_spawn_in_drop_for_ever_at_the_end_reach_a_limit() {
    for heads in [1, 2] {
        let (outcome, dropped) = end_with(u32::MAX, heads, Limits::default());
        let limit = limit_of(outcome);
        assert_eq!((limit.name, limit.bound), ("polls_per_instant_max", Bound::Count(100_000)));
        assert!(limit.meaning.starts_with("at the end of the run, the Drop code"), "{}", limit.meaning);
        assert!((50_000..=100_001).contains(&dropped), "{dropped}");
    }
}

#[test]
fn outputs_that_spawn_in_drop_for_ever_at_the_end_reach_a_limit() {
    struct Spawns;
    impl Drop for Spawns {
        fn drop(&mut self) {
            let handle = spawn(async { Spawns });
            handle.abort();
            let kept = spawn(async move {
                let _handle = handle;
                pending::<()>().await;
                Spawns
            });
            std::mem::forget(kept);
            drop(spawn(pending_with(Spawns)));
        }
    }
    async fn pending_with(_kept: Spawns) {
        pending::<()>().await;
    }
    let mut executor = with(Limits { polls_per_instant_max: 1_000, ..Limits::default() });
    executor
        .block_on(async {
            std::mem::forget(spawn(async { Spawns }));
            yield_now().await;
        })
        .unwrap();
    assert_eq!(limit_of(executor.finish(Outcome::Done).outcome).name, "polls_per_instant_max");
}

#[test]
fn tasks_that_spawn_in_drop_for_ever_in_a_crash_reach_a_limit() {
    let mut executor = with(Limits::default());
    let dropped = Rc::new(Cell::new(0));
    let first = Hydra { left: u32::MAX, heads: 1, dropped: Rc::clone(&dropped) };
    let ended = executor.block_on(async move {
        let node = Node::named("n");
        drop(node.spawn(async move {
            let _first = first;
            pending::<()>().await;
        }));
        time::sleep(MS).await;
        node.crash(Crash::ProcessKill);
        time::sleep(MS).await;
    });
    assert_eq!(limit(ended).name, "polls_per_instant_max");
    assert!(dropped.get() > 99_000);
    let outcome = executor.finish(Outcome::Done).outcome;
    assert_eq!(limit_of(outcome).name, "polls_per_instant_max", "and so does what was left");
}

/// Tells the trace that it was dropped.
struct Told;

impl Drop for Told {
    fn drop(&mut self) {
        event!("dropped");
    }
}

#[test]
fn spawning_beyond_the_limit_ends_the_run_by_name_whoever_catches_the_panic() {
    let limits = Limits { tasks_max: 10, ..Limits::default() };
    let spawn_many = || async {
        for _ in 0..20 {
            let told = Told;
            drop(spawn(async move {
                let _told = told;
                pending::<()>().await;
            }));
        }
    };
    let named = "Limits::tasks_max = 10 is reached: too many tasks are alive at one time";
    let mut executor = with(limits);
    assert_eq!(limit(executor.block_on(spawn_many())).to_string(), named);
    let mut executor = with(limits);
    let caught = executor.block_on(async move {
        let _seen = spawn(spawn_many()).await.unwrap_err();
        pending::<()>().await;
    });
    assert_eq!(limit(caught).to_string(), named);
    let mut executor = with(limits);
    let detached = executor.block_on(async move {
        drop(spawn(spawn_many()));
        pending::<()>().await;
    });
    assert_eq!(limit(detached).to_string(), named);
}

#[test]
fn a_future_for_which_there_is_no_room_is_dropped_inside_the_run() {
    let dropped = Rc::new(Cell::new(0));
    struct Counts(Rc<Cell<u32>>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.set(self.0.get() + 1);
            event!("in the run");
        }
    }
    let counts: Vec<Counts> = (0..5).map(|_| Counts(Rc::clone(&dropped))).collect();
    let mut executor = with(Limits { tasks_max: 3, ..Limits::default() });
    let ended = executor.block_on(async move {
        for count in counts {
            drop(spawn(async move {
                let _count = count;
                pending::<()>().await;
            }));
        }
    });
    assert_eq!(limit(ended).name, "tasks_max");
    assert!(!executor.finish(Outcome::Done).pending.is_empty());
    assert_eq!(dropped.get(), 5);
}

#[test]
fn spawning_beyond_the_limit_in_a_drop_of_a_panic_does_not_end_the_process() {
    struct Spawns;
    impl Drop for Spawns {
        fn drop(&mut self) {
            drop(spawn(async { Told }));
        }
    }
    let mut executor = with(Limits { tasks_max: 1, ..Limits::default() });
    let ended = executor.block_on(async {
        let _spawns = Spawns;
        drop(spawn(async {}));
    });
    assert_eq!(limit(ended).name, "tasks_max");
}

#[test]
fn a_call_for_which_there_is_no_room_fails_by_name() {
    let mut executor = with(Limits { tasks_max: 1, ..Limits::default() });
    drop(executor.spawn(pending::<()>()));
    assert_eq!(limit(executor.block_on(async {})).name, "tasks_max");
}

#[test]
fn a_node_for_whose_program_there_is_no_room_fails_the_run_by_name() {
    let mut executor = with(Limits { tasks_max: 2, ..Limits::default() });
    let ended = executor.block_on(async {
        let node = Node::named("n");
        node.crash(Crash::ProcessKill);
        node.run(pending);
        node.start_after(MS);
        drop(spawn(pending::<()>()));
        pending::<()>().await;
    });
    assert_eq!(limit(ended).name, "tasks_max");
}

#[test]
fn what_many_tasks_do_once_is_no_busy_loop() {
    const TASKS: u64 = 110_000;
    let sum = |detached: bool| {
        with(Limits::default())
            .block_on(async move {
                let sum = Rc::new(Cell::new(0));
                let tasks: Vec<_> = (0..TASKS)
                    .map(|number| {
                        let sum = Rc::clone(&sum);
                        spawn(async move {
                            time::sleep(MS).await;
                            sum.set(sum.get() + number);
                        })
                    })
                    .collect();
                if detached {
                    drop(tasks);
                    time::sleep(2 * MS).await;
                } else {
                    for task in tasks {
                        task.await.unwrap();
                    }
                }
                sum.get()
            })
            .unwrap()
    };
    assert_eq!([sum(false), sum(true)], [TASKS * (TASKS - 1) / 2; 2]);
}

#[test]
fn a_busy_loop_among_many_tasks_is_still_one() {
    let mut executor = with(Limits::default());
    let ended = executor.block_on(async {
        for _ in 0..20_000 {
            drop(spawn(pending::<()>()));
        }
        loop {
            yield_now().await;
        }
    });
    let limit = limit::<()>(ended);
    assert_eq!((limit.name, limit.bound), ("polls_per_instant_max", Bound::Count(100_000)));
    let report = executor.finish(Outcome::Done);
    assert_eq!(report.polls, 300_000, "three times the limit, for 20,001 tasks");
}
