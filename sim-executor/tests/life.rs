//! The life of a node: crash, freeze, restart.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Config, Crash, Device, Executor, Instant, JoinHandle, KeyedRandom, Life, Limits, Node, NodeId, Outage,
    Outcome, ProductionOrder, RestartOnPanic, RunError, Source, TraceLevel, context, event, spawn,
    spawn_blocking, spawn_named, time, yield_now,
};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const KINDS: [Crash; 2] = [Crash::ProcessKill, Crash::PowerLoss];

type Log = Rc<RefCell<Vec<String>>>;

/// Writes its name down when it is dropped, with where and as whom that is.
struct Noted(&'static str, Log);

impl Drop for Noted {
    fn drop(&mut self) {
        let here = context::node_name(context::node());
        self.1.borrow_mut().push(format!("{} on {here} as {}", self.0, context::current_lineage()));
    }
}

/// Runs it in production order and under some seeds.
fn each<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) {
    Executor::new(ProductionOrder).block_on(program()).unwrap();
    for seed in 0..50 {
        let result = Executor::new(KeyedRandom::new(seed)).block_on(program());
        result.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    }
}

fn server() -> Node {
    Node::named("server")
}

async fn cancelled<T: 'static>(handle: JoinHandle<T>) -> bool {
    handle.await.is_err_and(|error| error.is_cancelled())
}

/// A task of the server that notes its end, and sleeps for long before that.
fn sleeper(name: &'static str, log: &Log) -> JoinHandle<()> {
    let noted = Noted(name, Rc::clone(log));
    server().spawn_named(name, async move {
        let _noted = noted;
        time::sleep(10 * SECOND).await;
    })
}

#[test]
fn all_tasks_of_a_crashed_node_are_dropped_in_the_order_of_their_spawns_and_no_other() {
    for kind in KINDS {
        each(move || async move {
            let log = Log::default();
            let first = sleeper("waiting", &log);
            let noted = Noted("holding", Rc::clone(&log));
            let second = server().spawn_named("holding", async move {
                let _noted = noted;
                time::block(5 * SECOND).await;
            });
            let third = sleeper("never polled, as the CPU is held, or waiting", &log);
            let bystander = Node::named("bystander").spawn(time::sleep(SECOND));
            time::sleep(MS).await;
            let fourth = sleeper("ready", &log);
            server().crash(kind);
            let names = ["waiting", "holding", "never polled, as the CPU is held, or waiting", "ready"];
            assert_eq!(*log.borrow(), names.map(|name| format!("{name} on server as server/{name}")));
            for task in [first, second, third, fourth] {
                assert!(task.is_finished());
                assert!(cancelled(task).await);
            }
            assert!(server().life().is_down());
            bystander.await.unwrap();
            time::sleep(20 * SECOND).await;
        });
    }
}

#[test]
fn blocking_workers_die_with_their_node() {
    for kind in KINDS {
        each(move || async move {
            let log = Log::default();
            let noted = Noted("result", Rc::clone(&log));
            let worker = server().spawn_named("worker", async move {
                let working = spawn_blocking(move || {
                    time::block_now(5 * SECOND);
                    noted
                });
                [working]
            });
            let [worker] = worker.await.unwrap();
            time::sleep(SECOND).await;
            assert!(!worker.is_finished());
            server().crash(kind);
            assert!(cancelled(worker).await);
            assert_eq!(*log.borrow(), ["result on server as server/blocking/blocking"]);
            server().restart();
            let again = server().spawn(async { spawn_blocking(|| time::block_now(SECOND)).await.unwrap() });
            let start = time::now();
            again.await.unwrap();
            assert_eq!(time::now() - start, SECOND, "the worker's CPU is free again");
        });
    }
}

/// Spawns another of its kind when it is dropped, unless it is the last.
struct Heir(u32, Log);

