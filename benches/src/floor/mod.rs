//! The floor: the least that an honest simulator can do for a workload.
//!
//! It polls futures through real wakers, in the order they woke or in a random one, keeps one heap of what is due, and copies bytes over
//! connections with latency. It draws no choices and has no faults, trace, limits or cancellation, and backpressure only
//! where memory would have no bound without, so that a simulator's distance from it is what those things cost.

mod world;

use crate::workload::{
    BULK_BYTES, FAN_OUT_HOSTS, HEARTBEATS, IDLE_HOSTS, MESSAGE_BYTES, SLEEP_TASKS, TINY_ROUND_TRIPS,
    Workload, YIELD_TASKS, sleep_duration, wake_and_wait,
};
use std::rc::Rc;
use std::time::Duration;
use world::{Joined, Order, Stream, World};

pub(crate) const WORKLOADS: &[Workload] = &Workload::ALL;

/// What woke first is polled first.
pub(crate) fn run(workload: Workload, size: u64) {
    run_in(Order::Fifo, workload, size);
}

/// Any of those that woke is polled, by a draw of the least generator.
pub(crate) fn run_random(workload: Workload, size: u64) {
    run_in(Order::Random, workload, size);
}

fn run_in(order: Order, workload: Workload, size: u64) {
    match workload {
        Workload::Yield => World::drive(order, |world| yields(world, size)),
        Workload::Sleep => World::drive(order, |world| sleeps(world, size)),
        Workload::Echo => World::drive(order, |world| echo(world, size)),
        Workload::Tiny => (0..size).for_each(|_| World::drive(order, |world| echo(world, TINY_ROUND_TRIPS))),
        Workload::Spawn => World::drive(order, |world| spawns(world, size)),
        Workload::Idle => World::drive(order, |world| idle(world, Duration::from_secs(size))),
        Workload::Bulk => World::drive(order, |world| bulk(world, size)),
        Workload::FanOut => World::drive(order, |world| fan_out(world, size)),
        Workload::Heartbeat => World::drive(order, |world| heartbeats(world, size)),
        Workload::Ticks => World::drive(order, |world| ticks(world, size)),
        Workload::Tasks => World::drive(order, |world| tasks(world, size)),
        Workload::Connections => World::drive(order, |world| connections(world, size)),
    }
}

async fn yields(world: Rc<World>, rounds: u64) {
    let task = move || async move {
        for _ in 0..rounds {
            wake_and_wait().await;
        }
    };
    join((0..YIELD_TASKS).map(|_| world.spawn(task())).collect()).await;
}

async fn sleeps(world: Rc<World>, rounds: u64) {
    let task = move |world: Rc<World>, task| async move {
        for round in 0..rounds {
            world.sleep(sleep_duration(task, round)).await;
        }
    };
    join((0..SLEEP_TASKS).map(|index| world.spawn(task(world.clone(), index))).collect()).await;
}

async fn spawns(world: Rc<World>, count: u64) {
    for _ in 0..count {
        world.spawn(async {}).await;
    }
}

/// Without hosts: as many tasks.
async fn ticks(world: Rc<World>, hosts: u64) {
    let task = move |world: Rc<World>| async move {
        for _ in 0..HEARTBEATS {
            world.sleep(Duration::from_secs(1)).await;
        }
    };
    join((0..hosts).map(|_| world.spawn(task(world.clone()))).collect()).await;
}

/// Without hosts: as many tasks.
async fn idle(world: Rc<World>, duration: Duration) {
    let task = move |world: Rc<World>| async move { world.sleep(duration).await };
    join((0..IDLE_HOSTS).map(|_| world.spawn(task(world.clone()))).collect()).await;
}

async fn echo(world: Rc<World>, round_trips: u64) {
    let client = world.spawn(call(world.clone(), round_trips));
    serve(world.accept().await).await;
    client.await;
}

