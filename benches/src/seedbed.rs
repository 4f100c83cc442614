//! The workloads on Seedbed: in production order, or in keyed random order.

use std::time::Duration;

use ::seedbed::net::{TcpListener, TcpStream};
use ::seedbed::{
    Config, Executor, KeyedRandom, Limits, Node, ProductionOrder, Source, spawn, time, yield_now,
};

use futures_util::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::workload::{
    IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS, Workload, YIELD_TASKS, sleep_duration,
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

fn run_with(source: &dyn Fn() -> Box<dyn Source>, workload: Workload, size: u64) {
    match workload {
        Workload::Yield => drive(source(), yields(size)),
        Workload::Sleep => drive(source(), sleeps(size)),
        Workload::Echo => drive(source(), echo(size)),
        Workload::Tiny => (0..size).for_each(|_| drive(source(), echo(TINY_ROUND_TRIPS))),
        Workload::Spawn => drive(source(), spawns(size)),
        Workload::Idle => drive(source(), idle(Duration::from_secs(size))),
    }
}

fn drive(source: Box<dyn Source>, program: impl Future<Output = ()> + 'static) {
    let limits = Limits {
        polls_max: u64::MAX,
        polls_per_instant_max: u64::MAX,
        virtual_time_max: Duration::MAX,
        ..Limits::default()
    };
    let mut executor = Executor::with_boxed_source(Config { limits, ..Config::default() }, source);
    executor.block_on(program).expect("the workload ends");
}

async fn yields(rounds: u64) {
    let tasks: Vec<_> = (0..YIELD_TASKS)
        .map(|_| {
            spawn(async move {
                for _ in 0..rounds {
                    yield_now().await;
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
    let bound = Node::named("server")
        .spawn(async { TcpListener::bind("0.0.0.0:7").await.expect("the port is free") });
    let listener = bound.await.expect("the task ends");
    Node::named("server").spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody connects");
        let mut message = [0; MESSAGE_BYTES];
        while stream.read_exact(&mut message).await.is_ok() {
            stream.write_all(&message).await.expect("the client reads");
        }
    });
    let mut stream = TcpStream::connect("server:7").await.expect("the server listens");
    let mut message = [7; MESSAGE_BYTES];
    for _ in 0..round_trips {
        stream.write_all(&message).await.expect("the server reads");
        stream.read_exact(&mut message).await.expect("the server answers");
    }
    stream.close().await.expect("the connection is open");
}

async fn idle(duration: Duration) {
    let tasks: Vec<_> = (0..IDLE_HOSTS)
        .map(|host| Node::named(&format!("host-{host}")).spawn(time::sleep(duration)))
        .collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}
