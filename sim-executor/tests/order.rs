//! The order in which ready tasks are polled under a seed: by priorities, and fair where time passes.

use std::cell::Cell;
use std::collections::{BTreeSet, BinaryHeap};
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Config, Domain, Executor, FactKinds, KeyedDraws, KeyedRandom, Needs, Node, Order, Outcome, Point,
    ProductionOrder, Ready, ReadyId, Replay, Report, Source, Value, choose, event, spawn_named, time,
    yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// Tasks on two nodes that yield, wake each other, sleep, block and end, and a node that is frozen and goes down.
async fn busy_program() {
    let other = Node::named("other");
    for name in ["blocker", "blocker"] {
        other.spawn_named(name, async {
            for _ in 0..6 {
                time::block(2 * MS).await;
                yield_now().await;
            }
        });
    }
    for name in ["yielder", "sleeper"] {
        other.spawn_named(name, async move {
            for _ in 0..5 {
                if name == "sleeper" { time::sleep(MS).await } else { yield_now().await }
            }
            event!("{name} is done");
        });
    }
    let doomed = Node::named("doomed");
    for _ in 0..4 {
        doomed.spawn_named("worker", async {
            loop {
                time::sleep(MS).await;
                yield_now().await;
            }
        });
    }
    let workers: Vec<_> = (0..5)
        .map(|n| {
            spawn_named("worker", async move {
                for _ in 0..choose(4) {
                    yield_now().await;
                    time::sleep(n * MS).await;
                    time::block_now(MS / 2);
                }
            })
        })
        .collect();
    time::sleep(3 * MS).await;
    doomed.freeze();
    time::sleep(2 * MS).await;
    doomed.thaw();
    time::sleep(2 * MS).await;
    doomed.crash(sim_executor::Crash::ProcessKill);
    for worker in workers {
        worker.await.unwrap();
    }
    time::sleep(50 * MS).await;
}

fn run(config: Config, source: impl Source + 'static) -> Report {
    let mut executor = Executor::with_config(config, source);
    executor.block_on(busy_program()).unwrap();
    executor.finish(Outcome::Done)
}

/// A source that is asked for the order, and passes the questions on.
struct Asked(KeyedRandom);

impl Source for Asked {
    fn needs(&self) -> Needs {
        Needs::default()
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        self.0.decide(point)
    }

    fn describe(&self) -> String {
        "asked".to_string()
    }
}

/// The same order by a heap of the source's own. Asked or not, it must know the names of polls.
struct Heap {
    order: Order,
    draws: KeyedDraws,
    heap: BinaryHeap<(u64, ReadyId)>,
    picks: Rc<Cell<u32>>,
}

