//! Moonpool: its executor and its world, driven by hand, without the runner that users have between them.
//!
//! The runner adds the capture of traces and the phases of a test, so that this is the cheapest way to use it. The
//! network has no faults and the least latency that it offers.

use crate::workload::{
    IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS, Workload, YIELD_TASKS, sleep_duration,
};
use futures_util::{AsyncReadExt, AsyncWriteExt};
use moonpool::executor::{Executor, JoinHandle, spawn, until_stalled, yield_now};
use moonpool::{NetworkConfiguration, NetworkProvider, SimNetworkProvider, SimWorld};
use moonpool::{SimTimeProvider, TcpListenerTrait, TimeProvider};
use std::future::Future;
use std::time::Duration;

pub(crate) const WORKLOADS: &[Workload] = &Workload::ALL;

const SERVER: &str = "10.0.0.1:80";
const SEED: u64 = 1;

pub(crate) fn run(workload: Workload, size: u64) {
    match workload {
        Workload::Yield => drive(|_| yields(size)),
        Workload::Sleep => drive(|world| sleeps(world.time_provider(), size)),
        Workload::Echo => echo(size),
        Workload::Tiny => (0..size).for_each(|_| echo(TINY_ROUND_TRIPS)),
        Workload::Spawn => drive(|_| spawns(size)),
        Workload::Idle => drive(|world| idle(world.time_provider(), Duration::from_secs(size))),
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
            yield_now().await;
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
async fn idle(time: SimTimeProvider, duration: Duration) {
    let task =
        move |time: SimTimeProvider| async move { time.sleep(duration).await.expect("the task sleeps") };
    join((0..IDLE_HOSTS).map(|_| spawn("idle", task(time.clone()))).collect()).await;
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

async fn serve(mut stream: <SimNetworkProvider as NetworkProvider>::TcpStream) {
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
    let mut answer = [0; MESSAGE_BYTES];
    for round in 0..round_trips {
        let message = [round.to_le_bytes()[0]; MESSAGE_BYTES];
        stream.write_all(&message).await.expect("the client writes");
        stream.read_exact(&mut answer).await.expect("the client reads");
        assert_eq!(answer, message, "round trip {round}");
    }
}
