//! Several producers, of which one puts the sentinel.

use seedbed::task::JoinError;
use seedbed::{Executor, event, spawn_named};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::{Message, consume, produce};
use crate::Queue;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "queue_many_producers",
    about: "Several producers and one consumer: the sentinel must come after the last item of all of them. While all are \
            equally quick, the one that was started last ends last, so that production order hides the mistake.",
    invariant: "Every item is consumed, and nothing is left in the queue.",
    patterns: &[],
    parameters: &[
        Parameter { name: "items", about: "items of each producer", default: 3, min: 1, max: 1_000 },
        Parameter { name: "producers", about: "tasks that produce", default: 2, min: 2, max: 100 },
    ],
    variants: &[
        Variant {
            name: "fixed",
            about: "The sentinel is put when all producers have ended.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Put::AfterAll),
        },
        Variant {
            name: "broken_last_started",
            about: "The producer that was started last puts the sentinel, as if it were the last to end.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Put::ByLastStarted),
        },
    ],
};

/// Who puts the sentinel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    AfterAll,
    ByLastStarted,
}

fn run(executor: &mut Executor, settings: &Settings, put: Put) -> Result<(), Violation> {
    let (items, producers) = (settings.get("items"), settings.get("producers"));
    let all = items * producers;
    // With room for all, so that every producer ends in any case, and the loss is a silent one.
    let queue = Queue::bounded(all as usize + 1);
    let mut got =
        executor.block_on(program(queue.clone(), items, producers, put))?.map_err(Violation::new)?;
    ensure!(queue.is_empty(), "{} of {all} items were left in the queue", queue.len());
    got.sort_unstable();
    ensure!(got.iter().copied().eq(0..all), "of {all} items the consumer got {got:?}");
    Ok(())
}

async fn program(queue: Queue<Message>, items: u64, producers: u64, put: Put) -> Result<Vec<u64>, JoinError> {
    let consumer = spawn_named("consumer", consume(queue.clone()));
    let handles: Vec<_> = (0..producers)
        .map(|number| {
            let range = number * items..(number + 1) * items;
            let puts_end = put == Put::ByLastStarted && number == producers - 1;
            spawn_named("producer", produce_and_end(queue.clone(), range, puts_end))
        })
        .collect();
    for handle in handles {
        handle.await?;
    }
    if put == Put::AfterAll {
        put_end(&queue).await;
    }
    let got = consumer.await?;
    event!("left in the queue: {}", queue.len());
    Ok(got)
}

async fn produce_and_end(queue: Queue<Message>, items: std::ops::Range<u64>, puts_end: bool) {
    produce(queue.clone(), items).await;
    if puts_end {
        put_end(&queue).await;
    }
}

async fn put_end(queue: &Queue<Message>) {
    queue.put(Message::End).await;
    event!("put the end");
}