impl Drop for Heir {
    fn drop(&mut self) {
        if !context::in_run() {
            return; // what was left when the limit was reached
        }
        self.1.borrow_mut().push(format!("{} on {}", self.0, context::node_name(context::node())));
        if self.0 > 0 {
            let heir = Heir(self.0 - 1, Rc::clone(&self.1));
            let log = Rc::clone(&self.1);
            drop(spawn(async move {
                log.borrow_mut().push("polled".to_string());
                drop(heir);
            }));
        }
    }
}

#[test]
fn what_a_drop_spawns_on_a_dead_node_is_dropped_without_a_poll() {
    for kind in KINDS {
        each(move || async move {
            let log = Log::default();
            let heir = Heir(2, Rc::clone(&log));
            server().spawn(async move {
                let _heir = heir;
                std::future::pending::<()>().await;
            });
            time::sleep(MS).await;
            server().crash(kind);
            assert_eq!(*log.borrow(), ["2 on server", "1 on server", "0 on server"]);
        });
    }
}

#[test]
fn a_drop_that_spawns_for_ever_on_a_dead_node_is_ended_by_a_limit() {
    let limits = Limits { polls_per_instant_max: 1_000, ..Limits::default() };
    let mut executor = Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder);
    let result = executor.block_on(async {
        let heir = Heir(u32::MAX, Log::default());
        server().spawn(async move { drop((std::future::pending::<()>().await, heir)) });
        time::sleep(MS).await;
        server().crash(Crash::ProcessKill);
        time::sleep(MS).await;
    });
    let Err(RunError::Limit { limit, .. }) = result else { panic!("{result:?}") };
    assert_eq!(limit.name, "polls_per_instant_max");
}

/// Calls a function when it is dropped.
struct Last<F: FnMut()>(F);

impl<F: FnMut()> Drop for Last<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

#[test]
fn a_drop_may_abort_join_crash_and_restart() {
    for kind in KINDS {
        each(move || async move {
            let log = Log::default();
            let other = Node::named("other");
            let others = {
                let noted = Noted("others", Rc::clone(&log));
                other.spawn_named("others", async move { drop((std::future::pending::<()>().await, noted)) })
            };
            let sibling = sleeper("sibling", &log);
            let (abort, node) = (sibling.abort_handle(), other.clone());
            let mut sibling = Some(sibling);
            let last = Last(move || {
                abort.abort();
                drop(sibling.take());
                server().crash(kind);
                node.crash(kind);
                server().restart();
                node.restart();
                spawn(async { panic!("never polled") });
            });
            let dropping = server().spawn(async move { drop((std::future::pending::<()>().await, last)) });
            let after = sleeper("after", &log);
            time::sleep(MS).await;
            server().crash(kind);
            assert!(cancelled(dropping).await);
            assert!(cancelled(after).await);
            assert!(cancelled(others).await);
            assert_eq!(
                *log.borrow(),
                [
                    "sibling on server as server/sibling",
                    "after on server as server/after",
                    "others on other as other/others",
                ]
            );
            assert_eq!((server().life(), other.life()), (Life::Running, Life::Running));
            assert_eq!((server().starts(), other.starts()), (1, 1), "when the last task was gone");
            server().spawn(yield_now()).await.unwrap();
        });
    }
}

#[test]
fn a_task_that_crashes_its_own_node_goes_on_to_its_next_await() {
    for kind in KINDS {
        each(move || async move {
            let log = Log::default();
            let noted = Noted("dropped", Rc::clone(&log));
            let steps = Rc::clone(&log);
            let suicide = server().spawn_named("suicide", async move {
                let _noted = noted;
                server().crash(kind);
                steps.borrow_mut().push("goes on".to_string());
                drop(spawn(async { panic!("never polled") }));
                time::block_now(SECOND);
                yield_now().await;
                steps.borrow_mut().push("goes too far".to_string());
            });
            assert!(cancelled(suicide).await);
            assert_eq!(*log.borrow(), ["goes on", "dropped on server as server/suicide"]);
        });
    }
}