impl Source for Heap {
    fn needs(&self) -> Needs {
        let facts = FactKinds::ACCESSES;
        Needs { order: self.order, decision_points: false, facts, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        match point.domain {
            Domain::Among(candidates) => candidates.pick_by(self),
            ref domain => domain.value_of(self.draws.draw(point.key)),
        }
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.picks.set(self.picks.get() + 1);
        for id in ready.fresh() {
            self.heap.push((self.draws.draw(ready.task(*id).key), *id));
        }
        self.heap.pop().map(|(_, id)| id)
    }

    fn describe(&self) -> String {
        "heap".to_string()
    }
}

#[test]
fn the_order_that_the_run_keeps_is_the_one_that_a_source_would_answer() {
    for seed in 0..100 {
        let kept = run(Config::default(), KeyedRandom::new(seed));
        let asked = run(Config::default(), Asked(KeyedRandom::new(seed)));
        let picks = Rc::new(Cell::new(0));
        let heap = |order| Heap {
            order,
            draws: KeyedDraws::new(seed),
            heap: BinaryHeap::new(),
            picks: Rc::clone(&picks),
        };
        let picked = run(Config::default(), heap(Order::Picked));
        assert!(u64::from(picks.get()) > picked.polls / 4, "seed {seed}: {} picks", picks.get());
        let wrapped = run(Config::default(), heap(Order::Asked));
        let recorded = run(Config { record: true, ..Config::default() }, heap(Order::Picked));
        for other in [asked, picked, wrapped, recorded] {
            assert_eq!(
                (kept.hash, kept.polls, kept.decisions, 0),
                (other.hash, other.polls, other.decisions, other.misaligned),
                "seed {seed}, {}",
                other.source
            );
        }
    }
}

#[test]
fn what_is_kept_of_a_run_changes_nothing_in_its_order() {
    for seed in 0..50 {
        let plain = run(Config::default(), KeyedRandom::new(seed));
        let all = run(
            Config { record: true, stats: true, trace: sim_executor::TraceLevel::All, ..Config::default() },
            KeyedRandom::new(seed),
        );
        assert_eq!((plain.hash, plain.decisions), (all.hash, all.decisions), "seed {seed}");
        let recording = all.recording.unwrap();
        assert_all_names_differ(&recording);
        let replay = Replay::new(&recording);
        let followed = replay.report();
        assert_eq!(run(Config::default(), replay).hash, plain.hash, "seed {seed}");
        assert_eq!((followed.diverged_at(), followed.followed()), (None, recording.decisions.len()));
    }
}

/// The most polls of others that a task has waited for which is ready all the time, beside `busy` tasks that block for 30 ms
/// and yield, 50 times each.
fn longest_wait(config: Config, source: impl Source + 'static, busy: usize) -> u64 {
    let mut executor = Executor::with_config(Config { stats: true, ..config }, source);
    executor
        .block_on(async move {
            let is_over = Rc::new(Cell::new(false));
            let is_over_too = Rc::clone(&is_over);
            let victim = spawn_named("victim", async move {
                while !is_over_too.get() {
                    yield_now().await;
                }
            });
            let busy: Vec<_> = (0..busy)
                .map(|_| {
                    spawn_named("busy", async {
                        for _ in 0..50 {
                            time::block(30 * MS).await;
                            yield_now().await;
                        }
                    })
                })
                .collect();
            for task in busy {
                task.await.unwrap();
            }
            is_over.set(true);
            victim.await.unwrap();
        })
        .unwrap();
    let report = executor.finish(Outcome::Done);
    report.stats.iter().find(|task| &*task.lineage == "main/victim").unwrap().waited_polls_max
}

#[test]
fn a_ready_task_gets_its_turn_after_four_holds_of_its_cpu() {
    assert!(longest_wait(Config::default(), ProductionOrder, 1) <= 3);
    for seed in 0..100 {
        // A hold has two polls: the one that begins it, and the one in which the task goes on and yields.
        let wait = longest_wait(Config::default(), KeyedRandom::new(seed), 1);
        assert!(wait <= 2 * 4 + 2, "seed {seed}: waited for {wait} polls");
        let wait = longest_wait(Config::default(), KeyedRandom::new(seed), 3);
        assert!(wait <= 2 * (4 + 2) + 2, "seed {seed}, three busy tasks: waited for {wait} polls");
    }
}

#[test]
fn a_strategy_that_means_to_starve_can() {
    let unfair = Config { holds_max: Some(u32::MAX), ..Config::default() };
    let longest = (0..100).map(|seed| longest_wait(unfair, KeyedRandom::new(seed), 1)).max();
    assert!(longest > Some(30), "waited for {longest:?} polls at most");
}

#[test]
fn a_task_that_never_waits_long_keeps_its_chances() {
    // Where no CPU is held any order is possible, as before.
    let order = |seed| {
        let mut executor = Executor::with_config(
            Config { trace: sim_executor::TraceLevel::Events, ..Config::default() },
            KeyedRandom::new(seed),
        );
        for n in 0..5 {
            executor.spawn(async move { event!("{n}") });
        }
        executor.run_until_idle().unwrap();
        executor.trace().user_events().map(|(_, text)| text).collect::<String>()
    };
    let orders: BTreeSet<String> = (0..2_000).map(order).collect();
    assert_eq!(orders.len(), 120, "all orders of five tasks");
}

#[test]
fn a_timeout_beside_a_busy_task_comes_in_time() {
    for seed in 0..100 {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let answered = executor.block_on(async {
            spawn_named("busy", async {
                for _ in 0..50 {
                    time::block(30 * MS).await;
                    yield_now().await;
                }
            });
            let quick = spawn_named("quick", async {
                for _ in 0..5 {
                    yield_now().await;
                }
            });
            time::timeout(Duration::from_secs(1), quick).await.is_ok()
        });
        assert!(answered.unwrap(), "seed {seed}: five yields have taken more than a second");
    }
}

#[test]
fn the_polls_of_several_roots_are_numbered_through() {
    let recorded = Config { record: true, ..Config::default() };
    let mut executor = Executor::with_config(recorded, KeyedRandom::new(1));
    let round = || async {
        let other = spawn_named("other", yield_now());
        yield_now().await;
        other.await.unwrap();
    };
    executor.block_on(round()).unwrap();
    // This one is stopped on its way, and goes on beside the next.
    let stopped = executor.block_on(async move {
        sim_executor::stop();
        for _ in 0..3 {
            round().await;
        }
        std::future::pending::<()>().await
    });
    assert!(stopped.is_err());
    executor.block_on(round()).unwrap();
    executor.block_on(round()).unwrap();
    let recording = executor.finish(Outcome::Done).recording.unwrap();
    assert!(recording.decisions.len() > 8, "{recording}");
    assert_all_names_differ(&recording);
}

/// Of each poll that was ready beside others, the name that a source has seen.
#[derive(Default)]
struct Names(Rc<std::cell::RefCell<Vec<sim_executor::Key>>>);

impl Source for Names {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, facts: FactKinds::ACCESSES, ..Needs::default() }
    }

    fn decide(&mut self, _: &Point<'_>) -> Option<Value> {
        None
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.0.borrow_mut().extend(ready.fresh().iter().map(|id| ready.task(*id).key));
        None
    }

    fn describe(&self) -> String {
        "names".to_string()
    }
}

