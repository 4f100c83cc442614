//! Several consumers, each of which waits for a sentinel.

use seedbed::task::JoinError;
use seedbed::{Executor, event, spawn_named};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::{Message, consume, produce};
use crate::Queue;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "queue_many_consumers",
    about: "One producer and several consumers over a bounded queue: a sentinel ends only the one who takes it.",
    invariant: "Every item is consumed once, and every consumer comes to its end.",
    patterns: &[],
    parameters: &[
        Parameter { name: "items", about: "items that are produced", default: 6, min: 0, max: 10_000 },
        Parameter { name: "consumers", about: "tasks that consume", default: 3, min: 2, max: 1_000 },
        Parameter { name: "capacity", about: "items that the queue holds", default: 2, min: 1, max: 10_000 },
    ],
    variants: &[
        Variant {
            name: "fixed",
            about: "There is one sentinel for each consumer.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Sentinels::OneEach),
        },
        Variant {
            name: "fixed_put_back",
            about: "There is one sentinel, and whoever takes it puts it back for the others.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Sentinels::PutBack),
        },
        Variant {
            name: "broken_one_sentinel",
            about: "There is one sentinel for all: one consumer ends, the others wait for ever.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Sentinels::One),
        },
    ],
};

/// How consumers learn of the end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sentinels {
    OneEach,
    PutBack,
    One,
}

fn run(executor: &mut Executor, settings: &Settings, sentinels: Sentinels) -> Result<(), Violation> {
    let (items, consumers) = (settings.get("items"), settings.get("consumers"));
    let queue = Queue::bounded(settings.get("capacity") as usize);
    let program = program(queue, items, consumers, sentinels);
    let mut got = executor.block_on(program)?.map_err(Violation::new)?;
    got.sort_unstable();
    ensure!(got.iter().copied().eq(0..items), "of {items} items the consumers got {got:?}");
    Ok(())
}

async fn program(
    queue: Queue<Message>,
    items: u64,
    consumers: u64,
    sentinels: Sentinels,
) -> Result<Vec<u64>, JoinError> {
    let handles: Vec<_> = (0..consumers)
        .map(|_| spawn_named("consumer", consume_and_end(queue.clone(), sentinels == Sentinels::PutBack)))
        .collect();
    spawn_named("producer", produce(queue.clone(), 0..items)).await?;
    let ends = if sentinels == Sentinels::OneEach { consumers } else { 1 };
    for _ in 0..ends {
        queue.put(Message::End).await;
        event!("put an end");
    }
    let mut got = Vec::new();
    for handle in handles {
        got.extend(handle.await?);
    }
    Ok(got)
}

async fn consume_and_end(queue: Queue<Message>, put_back: bool) -> Vec<u64> {
    let items = consume(queue.clone()).await;
    if put_back {
        queue.put(Message::End).await;
    }
    items
}
