//! A producer whose awaits never suspend.

use seedbed::task::JoinError;
use seedbed::{Executor, event, spawn_named, yield_now};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::{Message, work};
use crate::{Queue, turns::Turns};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "producer_never_yields",
    about: "A producer awaits in a loop, but an await that is ready at once lets nobody else run: the consumer gets \
            nothing before the producer has ended.",
    invariant: "The producer never puts more than `burst` items in one turn, that is, without letting the consumer run; \
                every item is consumed, in order.",
    patterns: &[],
    parameters: &[
        Parameter { name: "items", about: "items that are produced", default: 8, min: 8, max: 10_000 },
        Parameter { name: "burst", about: "items that one turn may put", default: 3, min: 1, max: 7 },
    ],
    variants: &[
        Variant {
            name: "fixed_yield",
            about: "The producer yields after each item, so that the consumer may run.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Queue::unbounded(), true),
        },
        Variant {
            name: "fixed_bounded",
            about: "The queue holds no more than `burst` items, so that the producer has to wait for the consumer.",
            expect: Expect::Holds,
            body: |executor, settings| {
                run(executor, settings, Queue::bounded(settings.get("burst") as usize), false)
            },
        },
        Variant {
            name: "broken",
            about: "The queue is unbounded: `put(…).await` is ready at once, every time.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Queue::unbounded(), false),
        },
    ],
};

fn run(
    executor: &mut Executor,
    settings: &Settings,
    queue: Queue<Message>,
    yields: bool,
) -> Result<(), Violation> {
    let (items, burst) = (settings.get("items"), settings.get("burst"));
    let turns = Turns::default();
    let got = executor.block_on(program(queue, items, yields, turns.clone()))?.map_err(Violation::new)?;
    ensure!(got.iter().copied().eq(0..items), "of {items} items the consumer got {got:?}");
    let most = turns.most();
    ensure!(
        most <= burst,
        "the producer put {most} items in one turn, and not more than {burst} are allowed"
    );
    Ok(())
}

async fn program(
    queue: Queue<Message>,
    items: u64,
    yields: bool,
    turns: Turns,
) -> Result<Vec<u64>, JoinError> {
    let consumer = spawn_named("consumer", consume(queue.clone(), turns.clone()));
    let producer = turns.watch(produce(queue, items, yields, turns.clone()));
    spawn_named("producer", producer).await?;
    consumer.await
}

async fn produce(queue: Queue<Message>, items: u64, yields: bool, turns: Turns) {
    work(1, 9).await;
    for item in 0..items {
        queue.put(Message::Item(item)).await;
        turns.count();
        event!("put {item}");
        if yields {
            yield_now().await;
        }
    }
    queue.put(Message::End).await;
}

async fn consume(queue: Queue<Message>, turns: Turns) -> Vec<u64> {
    work(1, 9).await;
    let mut items = Vec::new();
    while let Message::Item(item) = queue.get().await {
        event!("got {item} when {} were put", turns.total());
        items.push(item);
    }
    items
}
