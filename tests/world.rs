//! Runs in a world: equal to runs without one, whatever ran there before.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use scenarios::all;
use seedbed::net::{TcpListener, TcpStream, UdpSocket, fault};
use seedbed::{
    Clock, Config, Crash, Executor, KeyedRandom, Limits, Node, Outcome, PanicsInside, Recording, Replay,
    Report, RunSeed, Source, TraceLevel, World, choose, event, install_panic_hook, spawn, spawn_named, time,
    yield_now,
};
use sim_explorer::{Scenario, Variant};

const SEEDS: [RunSeed; 3] = [RunSeed::Production, RunSeed::Seed(1), RunSeed::Seed(7)];

fn variants() -> Vec<(&'static Scenario, &'static Variant)> {
    all()
        .iter()
        .flat_map(|scenario| scenario.variants.iter().map(move |variant| (scenario, variant)))
        .collect()
}

fn all_on() -> Config {
    Config { trace: TraceLevel::All, record: true, stats: true, ..Config::default() }
}

fn run_in(
    world: &mut World,
    (scenario, variant): (&Scenario, &Variant),
    seed: RunSeed,
    config: Config,
) -> Report {
    let settings = scenario.settings([]).expect("defaults are in range");
    variant.run_in(world, &settings, config, seed.source(), |_| {})
}

/// Two hosts with connections and datagrams on their way over links that lose and delay, one of them cut or held.
async fn net_at_work() {
    let config = seedbed::net::LinkConfig::uniform(Duration::from_millis(1), Duration::from_millis(90));
    let network = seedbed::net::NetworkConfig { link: config, ..Default::default() };
    seedbed::net::install(network);
    for number in 0..3_u16 {
        let server = Node::named(&format!("wild-{number}"));
        drop(server.spawn(async move {
            let udp = UdpSocket::bind("0.0.0.0:99").await.unwrap();
            let listener = TcpListener::bind(("0.0.0.0", 7 + number)).await.unwrap();
            while let Ok((stream, _)) = listener.accept().await {
                drop(spawn(async move {
                    time::sleep(Duration::from_secs(1_000)).await;
                    drop(stream);
                }));
            }
            drop(udp);
        }));
        time::sleep(Duration::from_millis(5)).await;
        let mut stream = TcpStream::connect((server.name(), 7 + number)).await.unwrap();
        drop(spawn(async move {
            use futures::AsyncWriteExt as _;
            let _ = stream.write_all(&[9; 400_000]).await;
        }));
        let udp = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for _ in 0..20 {
            udp.send_to(b"junk", (server.name(), 99)).await.unwrap();
        }
    }
    fault::partition("wild-0", "main").keep();
    fault::hold("wild-1", "main").keep();
    time::sleep(Duration::from_millis(50)).await;
}

/// Nodes in every state, with tasks that wait, hold their CPU, or are ready.
async fn nodes_in_every_state() {
    let crashes = [("dead", Crash::ProcessKill), ("off", Crash::PowerLoss), ("frozen", Crash::Freeze)];
    for (name, crash) in crashes {
        let node = Node::named(name);
        node.run(|| async {
            loop {
                time::sleep(Duration::from_millis(choose(9))).await;
                time::block(Duration::from_micros(300)).await;
            }
        });
        time::sleep(Duration::from_millis(2)).await;
        node.crash(crash);
        node.start_after(Duration::from_secs(9_000));
        node.set_clock(Clock { drift_ppb: 5_000, offset_ns: -7 });
    }
}

/// Tasks of many names and types, which are pending at the end.
async fn many_tasks() {
    for number in 0..50_u64 {
        drop(spawn_named(format!("junk-{}", number % 7), async move {
            let inner = spawn(async move { time::sleep(Duration::from_secs(500 + number)).await });
            event!("junk {number} {}", choose(100));
            time::block(Duration::from_micros(number)).await;
            yield_now().await;
            inner.await
        }));
    }
    time::sleep(Duration::from_millis(1)).await;
}

/// Keeps something of a run until the end of the thread.
fn keep(what: impl std::any::Any) {
    thread_local! { static KEPT: RefCell<Vec<Box<dyn std::any::Any>>> = RefCell::default(); }
    KEPT.with_borrow_mut(|kept| kept.push(Box::new(what)));
}