async fn serve(stream: Stream) {
    let mut buffer = [0; MESSAGE_BYTES];
    loop {
        let length = stream.read(&mut buffer).await;
        if length == 0 {
            return;
        }
        stream.write(&buffer[..length]);
    }
}

async fn call(world: Rc<World>, round_trips: u64) {
    let stream = world.connect().await;
    for round in 0..round_trips {
        ask(&stream, round).await;
    }
}

async fn ask(stream: &Stream, round: u64) {
    let mut answer = [0; MESSAGE_BYTES];
    let message = [round.to_le_bytes()[0]; MESSAGE_BYTES];
    stream.write(&message);
    let mut length = 0;
    while length < MESSAGE_BYTES {
        length += stream.read(&mut answer[length..]).await;
    }
    assert_eq!(answer, message, "round trip {round}");
}

async fn bulk(world: Rc<World>, writes: u64) {
    let writer = world.spawn({
        let world = world.clone();
        async move {
            let stream = world.connect().await;
            let data = vec![7; BULK_BYTES];
            for _ in 0..writes {
                stream.wait_for_room(BULK_BYTES).await;
                stream.write(&data);
            }
        }
    });
    let stream = world.accept().await;
    let mut buffer = vec![0; BULK_BYTES];
    let mut bytes = 0;
    loop {
        let length = stream.read(&mut buffer).await;
        if length == 0 {
            break;
        }
        bytes += length as u64;
    }
    assert_eq!(bytes, writes * BULK_BYTES as u64);
    writer.await;
}

async fn fan_out(world: Rc<World>, rounds: u64) {
    let receivers: Vec<_> = (0..FAN_OUT_HOSTS as usize)
        .map(|socket| {
            world.bind(socket);
            world.spawn({
                let world = world.clone();
                async move {
                    let mut message = [0; MESSAGE_BYTES];
                    for _ in 0..rounds {
                        let length = world.receive(socket, &mut message).await;
                        assert_eq!((length, message), (MESSAGE_BYTES, [7; MESSAGE_BYTES]));
                    }
                }
            })
        })
        .collect();
    for _ in 0..rounds {
        for socket in 0..FAN_OUT_HOSTS as usize {
            world.send(socket, &[7; MESSAGE_BYTES]);
        }
        world.sleep(Duration::from_millis(1)).await;
    }
    join(receivers).await;
}

/// Without hosts: as many pairs of tasks, each with a connection.
async fn heartbeats(world: Rc<World>, hosts: u64) {
    let mut clients = Vec::new();
    for _ in 0..hosts {
        clients.push(world.spawn({
            let world = world.clone();
            async move {
                let stream = world.connect().await;
                for beat in 0..HEARTBEATS {
                    ask(&stream, beat).await;
                    world.sleep(Duration::from_secs(1)).await;
                }
            }
        }));
    }
    for _ in 0..hosts {
        world.spawn(serve(world.accept().await));
    }
    join(clients).await;
}

async fn tasks(world: Rc<World>, count: u64) {
    let task = move |world: Rc<World>| async move { world.sleep(Duration::from_secs(1)).await };
    join((0..count).map(|_| world.spawn(task(world.clone()))).collect()).await;
}

async fn connections(world: Rc<World>, count: u64) {
    let mut streams = Vec::new();
    let server = world.spawn({
        let world = world.clone();
        async move {
            let mut streams = Vec::new();
            for _ in 0..count {
                let stream = world.accept().await;
                let mut message = [0; MESSAGE_BYTES];
                let length = stream.read(&mut message).await;
                stream.write(&message[..length]);
                streams.push(stream);
            }
            world.sleep(Duration::from_secs(2)).await;
        }
    });
    for _ in 0..count {
        let stream = world.connect().await;
        ask(&stream, 0).await;
        streams.push(stream);
    }
    server.await;
}

async fn join(tasks: Vec<Joined>) {
    for task in tasks {
        task.await;
    }
}