#[test]
fn a_task_may_restart_its_own_node() {
    each(|| async {
        let starts = Rc::new(Cell::new(0));
        let counted = Rc::clone(&starts);
        server().run(move || {
            let starts = Rc::clone(&counted);
            async move {
                starts.set(starts.get() + 1);
                time::sleep(SECOND).await;
                if starts.get() < 3 {
                    server().restart();
                    assert!(server().life().is_down(), "it starts when this task is gone");
                }
            }
        });
        time::sleep(10 * SECOND).await;
        assert_eq!((starts.get(), server().starts()), (3, 2));
    });
}

#[test]
fn what_is_spawned_on_a_node_that_is_down_is_dropped_without_a_poll() {
    each(|| async {
        server().crash(Crash::PowerLoss);
        let log = Log::default();
        let refused = sleeper("refused", &log);
        assert!(cancelled(refused).await);
        assert_eq!(*log.borrow(), ["refused on server as server/refused"]);
        server().restart();
        server().spawn(yield_now()).await.unwrap();
    });
    let mut executor = Executor::new(ProductionOrder);
    let server = executor.node("server");
    let refused = executor.enter(|| {
        server.crash(Crash::ProcessKill);
        server.spawn(yield_now())
    });
    executor.run_until_idle().unwrap();
    assert!(executor.enter(|| refused.is_finished()));
}

#[test]
fn a_node_that_crashes_while_its_cpu_is_held_has_it_free_after_the_restart() {
    for kind in KINDS {
        each(move || async move {
            server().run(|| async {
                time::block(10 * SECOND).await;
                event!("over");
            });
            time::sleep(SECOND).await;
            server().crash(kind);
            time::sleep(SECOND).await;
            server().restart();
            let start = time::now();
            time::sleep(MS).await;
            server().spawn(yield_now()).await.unwrap();
            assert_eq!(time::now() - start, 10 * SECOND, "the old hold is forgotten, the new one counts");
        });
    }
}

#[test]
#[should_panic(expected = "the node main runs the test and cannot crash")]
fn the_node_main_cannot_crash() {
    Executor::new(ProductionOrder).enter(|| Node::named("main").crash(Crash::PowerLoss));
}

#[test]
fn a_frozen_node_sees_its_timers_when_it_is_thawed_and_the_others_go_on() {
    each(|| async {
        let log = Rc::new(RefCell::new(Vec::new()));
        for (name, millis) in [("early", 500), ("late", 700), ("after", 5_000)] {
            let log = Rc::clone(&log);
            server().spawn_named(name, async move {
                time::sleep(millis * MS).await;
                log.borrow_mut().push((name, time::elapsed()));
            });
        }
        time::sleep(100 * MS).await;
        server().freeze();
        server().freeze();
        assert_eq!(server().life(), Life::Frozen);
        let bystander = Node::named("bystander").spawn(time::sleep(SECOND));
        let spawned = server().spawn(yield_now());
        time::sleep(2 * SECOND).await;
        assert!(bystander.is_finished() && !spawned.is_finished());
        assert_eq!(*log.borrow(), []);
        server().thaw();
        server().thaw();
        spawned.await.unwrap();
        time::sleep(MS).await;
        let mut names: Vec<_> = log.borrow().iter().map(|&(name, _)| name).collect();
        names.sort_unstable();
        assert_eq!(names, ["early", "late"]);
        assert!(log.borrow().iter().all(|&(_, at)| at == 2_100 * MS));
        time::sleep(5 * SECOND).await;
        assert_eq!(log.borrow().last(), Some(&("after", 5 * SECOND)));
    });
}

#[test]
fn a_frozen_node_that_holds_its_cpu_goes_on_when_it_is_thawed_and_not_before() {
    for (thawed_at, goes_on_at) in [(1_000, 3_000), (7_000, 7_000)] {
        each(move || async move {
            let ends = Rc::new(RefCell::new(Vec::new()));
            let (block, other) = (Rc::clone(&ends), Rc::clone(&ends));
            server().spawn(async move {
                time::block(3 * SECOND).await;
                block.borrow_mut().push(time::elapsed());
            });
            time::sleep(500 * MS).await;
            server().freeze();
            server().spawn(async move { other.borrow_mut().push(time::elapsed()) });
            time::sleep(thawed_at * MS - 500 * MS).await;
            assert_eq!(*ends.borrow(), []);
            server().thaw();
            time::sleep(9 * SECOND).await;
            assert_eq!(*ends.borrow(), [goes_on_at * MS; 2]);
        });
    }
}

