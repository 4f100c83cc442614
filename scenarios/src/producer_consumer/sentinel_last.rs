//! One producer, one consumer, and a sentinel at the end.

use seedbed::{Executor, spawn_named};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::{Message, consume, produce};
use crate::Queue;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "queue_sentinel_last",
    about: "One producer and one consumer over a bounded queue, with a sentinel at the end.",
    invariant: "The consumer gets every item once, in order, and nothing is left in the queue.",
    patterns: &[],
    parameters: &[
        Parameter { name: "items", about: "items that are produced", default: 5, min: 0, max: 10_000 },
        Parameter { name: "capacity", about: "items that the queue holds", default: 2, min: 1, max: 10_000 },
    ],
    variants: &[Variant {
        name: "works",
        about: "The sentinel is put when the producer has ended.",
        expect: Expect::Holds,
        body: works,
    }],
};

fn works(executor: &mut Executor, settings: &Settings) -> Result<(), Violation> {
    let items = settings.get("items");
    let queue = Queue::bounded(settings.get("capacity") as usize);
    let shared = queue.clone();
    let program = async move {
        let consumer = spawn_named("consumer", consume(shared.clone()));
        let producer = spawn_named("producer", produce(shared.clone(), 0..items));
        producer.await?;
        shared.put(Message::End).await;
        consumer.await
    };
    let got = executor.block_on(program)?.map_err(Violation::new)?;
    ensure!(got.iter().copied().eq(0..items), "of {items} items the consumer got {got:?}");
    ensure!(queue.is_empty(), "{} messages are left in the queue", queue.len());
    Ok(())
}
