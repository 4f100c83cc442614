//! The workloads on Seedbed: in production order, or in keyed random order.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use ::seedbed::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use ::seedbed::{
    Config, Executor, KeyedRandom, Limits, Node, ProductionOrder, Source, World, spawn, time, yield_now,
};

use sim_explorer::{Strategy, Survey};

use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::workload::{
    BULK_BYTES, FAN_OUT_HOSTS, HEARTBEATS, IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS,
    Workload, YIELD_TASKS, sleep_duration, wake_and_wait,
};

pub(crate) const WORKLOADS: &[Workload] = &Workload::ALL;

/// In production order.
pub(crate) fn run(workload: Workload, size: u64) {
    run_with(&|| Box::new(ProductionOrder), workload, size);
}

/// In keyed random order.
pub(crate) fn run_random(workload: Workload, size: u64) {
    run_with(&|| Box::new(KeyedRandom::new(1)), workload, size);
}

/// In the order of a strategy. What it has to know of the program it learns from the smallest run.
pub(crate) fn run_by(strategy: Strategy, workload: Workload, size: u64) {
    let mut survey = Arc::default();
    if strategy.needs_survey() {
        survey = Arc::new(Survey::of(Config::default(), |config, source| {
            let mut executor = Executor::with_boxed_source(config, source);
            let _ended = executor.block_on(program(workload, 1));
            executor.finish(::seedbed::Outcome::Done)
        }));
    }
    run_with(&|| strategy.source(1, &survey), workload, size);
}

/// The program of a workload.
fn program(workload: Workload, size: u64) -> Pin<Box<dyn Future<Output = ()>>> {
    match workload {
        Workload::Yield => Box::pin(yields(size)),
        Workload::Sleep => Box::pin(sleeps(size)),
        Workload::Echo => Box::pin(echo(size)),
        Workload::Tiny => Box::pin(echo(TINY_ROUND_TRIPS)),
        Workload::Spawn => Box::pin(spawns(size)),
        Workload::Idle => Box::pin(idle(Duration::from_secs(size))),
        Workload::Bulk => Box::pin(bulk(size)),
        Workload::FanOut => Box::pin(fan_out(size)),
        Workload::Heartbeat => Box::pin(heartbeats(size)),
        Workload::Ticks => Box::pin(ticks(size)),
        Workload::Tasks => Box::pin(tasks(size)),
        Workload::Connections => Box::pin(connections(size)),
    }
}

fn run_with(source: &dyn Fn() -> Box<dyn Source>, workload: Workload, size: u64) {
    match workload {
        Workload::Yield => drive(source(), yields(size)),
        Workload::Sleep => drive(source(), sleeps(size)),
        Workload::Echo => drive(source(), echo(size)),
        Workload::Tiny => {
            let mut world = World::default();
            (0..size).for_each(|_| drive_in(&mut world, source(), echo(TINY_ROUND_TRIPS)));
        }
        Workload::Spawn => drive(source(), spawns(size)),
        Workload::Idle => drive(source(), idle(Duration::from_secs(size))),
        Workload::Bulk => drive(source(), bulk(size)),
        Workload::FanOut => drive(source(), fan_out(size)),
        Workload::Heartbeat => drive(source(), heartbeats(size)),
        Workload::Ticks => drive(source(), ticks(size)),
        Workload::Tasks => drive(source(), tasks(size)),
        Workload::Connections => drive(source(), connections(size)),
    }
}

fn drive(source: Box<dyn Source>, program: impl Future<Output = ()> + 'static) {
    drive_in(&mut World::default(), source, program);
}

fn drive_in(world: &mut World, source: Box<dyn Source>, program: impl Future<Output = ()> + 'static) {
    let limits = Limits {
        polls_max: u64::MAX,
        polls_per_instant_max: u64::MAX,
        virtual_time_max: Duration::MAX,
        ..Limits::default()
    };
    let mut executor = Executor::in_world(Config { limits, ..Config::default() }, source, world);
    executor.block_on(program).expect("the workload ends");
    executor.leave_to(world);
}