#[test]
fn a_frozen_node_can_crash_and_start_again() {
    for kind in KINDS {
        each(move || async move {
            let task = server().spawn(time::sleep(SECOND));
            time::sleep(MS).await;
            server().freeze();
            time::sleep(2 * SECOND).await;
            server().crash(kind);
            assert!(cancelled(task).await);
            server().thaw();
            server().freeze();
            assert!(server().life().is_down());
            server().restart();
            server().spawn(time::sleep(SECOND)).await.unwrap();
        });
    }
}

#[test]
fn a_program_begins_again_with_each_start_and_on_its_own_node() {
    each(|| async {
        let log = Rc::new(RefCell::new(Vec::new()));
        let written = Rc::clone(&log);
        let mut number = 0;
        server().run(move || {
            number += 1;
            written.borrow_mut().push((number, context::node_name(context::node()), time::elapsed()));
            time::sleep(SECOND)
        });
        for kind in KINDS {
            time::sleep(3 * SECOND).await;
            server().crash(kind);
            server().start_after(SECOND);
            server().start_after(SECOND);
        }
        time::sleep(3 * SECOND).await;
        server().restart();
        time::sleep(SECOND).await;
        let begun: Vec<_> =
            log.borrow().iter().map(|(number, node, at)| (*number, node.to_string(), at.as_secs())).collect();
        let on_server = |number, at| (number, "server".to_string(), at);
        assert_eq!(begun, [on_server(1, 0), on_server(2, 4), on_server(3, 7), on_server(4, 9)]);
    });
}

fn panics_twice() -> impl Future<Output = ()> {
    let server = server();
    let mut begun = 0;
    server.run(move || {
        begun += 1;
        let panics = begun < 3;
        async move {
            drop(spawn_named("handler", async move {
                time::sleep(SECOND).await;
                assert!(!panics, "of a handler");
            }));
            time::sleep(100 * SECOND).await;
        }
    });
    time::sleep(10 * SECOND)
}

#[test]
fn a_panic_restarts_the_node_after_a_delay_and_is_reported() {
    for seed in 0..20 {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        executor.enter(|| {
            server().restart_on_panic(RestartOnPanic { delay: 2 * SECOND, ..RestartOnPanic::default() })
        });
        executor
            .block_on(async {
                let waits = panics_twice();
                let program = time::timeout(1_500 * MS, std::future::pending::<()>());
                assert!(program.await.is_err());
                assert_eq!(server().life(), Life::Killed);
                waits.await;
                assert_eq!(server().starts(), 2);
            })
            .unwrap();
        let report = executor.finish(Outcome::Done);
        assert!(report.outcome.is_done());
        let panics: Vec<_> = report.survived.iter().map(|panic| (&*panic.lineage, &*panic.message)).collect();
        assert_eq!(
            panics,
            [("server/program/handler", "of a handler"), ("server/program#2/handler", "of a handler")]
        );
    }
}

#[test]
fn one_panic_more_than_allowed_fails_the_run() {
    let mut executor = Executor::new(ProductionOrder);
    executor
        .enter(|| server().restart_on_panic(RestartOnPanic { restarts_max: 1, ..RestartOnPanic::default() }));
    let result = executor.block_on(async { panics_twice().await });
    let Err(RunError::Panicked(panic)) = result else { panic!("{result:?}") };
    assert_eq!(&*panic.lineage, "server/program#2/handler");
    assert_eq!(executor.finish(Outcome::Done).survived.len(), 1);
}

#[test]
fn a_panic_that_is_observed_restarts_nothing() {
    each(|| async {
        server().restart_on_panic(RestartOnPanic::default());
        let program = server().spawn(async { panic!("seen") });
        assert!(program.await.unwrap_err().is_panic());
        assert_eq!((server().life(), server().starts()), (Life::Running, 0));
    });
}

