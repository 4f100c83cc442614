//! Who does what in which order: snapshots that a person can read in one go.

use std::time::Duration;

use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};
use seedbed::{Config, Executor, RunSeed, TraceLevel, event, node, spawn_named, time, yield_now};

const MS: Duration = Duration::from_millis(1);

/// The event log of a program.
fn log<F>(seed: RunSeed, program: F) -> String
where
    F: Future<Output = ()> + 'static,
{
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let mut executor = Executor::with_boxed_source(config, seed.source());
    if let Err(error) = executor.block_on(program) {
        return format!("{}{error}\n", executor.trace());
    }
    executor.trace().to_string()
}

/// Two tasks that yield after each step.
async fn alternating() {
    let tasks = ["ping", "pong"].map(|name| {
        spawn_named(name, async {
            for step in 1..=3 {
                event!("step {step}");
                yield_now().await;
            }
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

/// One task puts, another gets, through a channel for one item (and one more for its sender).
async fn producer_and_consumer() {
    let (mut sender, mut receiver) = mpsc::channel(0);
    let consumer = spawn_named("consumer", async move {
        while let Some(item) = receiver.next().await {
            event!("got {item}");
        }
        event!("end");
    });
    let producer = spawn_named("producer", async move {
        for item in 1..=4 {
            sender.send(item).await.unwrap();
            event!("put {item}");
        }
    });
    producer.await.unwrap();
    consumer.await.unwrap();
}

/// Sleeps of equal and of different length, on two nodes.
async fn sleepers() {
    for (name, millis) in [("late", 20), ("early", 10), ("also_early", 10)] {
        drop(spawn_named(name, async move {
            time::sleep(millis * MS).await;
            event!("awake");
        }));
    }
    drop(node("other").spawn_named("early", async {
        time::sleep(10 * MS).await;
        event!("awake");
    }));
    time::sleep(30 * MS).await;
    event!("all are awake");
}

#[test]
fn tasks_that_yield_alternate_in_production_order() {
    insta::assert_snapshot!(log(RunSeed::Production, alternating()));
}

#[test]
fn tasks_that_yield_run_in_another_order_under_a_seed() {
    insta::assert_snapshot!(log(RunSeed::Seed(7), alternating()));
}

#[test]
fn a_full_channel_makes_producer_and_consumer_take_turns() {
    insta::assert_snapshot!(log(RunSeed::Production, producer_and_consumer()));
}

#[test]
fn a_channel_keeps_its_order_under_a_seed() {
    insta::assert_snapshot!(log(RunSeed::Seed(1), producer_and_consumer()));
}

#[test]
fn timers_fire_by_due_time_then_creation() {
    insta::assert_snapshot!(log(RunSeed::Production, sleepers()));
}

#[test]
fn a_deadlock_ends_the_log_with_who_waits_for_what() {
    insta::assert_snapshot!(log(RunSeed::Production, async {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let consumer = spawn_named("consumer", async move {
            event!("waiting");
            receiver.next().await
        });
        consumer.await.unwrap();
        drop(sender);
    }));
}
