//! Moonpool: its executor and its world, driven by hand, without the runner that users have between them.
//!
//! The runner adds the capture of traces and the phases of a test, so that this is the cheapest way to use it. The
//! network has no faults and the least latency that it offers.

use crate::workload::{
    BULK_BYTES, HEARTBEATS, IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS, Workload, YIELD_TASKS,
    sleep_duration, wake_and_wait,
};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use moonpool::executor::{Executor, JoinHandle, spawn, until_stalled};
use moonpool::{NetworkConfiguration, NetworkProvider, SimNetworkProvider, SimWorld};
use moonpool::{SimTimeProvider, TcpListenerTrait, TimeProvider};
use std::future::Future;
use std::time::Duration;

pub(crate) const WORKLOADS: &[Workload] = &[
    Workload::Yield,
    Workload::Sleep,
    Workload::Echo,
    Workload::Bulk,
    Workload::Tiny,
    Workload::Heartbeat,
    Workload::Spawn,
    Workload::Idle,
    Workload::Tasks,
];

const SERVER: &str = "10.0.0.1:80";
const SEED: u64 = 1;

pub(crate) fn run(workload: Workload, size: u64) {
    match workload {
        Workload::Yield => drive(|_| yields(size)),
        Workload::Sleep => drive(|world| sleeps(world.time_provider(), size)),
        Workload::Echo => echo(size),
        Workload::Tiny => (0..size).for_each(|_| echo(TINY_ROUND_TRIPS)),
        Workload::Spawn => drive(|_| spawns(size)),
        Workload::Idle => {
            drive(|world| sleepers(world.time_provider(), IDLE_HOSTS, Duration::from_secs(size)));
        }
        Workload::Bulk => bulk(size),
        Workload::Heartbeat => heartbeats(size),
        Workload::Tasks => drive(|world| sleepers(world.time_provider(), size, Duration::from_secs(1))),
        Workload::FanOut | Workload::Ticks | Workload::Connections => {
            unreachable!("moonpool does not have {workload:?}")
        }
    }
}

/// Makes a world, runs the task that `main` gives in it, then drops it.
fn drive<F: Future<Output = ()> + Send + 'static>(main: impl FnOnce(&SimWorld) -> F) {
    let mut world = SimWorld::new_with_network_config_and_seed(NetworkConfiguration::fast_local(), SEED);
    Executor::new(SEED).block_on(async {
        let main = spawn("main", main(&world));
        loop {
            until_stalled().await;
            if main.is_finished() {
                break;
            }
            assert!(world.has_pending_events(), "nothing is left to happen");
            world.step();
        }
        main.await.expect("the main task ends");
    });
}

async fn yields(rounds: u64) {
    let task = move || async move {
        for _ in 0..rounds {
            wake_and_wait().await;
        }
    };
    join((0..YIELD_TASKS).map(|_| spawn("yields", task())).collect()).await;
}

async fn sleeps(time: SimTimeProvider, rounds: u64) {
    let task = move |time: SimTimeProvider, task| async move {
        for round in 0..rounds {
            time.sleep(sleep_duration(task, round)).await.expect("the task sleeps");
        }
    };
    join((0..SLEEP_TASKS).map(|index| spawn("sleeps", task(time.clone(), index))).collect()).await;
}

async fn spawns(count: u64) {
    for _ in 0..count {
        spawn("ends", async {}).await.expect("the task ends");
    }
}

/// Without hosts, which belong to the runner: as many tasks.
async fn sleepers(time: SimTimeProvider, count: u64, duration: Duration) {
    let task =
        move |time: SimTimeProvider| async move { time.sleep(duration).await.expect("the task sleeps") };
    join((0..count).map(|_| spawn("sleeper", task(time.clone()))).collect()).await;
}

async fn join(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("the task ends");
    }
}

fn echo(round_trips: u64) {
    drive(|world| {
        let network = world.network_provider();
        async move {
            let listener = network.bind(SERVER).await.expect("the server binds");
            let client = spawn("client", call(network, round_trips));
            let (stream, _) = listener.accept().await.expect("the server accepts");
            serve(stream).await;
            client.await.expect("the client ends");
        }
    });
}

type Stream = <SimNetworkProvider as NetworkProvider>::TcpStream;

async fn serve(mut stream: Stream) {
    let mut buffer = [0; MESSAGE_BYTES];
    loop {
        let length = stream.read(&mut buffer).await.expect("the server reads");
        if length == 0 {
            return;
        }
        stream.write_all(&buffer[..length]).await.expect("the server writes");
    }
}

async fn call(network: SimNetworkProvider, round_trips: u64) {
    let mut stream = network.connect(SERVER).await.expect("the client connects");
    for round in 0..round_trips {
        ask(&mut stream, round).await;
    }
}

async fn ask(stream: &mut Stream, round: u64) {
    let mut answer = [0; MESSAGE_BYTES];
    let message = [round.to_le_bytes()[0]; MESSAGE_BYTES];
    stream.write_all(&message).await.expect("the client writes");
    stream.read_exact(&mut answer).await.expect("the client reads");
    assert_eq!(answer, message, "round trip {round}");
}

fn bulk(writes: u64) {
    drive(|world| {
        let network = world.network_provider();
        async move {
            let listener = network.bind(SERVER).await.expect("the server binds");
            let client = spawn("client", async move {
                let mut stream = network.connect(SERVER).await.expect("the client connects");
                let data = vec![7; BULK_BYTES];
                for _ in 0..writes {
                    stream.write_all(&data).await.expect("the client writes");
                }
            });
            let (mut stream, _) = listener.accept().await.expect("the server accepts");
            let mut buffer = vec![0; BULK_BYTES];
            let mut bytes = 0;
            loop {
                match stream.read(&mut buffer).await.expect("the server reads") {
                    0 => break,
                    length => bytes += length as u64,
                }
            }
            assert_eq!(bytes, writes * BULK_BYTES as u64);
            client.await.expect("the client ends");
        }
    });
}

/// Without hosts, which belong to the runner: as many addresses.
fn heartbeats(hosts: u64) {
    drive(|world| {
        let (network, time) = (world.network_provider(), world.time_provider());
        async move {
            for host in 0..hosts {
                let listener = network.bind(&address(host)).await.expect("the server binds");
                spawn("server", async move {
                    let (stream, _) = listener.accept().await.expect("the server accepts");
                    serve(stream).await;
                });
            }
            let client = |host| {
                let (network, time) = (network.clone(), time.clone());
                async move {
                    let next = address((host + 1) % hosts);
                    let mut stream = network.connect(&next).await.expect("the client connects");
                    for beat in 0..HEARTBEATS {
                        ask(&mut stream, beat).await;
                        time.sleep(Duration::from_secs(1)).await.expect("the client sleeps");
                    }
                }
            };
            join((0..hosts).map(|host| spawn("client", client(host))).collect()).await;
        }
    });
}

fn address(host: u64) -> String {
    format!("10.0.{}.{}:80", host / 250, 1 + host % 250)
}