/// When an outage begins, for a server that nothing else happens to.
fn outage(source: impl Source + 'static) -> (Option<Instant>, u64, u32) {
    let mut executor = Executor::with_config(Config { record: true, ..Config::default() }, source);
    let result = executor.block_on(async {
        server().run(|| time::sleep(Duration::MAX));
        let outage = Outage { after: SECOND, within: 5 * SECOND, ..Outage::default() };
        let moment = server().schedule(outage);
        if let Some(moment) = moment {
            assert!(moment >= Instant::START + SECOND && moment < Instant::START + 5 * SECOND);
            time::sleep_until(moment + MS).await;
            assert_eq!(server().life(), Life::Off);
            time::sleep(SECOND).await;
            assert_eq!(server().life(), Life::Running);
        }
        (moment, server().starts())
    });
    let (moment, starts) = result.unwrap();
    (moment, executor.finish(Outcome::Done).decisions, starts)
}

#[test]
fn the_moment_of_an_outage_is_a_choice_and_never_is_the_gentlest() {
    assert_eq!(outage(ProductionOrder).0, None);
    let mut moments: Vec<_> = (0..20).map(|seed| outage(KeyedRandom::new(seed)).0).collect();
    assert!(moments.iter().all(Option::is_some));
    moments.sort_unstable();
    moments.dedup();
    assert!(moments.len() > 10, "{moments:?}");
    assert_eq!(outage(KeyedRandom::new(5)), outage(KeyedRandom::new(5)));
}

#[test]
fn an_outage_whose_moment_is_fixed_asks_nothing() {
    let mut executor = Executor::new(KeyedRandom::new(1));
    executor
        .block_on(async {
            for (kind, life) in [(Crash::Freeze, Life::Frozen), (Crash::ProcessKill, Life::Killed)] {
                let outage = Outage { kind, after: SECOND, within: SECOND, ..Outage::default() };
                assert_eq!(server().schedule(outage), Some(time::now() + SECOND));
                time::sleep(1_500 * MS).await;
                assert_eq!(server().life(), life);
                time::sleep(SECOND).await;
                assert_eq!(server().life(), Life::Running);
            }
        })
        .unwrap();
    assert_eq!(executor.finish(Outcome::Done).decisions, 0);
}

/// A device that notes what it is told.
#[derive(Default)]
struct Witness(RefCell<Vec<(NodeId, Option<Crash>)>>);

impl Device for Witness {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn fire(&self, _now: Instant) {}

    fn node_crashed(&self, node: NodeId, kind: Crash) {
        assert_eq!(context::life_of(node) == Life::Frozen, kind == Crash::Freeze);
        self.0.borrow_mut().push((node, Some(kind)));
    }

    fn node_started(&self, node: NodeId) {
        self.0.borrow_mut().push((node, None));
    }