/// Runs that end in all ways, and leave as much behind as they can.
const WILD: [fn(&mut Executor); 9] = [
    |executor| drop(executor.block_on(net_at_work())),
    |executor| drop(executor.block_on(many_tasks())),
    |executor| {
        drop(executor.block_on(async {
            nodes_in_every_state().await;
            many_tasks().await;
        }));
    },
    // A deadlock.
    |executor| drop(executor.block_on(std::future::pending::<()>())),
    // A limit.
    |executor| {
        drop(executor.block_on(async {
            loop {
                yield_now().await;
            }
        }));
    },
    // Panics: of a task, and in a `Drop` when the run is torn down.
    |executor| {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                drop(spawn(std::future::pending::<()>()));
                panic!("a bomb");
            }
        }
        drop(executor.block_on(async {
            drop(spawn(async {
                let _bomb = Bomb;
                std::future::pending::<()>().await;
            }));
            spawn(async { panic!("a panic") }).await
        }));
    },
    // A panic outside of tasks.
    |executor| {
        drop(executor.block_on(many_tasks()));
        executor.enter(|| keep(spawn_named("kept", std::future::pending::<()>())));
        panic!("the body panics");
    },
    // Several calls, with a hold of the CPU between them.
    |executor| {
        drop(executor.run_for(Duration::from_millis(3)));
        drop(executor.block(Duration::from_millis(7)));
        drop(executor.block_on(net_at_work()));
        executor.enter(|| fault::partition("main", "wild-2").keep());
        drop(executor.block_on(many_tasks()));
    },
    // A socket that somebody outside of the run keeps.
    |executor| {
        drop(executor.block_on(async {
            net_at_work().await;
            keep(UdpSocket::bind("0.0.0.0:0").await.unwrap());
        }));
    },
];

fn wild_config(number: usize) -> Config {
    let limits = Limits { polls_max: 3_000, timers_max: [1_000_000, 50][number % 2], ..Limits::default() };
    let base = if number.is_multiple_of(3) { all_on() } else { Config::default() };
    Config { limits, ..base }
}

/// Lets something wild run in the world.
fn poison(world: &mut World, number: usize) {
    let source: Box<dyn Source> = match number % 3 {
        0 => RunSeed::Production.source(),
        1 => Box::new(KeyedRandom::new(number as u64)),
        _ => Box::new(Replay::new(&Recording::default())),
    };
    let mut executor = Executor::in_world(wild_config(number), source, world);
    let wild = WILD[number % WILD.len()];
    let _ = catch_unwind(AssertUnwindSafe(|| wild(&mut executor)));
    let _ = executor.finish_into(Outcome::Done, world);
}

#[test]
fn a_run_in_a_poisoned_world_is_equal_to_one_without_a_world() {
    install_panic_hook(PanicsInside::Quiet);
    let variants = variants();
    for (step, start) in [(1, 0), (7, 3)] {
        let mut world = World::default();
        for place in 0..variants.len() {
            let variant = variants[(start + place * step) % variants.len()];
            for (turn, seed) in SEEDS.into_iter().enumerate() {
                poison(&mut world, start + place + turn);
                let config = if (place + turn).is_multiple_of(2) { all_on() } else { Config::default() };
                let in_world = run_in(&mut world, variant, seed, config);
                let without = run_in(&mut World::default(), variant, seed, config);
                assert_eq!(in_world, without, "{}/{} {seed}", variant.0.name, variant.1.name);
            }
        }
    }
}

#[test]
fn wild_runs_in_a_world_are_equal_to_those_without() {
    let mut world = World::default();
    let mut ends = BTreeSet::new();
    for number in 0..60 {
        let wild = |world: &mut World| {
            let config = Config { limits: wild_config(number).limits, ..all_on() };
            let mut executor = Executor::in_world(config, Box::new(KeyedRandom::new(number as u64)), world);
            let _ = catch_unwind(AssertUnwindSafe(|| WILD[number % WILD.len()](&mut executor)));
            let tasks: Vec<String> = executor.pending().iter().map(ToString::to_string).collect();
            (tasks, executor.finish_into(Outcome::Done, world))
        };
        let in_world = wild(&mut world);
        ends.insert((in_world.1.hash, in_world.1.pending.len()));
        assert_eq!(in_world, wild(&mut World::default()), "wild run {number}");
    }
    assert!(ends.len() > WILD.len(), "wild runs differ, else this proves nothing: {ends:?}");
}

#[test]
fn ids_and_counts_begin_anew() {
    let observe = |world: &mut World| {
        let mut executor = Executor::in_world(Config::default(), Box::new(KeyedRandom::new(5)), world);
        let seen = executor.block_on(async {
            let task = seedbed::context::current_task();
            let actor = seedbed::context::actor("new");
            let node = Node::named("server").id();
            let iterations = seedbed::context::iterations(node);
            let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap().local_addr().unwrap();
            format!("{task:?} {actor:?} {node:?} {iterations} {socket} {:?}", time::now())
        });
        (seen.unwrap(), executor.finish_into(Outcome::Done, world))
    };
    let expected = observe(&mut World::default());
    let mut world = World::default();
    for number in 0..16 {
        poison(&mut world, number);
        assert_eq!(observe(&mut world), expected, "after wild run {number}");
    }
}