async fn yields(rounds: u64) {
    let tasks: Vec<_> = (0..YIELD_TASKS)
        .map(|_| {
            spawn(async move {
                for _ in 0..rounds {
                    wake_and_wait().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}

async fn sleeps(rounds: u64) {
    let tasks: Vec<_> = (0..SLEEP_TASKS)
        .map(|task| {
            spawn(async move {
                for round in 0..rounds {
                    time::sleep(sleep_duration(task, round)).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}

async fn spawns(count: u64) {
    for _ in 0..count {
        spawn(async {}).await.expect("the task ends");
    }
}

async fn echo(round_trips: u64) {
    let listener = listener_on(&Node::named("server")).await;
    Node::named("server").spawn(serve(listener));
    let mut stream = TcpStream::connect("server:7").await.expect("the server listens");
    let mut message = [7; MESSAGE_BYTES];
    for _ in 0..round_trips {
        stream.write_all(&message).await.expect("the server reads");
        stream.read_exact(&mut message).await.expect("the server answers");
    }
    stream.close().await.expect("the connection is open");
}

async fn bulk(writes: u64) {
    let listener = listener_on(&Node::named("server")).await;
    let reader = Node::named("server").spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody connects");
        let mut buffer = vec![0; BULK_BYTES];
        let mut bytes = 0;
        loop {
            match stream.read(&mut buffer).await.expect("the client writes") {
                0 => return bytes,
                read => bytes += read as u64,
            }
        }
    });
    let mut stream = TcpStream::connect("server:7").await.expect("the server listens");
    let data = vec![7; BULK_BYTES];
    for _ in 0..writes {
        stream.write_all(&data).await.expect("the server reads");
    }
    drop(stream);
    assert_eq!(reader.await.expect("the task ends"), writes * BULK_BYTES as u64);
}

async fn fan_out(rounds: u64) {
    let receivers: Vec<_> = (0..FAN_OUT_HOSTS)
        .map(|host| {
            Node::named(&format!("host-{host}")).spawn(async move {
                let socket = UdpSocket::bind("0.0.0.0:7").await.expect("the port is free");
                let mut message = [0; MESSAGE_BYTES];
                for _ in 0..rounds {
                    socket.recv_from(&mut message).await.expect("the socket is open");
                }
            })
        })
        .collect();
    yield_now().await;
    let socket = UdpSocket::bind("0.0.0.0:0").await.expect("a port is free");
    let mut addresses = Vec::new();
    for host in 0..FAN_OUT_HOSTS {
        addresses.extend(lookup_host(format!("host-{host}:7")).await.expect("the host is there"));
    }
    for _ in 0..rounds {
        for &address in &addresses {
            socket.send_to(&[7; MESSAGE_BYTES], address).await.expect("there is a way");
        }
        time::sleep(Duration::from_millis(1)).await;
    }
    for receiver in receivers {
        receiver.await.expect("the task ends");
    }
}

/// The hosts listen before anybody connects.
async fn heartbeats(hosts: u64) {
    let nodes: Vec<_> = (0..hosts).map(|host| Node::named(&format!("host-{host}"))).collect();
    for node in &nodes {
        node.spawn(serve(listener_on(node).await));
    }
    let clients: Vec<_> = nodes
        .iter()
        .zip(1..=hosts)
        .map(|(node, next)| {
            node.spawn(async move {
                let next = format!("host-{}:7", next % hosts);
                let mut stream = TcpStream::connect(next).await.expect("the next host listens");
                let mut message = [7; MESSAGE_BYTES];
                for _ in 0..HEARTBEATS {
                    stream.write_all(&message).await.expect("the next host reads");
                    stream.read_exact(&mut message).await.expect("the next host answers");
                    time::sleep(Duration::from_secs(1)).await;
                }
            })
        })
        .collect();
    for client in clients {
        client.await.expect("the task ends");
    }
}

async fn tasks(count: u64) {
    let tasks: Vec<_> = (0..count).map(|_| spawn(time::sleep(Duration::from_secs(1)))).collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}

async fn connections(count: u64) {
    let listener = listener_on(&Node::named("server")).await;
    let server = Node::named("server").spawn(async move {
        let mut streams = Vec::new();
        for _ in 0..count {
            let (mut stream, _) = listener.accept().await.expect("somebody connects");
            let mut message = [0; MESSAGE_BYTES];
            stream.read_exact(&mut message).await.expect("the client writes");
            stream.write_all(&message).await.expect("the client reads");
            streams.push(stream);
        }
        streams
    });
    let mut streams = Vec::new();
    for _ in 0..count {
        let mut stream = TcpStream::connect("server:7").await.expect("the server listens");
        let mut message = [7; MESSAGE_BYTES];
        stream.write_all(&message).await.expect("the server reads");
        stream.read_exact(&mut message).await.expect("the server answers");
        streams.push(stream);
    }
    let others = server.await.expect("the task ends");
    time::sleep(Duration::from_secs(1)).await;
    drop((streams, others));
}

async fn listener_on(node: &Node) -> TcpListener {
    let bound = node.spawn(async { TcpListener::bind("0.0.0.0:7").await.expect("the port is free") });
    bound.await.expect("the task ends")
}

async fn serve(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.expect("somebody connects");
    let mut message = [0; MESSAGE_BYTES];
    while stream.read_exact(&mut message).await.is_ok() {
        stream.write_all(&message).await.expect("the client reads");
    }
}

async fn ticks(hosts: u64) {
    let tick = || async {
        for _ in 0..HEARTBEATS {
            time::sleep(Duration::from_secs(1)).await;
        }
    };
    let tasks: Vec<_> = (0..hosts).map(|host| Node::named(&format!("host-{host}")).spawn(tick())).collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}

async fn idle(duration: Duration) {
    let tasks: Vec<_> = (0..IDLE_HOSTS)
        .map(|host| Node::named(&format!("host-{host}")).spawn(time::sleep(duration)))
        .collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}
