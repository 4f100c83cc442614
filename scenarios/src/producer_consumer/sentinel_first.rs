//! A sentinel that is put before the items it should follow.

use seedbed::task::JoinError;
use seedbed::{Executor, event, spawn_named};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::{Message, consume, produce};
use crate::Queue;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "queue_sentinel_first",
    about: "A sentinel that is put into the queue before the items: whatever comes behind it is never consumed.",
    invariant: "The consumer gets every item, and nothing is left in the queue.",
    patterns: &[],
    parameters: &[Parameter {
        name: "items",
        about: "items that are produced",
        default: 3,
        min: 1,
        max: 10_000,
    }],
    variants: &[
        Variant {
            name: "fixed",
            about: "The sentinel is put when the producer has ended.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Put::Last),
        },
        Variant {
            name: "broken",
            about: "The sentinel is put as soon as the producer was started.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Put::First),
        },
    ],
};

/// When the sentinel is put.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Put {
    First,
    Last,
}

fn run(executor: &mut Executor, settings: &Settings, put: Put) -> Result<(), Violation> {
    let items = settings.get("items");
    // With room for all, so that the producer ends in any case, and the loss is a silent one.
    let queue = Queue::bounded(items as usize + 1);
    let got = executor.block_on(program(queue.clone(), items, put))?.map_err(Violation::new)?;
    ensure!(queue.is_empty(), "{} of {items} items were left in the queue", queue.len());
    ensure!(got.iter().copied().eq(0..items), "of {items} items the consumer got {got:?}");
    Ok(())
}

async fn program(queue: Queue<Message>, items: u64, put: Put) -> Result<Vec<u64>, JoinError> {
    let consumer = spawn_named("consumer", consume(queue.clone()));
    let producer = spawn_named("producer", produce(queue.clone(), 0..items));
    if put == Put::First {
        queue.put(Message::End).await;
        event!("put the end");
    }
    producer.await?;
    if put == Put::Last {
        queue.put(Message::End).await;
        event!("put the end");
    }
    let got = consumer.await?;
    event!("left in the queue: {}", queue.len());
    Ok(got)
}