#[test]
fn a_root_that_ends_after_its_call_leaves_its_count_to_the_next() {
    let names = Names::default();
    let seen = Rc::clone(&names.0);
    let mut executor = Executor::new(names);
    let round = || async {
        let other = spawn_named("other", yield_now());
        yield_now().await;
        other.await.unwrap();
    };
    let stopped = executor.block_on(async move {
        let other = spawn_named("other", yield_now());
        sim_executor::stop();
        yield_now().await;
        other.await.unwrap();
        round().await;
    });
    assert!(stopped.is_err());
    executor.run_until_idle().unwrap();
    executor.block_on(round()).unwrap();
    let mut keys = seen.borrow().clone();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert!(count > 4, "only {count} names");
    assert_eq!(keys.len(), count, "a poll's name was given twice");
}

/// A source that asks for all that became ready only now and then.
struct Seldom {
    asked: u32,
    every: u32,
}

impl Source for Seldom {
    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Domain::Among(candidates) = point.domain else { return None };
        self.asked += 1;
        if self.asked == self.every { candidates.pick_by(self) } else { None }
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        let told = ready.fresh().iter().filter(|id| ready.is_ready(**id)).count();
        assert_eq!(told, ready.count(), "asked for the first time after {} polls", self.every);
        None
    }

    fn describe(&self) -> String {
        "seldom".to_string()
    }
}

/// A source that answers the first task that it was ever told of, again and again.
#[derive(Default)]
struct Stubborn(Option<ReadyId>);

impl Source for Stubborn {
    fn needs(&self) -> Needs {
        Needs { order: Order::Picked, ..Needs::default() }
    }

    fn decide(&mut self, _: &Point<'_>) -> Option<Value> {
        None
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        Some(*self.0.get_or_insert_with(|| ready.fresh()[0]))
    }

    fn describe(&self) -> String {
        "stubborn".to_string()
    }
}

#[test]
fn a_source_that_picks_what_is_not_ready_does_not_stop_the_run() {
    let report = run(Config::default(), Stubborn::default());
    let gentle = run(Config::default(), Asked(KeyedRandom::new(1)));
    assert!(report.polls > gentle.polls / 2, "{} polls", report.polls);
}

#[test]
fn what_becomes_ready_is_told_however_late_a_source_asks() {
    for every in 1..200 {
        let mut executor = Executor::new(Seldom { asked: 0, every });
        executor
            .block_on(async move {
                let worker = || async {
                    for _ in 0..80 {
                        yield_now().await;
                    }
                };
                for task in [(); 3].map(|()| spawn_named("worker", worker())) {
                    task.await.unwrap();
                }
            })
            .unwrap();
    }
}

/// A task that waits at more operations than the two whose polls it counts itself.
#[test]
fn the_polls_at_many_operations_are_numbered_through() {
    let recorded = Config { record: true, ..Config::default() };
    for seed in 0..20 {
        let mut executor = Executor::with_config(recorded, KeyedRandom::new(seed));
        executor
            .block_on(async {
                let tasks: Vec<_> = (0..3)
                    .map(|_| {
                        spawn_named("worker", async {
                            for round in 0..12 {
                                match choose(4) {
                                    0 => yield_now().await,
                                    1 => time::sleep(MS).await,
                                    2 => spawn_named("child", yield_now()).await.unwrap(),
                                    _ => {
                                        futures::future::poll_fn(|context| {
                                            if choose(2) == 0 && round < 11 {
                                                context.waker().wake_by_ref();
                                                return std::task::Poll::Pending;
                                            }
                                            std::task::Poll::Ready(())
                                        })
                                        .await
                                    }
                                }
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
            })
            .unwrap();
        assert_all_names_differ(&executor.finish(Outcome::Done).recording.unwrap());
    }
}

/// A name that was given twice would draw the same twice, and a replay could not tell the two.
fn assert_all_names_differ(recording: &sim_executor::Recording) {
    let picks = recording.decisions.iter().filter_map(|decision| match decision.value {
        Value::Pick { key, .. } => Some(key),
        _ => None,
    });
    let mut keys: Vec<_> = picks.collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "a poll's name was given twice:\n{recording}");
}
