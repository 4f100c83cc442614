//! Madsim, in its simulator.

use crate::tokio_echo;
use crate::workload::{IDLE_HOSTS, SLEEP_TASKS, TINY_ROUND_TRIPS, Workload, YIELD_TASKS, sleep_duration};
use madsim::Config;
use madsim::net::{TcpListener, TcpStream};
use madsim::runtime::Runtime;
use madsim::task::{JoinHandle, spawn, yield_now};
use madsim::time::sleep;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub(crate) const WORKLOADS: &[Workload] = &Workload::ALL;

const SEED: u64 = 1;
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 80);
const CLIENT: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2));

pub(crate) fn run(workload: Workload, size: u64) {
    match workload {
        Workload::Yield => runtime().block_on(yields(size)),
        Workload::Sleep => runtime().block_on(sleeps(size)),
        Workload::Echo => echo(size),
        Workload::Tiny => (0..size).for_each(|_| echo(TINY_ROUND_TRIPS)),
        Workload::Spawn => runtime().block_on(spawns(size)),
        Workload::Idle => idle(Duration::from_secs(size)),
    }
}

fn runtime() -> Runtime {
    Runtime::with_seed_and_config(SEED, Config::default())
}

async fn yields(rounds: u64) {
    let task = move || async move {
        for _ in 0..rounds {
            yield_now().await;
        }
    };
    join((0..YIELD_TASKS).map(|_| spawn(task())).collect()).await;
}

async fn sleeps(rounds: u64) {
    let task = move |task| async move {
        for round in 0..rounds {
            sleep(sleep_duration(task, round)).await;
        }
    };
    join((0..SLEEP_TASKS).map(|index| spawn(task(index))).collect()).await;
}

async fn spawns(count: u64) {
    for _ in 0..count {
        spawn(async {}).await.expect("the task ends");
    }
}

fn idle(duration: Duration) {
    let runtime = runtime();
    let task = move || async move { sleep(duration).await };
    let tasks = (0..IDLE_HOSTS).map(|_| runtime.create_node().build().spawn(task())).collect();
    runtime.block_on(join(tasks));
}

async fn join(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("the task ends");
    }
}

/// The server starts the client once it listens, since madsim refuses a connection that comes before.
fn echo(round_trips: u64) {
    let runtime = runtime();
    let server = runtime.create_node().ip(SERVER.ip()).build();
    let client = runtime.create_node().ip(CLIENT).build();
    let ended = server.spawn(async move {
        let listener = TcpListener::bind(SERVER).await.expect("the server binds");
        let client = client.spawn(async move {
            let stream = TcpStream::connect(SERVER).await.expect("the client connects");
            tokio_echo::call(stream, round_trips).await;
        });
        let (stream, _) = listener.accept().await.expect("the server accepts");
        tokio_echo::serve(stream).await;
        client.await.expect("the client ends");
    });
    runtime.block_on(ended).expect("the server ends");
}
