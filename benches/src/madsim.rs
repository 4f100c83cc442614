//! Madsim, in its simulator.

use crate::tokio_ends;
use crate::workload::{
    FAN_OUT_HOSTS, HEARTBEATS, IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS, Workload,
    YIELD_TASKS, sleep_duration, wake_and_wait,
};
use madsim::Config;
use madsim::net::{TcpListener, TcpStream, UdpSocket};
use madsim::runtime::Runtime;
use madsim::task::{JoinHandle, spawn};
use madsim::time::sleep;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload::Yield,
    Workload::Sleep,
    Workload::Echo,
    Workload::Bulk,
    Workload::FanOut,
    Workload::Tiny,
    Workload::Heartbeat,
    Workload::Ticks,
    Workload::Spawn,
    Workload::Idle,
    Workload::Tasks,
];

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
        Workload::Bulk => bulk(size),
        Workload::FanOut => fan_out(size),
        Workload::Heartbeat => heartbeats(size),
        Workload::Ticks => ticks(size),
        Workload::Tasks => runtime().block_on(tasks(size)),
        Workload::Connections => unreachable!("madsim does not have {workload:?}"),
    }
}

fn runtime() -> Runtime {
    Runtime::with_seed_and_config(SEED, Config::default())
}

async fn yields(rounds: u64) {
    let task = move || async move {
        for _ in 0..rounds {
            wake_and_wait().await;
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
            tokio_ends::call(stream, round_trips).await;
        });
        let (stream, _) = listener.accept().await.expect("the server accepts");
        tokio_ends::serve(stream).await;
        client.await.expect("the client ends");
    });
    runtime.block_on(ended).expect("the server ends");
}

fn bulk(writes: u64) {
    let runtime = runtime();
    let server = runtime.create_node().ip(SERVER.ip()).build();
    let client = runtime.create_node().ip(CLIENT).build();
    let ended = server.spawn(async move {
        let listener = TcpListener::bind(SERVER).await.expect("the server binds");
        let client = client.spawn(async move {
            let stream = TcpStream::connect(SERVER).await.expect("the client connects");
            tokio_ends::write_bulk(stream, writes).await;
        });
        let (stream, _) = listener.accept().await.expect("the server accepts");
        tokio_ends::read_bulk(stream, writes).await;
        client.await.expect("the client ends");
    });
    runtime.block_on(ended).expect("the server ends");
}

fn fan_out(rounds: u64) {
    let runtime = runtime();
    let receivers: Vec<_> = (1..=FAN_OUT_HOSTS)
        .map(|host| {
            let node = runtime.create_node().ip(address(host).ip()).build();
            node.spawn(async move {
                let socket = UdpSocket::bind(address(host)).await.expect("the receiver binds");
                let mut message = [0; MESSAGE_BYTES];
                for _ in 0..rounds {
                    socket.recv_from(&mut message).await.expect("the receiver receives");
                }
            })
        })
        .collect();
    let sender = runtime.create_node().ip(address(0).ip()).build();
    let ended = sender.spawn(async move {
        let socket = UdpSocket::bind(address(0)).await.expect("the sender binds");
        sleep(Duration::from_millis(1)).await;
        for _ in 0..rounds {
            for host in 1..=FAN_OUT_HOSTS {
                socket.send_to(address(host), &[7; MESSAGE_BYTES]).await.expect("the sender sends");
            }
            sleep(Duration::from_millis(1)).await;
        }
        join(receivers).await;
    });
    runtime.block_on(ended).expect("the sender ends");
}

fn heartbeats(hosts: u64) {
    let runtime = runtime();
    let nodes: Vec<_> = (0..hosts).map(|host| runtime.create_node().ip(address(host).ip()).build()).collect();
    runtime.block_on(async move {
        let mut clients = Vec::new();
        for (host, node) in (0..).zip(&nodes) {
            node.spawn(async move {
                let listener = TcpListener::bind(address(host)).await.expect("the server binds");
                let (stream, _) = listener.accept().await.expect("the server accepts");
                tokio_ends::serve(stream).await;
            });
            clients.push(node.spawn(async move {
                sleep(Duration::from_millis(100)).await;
                let next = address((host + 1) % hosts);
                let mut stream = TcpStream::connect(next).await.expect("the client connects");
                for beat in 0..HEARTBEATS {
                    tokio_ends::ask(&mut stream, beat).await;
                    sleep(Duration::from_secs(1)).await;
                }
            }));
        }
        join(clients).await;
    });
}

fn ticks(hosts: u64) {
    let runtime = runtime();
    let nodes: Vec<_> = (0..hosts).map(|host| runtime.create_node().ip(address(host).ip()).build()).collect();
    runtime.block_on(async move {
        let tick = || async {
            for _ in 0..HEARTBEATS {
                sleep(Duration::from_secs(1)).await;
            }
        };
        join(nodes.iter().map(|node| node.spawn(tick())).collect()).await;
    });
}

async fn tasks(count: u64) {
    join((0..count).map(|_| spawn(sleep(Duration::from_secs(1)))).collect()).await;
}

fn address(host: u64) -> SocketAddr {
    let host = u32::try_from(host).expect("a workload has few hosts");
    SocketAddr::new(Ipv4Addr::from_bits(u32::from(Ipv4Addr::new(10, 1, 0, 1)) + host).into(), 80)
}