    fn describe(&self, _resource: u64) -> String {
        String::new()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn std::any::Any> {
        self
    }
}

#[test]
fn devices_are_told_before_the_tasks_are_dropped_and_before_the_program_begins() {
    each(|| async {
        let witness = Rc::new(Witness::default());
        context::install_device(witness.clone());
        let seen = Rc::clone(&witness);
        let last = Last(move || seen.0.borrow_mut().push((NodeId::clone(&context::node()), None)));
        server().spawn(async move { drop((std::future::pending::<()>().await, last)) });
        time::sleep(MS).await;
        let id = server().id();
        server().freeze();
        server().thaw();
        server().crash(Crash::ProcessKill);
        server().crash(Crash::ProcessKill);
        server().crash(Crash::PowerLoss);
        server().crash(Crash::ProcessKill);
        server().restart();
        let told = [
            Some(Crash::Freeze),
            None,
            Some(Crash::ProcessKill),
            None, // the task
            Some(Crash::PowerLoss),
            None,
        ];
        assert_eq!(*witness.0.borrow(), told.map(|what| (id, what)));
    });
}

fn crashes(seed: u64, trace: TraceLevel) -> (u64, String) {
    let mut executor = Executor::with_config(Config { trace, ..Config::default() }, KeyedRandom::new(seed));
    executor
        .block_on(async {
            server().run(|| async {
                for _ in 0..3 {
                    spawn(time::sleep(SECOND));
                    spawn_blocking(|| time::block_now(3 * SECOND));
                    yield_now().await;
                }
                time::sleep(Duration::MAX).await;
            });
            server().schedule(Outage { kind: Crash::ProcessKill, ..Outage::default() });
            time::sleep(12 * SECOND).await;
        })
        .unwrap();
    (executor.hash(), executor.trace().to_string())
}

#[test]
fn a_crash_is_the_same_in_every_run_of_a_seed_and_in_its_trace() {
    for seed in 0..10 {
        assert_eq!(crashes(seed, TraceLevel::Events).0, crashes(seed, TraceLevel::Off).0);
    }
    assert_ne!(crashes(1, TraceLevel::Off).0, crashes(2, TraceLevel::Off).0);
    let (_, trace) = crashes(1, TraceLevel::Events);
    let lines: Vec<_> = trace.lines().map(|line| line.split_once(' ').unwrap().1).collect();
    assert_eq!(lines, ["server is down: process killed", "server starts"]);
}

#[test]
fn a_deadlock_names_the_nodes_that_are_down_or_frozen() {
    let mut executor = Executor::with_config(Config { stats: true, ..Config::default() }, ProductionOrder);
    let error = executor
        .block_on(async {
            let waits = server().spawn_named("waits", async {
                time::sleep(SECOND).await;
                std::future::pending::<()>().await;
            });
            Node::named("off").spawn_named("lost", time::sleep(9 * SECOND));
            Node::named("back").spawn_named("lost", time::sleep(9 * SECOND));
            time::sleep(500 * MS).await;
            Node::named("off").crash(Crash::PowerLoss);
            Node::named("back").crash(Crash::ProcessKill);
            Node::named("back").restart();
            server().freeze();
            drop(waits.await);
        })
        .unwrap_err();
    let text = error.to_string();
    let RunError::Deadlock(deadlock) = error else { panic!("{error}") };
    assert_eq!(deadlock.at, Instant::START + SECOND, "the timer of the frozen task");
    let pending: Vec<_> = deadlock.pending.iter().map(|task| (&*task.lineage, task.is_frozen)).collect();
    assert_eq!(pending, [("main", false), ("server/waits", true)], "no task of a dead node");
    let lines: Vec<_> = text.lines().collect();
    assert!(lines[2].contains("server/waits  on server (frozen)  ready"), "{text}");
    assert_eq!(lines[3], "  server is frozen since 0.500");
    assert_eq!(lines[4], "  off is down, it has lost power, since 0.500 (crashed 1 time, started 0 times)");
    assert_eq!(lines.len(), 5, "{text}");
    let report = executor.finish(Outcome::Done);
    let nodes: Vec<_> = report.nodes.iter().map(ToString::to_string).collect();
    assert_eq!(nodes[2], "back is running since 0.500 (crashed 1 time, started 1 time)");
    let ended: Vec<_> = report.stats.iter().map(|task| (&*task.lineage, task.polls)).collect();
    assert_eq!(ended[..2], [("off/lost", 1), ("back/lost", 1)], "killed tasks have their statistics too");
}

#[test]
#[should_panic(expected = "a node cannot be called \"10.0.0.7\", which is an address")]
fn a_node_is_not_called_like_an_address() {
    let _node = Executor::new(ProductionOrder).node("10.0.0.7");
}

#[test]
#[should_panic(expected = "a node cannot be called \"LocalHost\"")]
fn a_node_is_not_called_localhost() {
    let _node = Executor::new(ProductionOrder).node("LocalHost");
}

#[test]
fn a_node_may_have_a_name_with_digits_and_dots() {
    let mut executor = Executor::new(ProductionOrder);
    for name in ["10.0.0", "db-1.example", "::server", "localhost.example"] {
        assert_eq!(executor.node(name).name(), name);
    }
}
