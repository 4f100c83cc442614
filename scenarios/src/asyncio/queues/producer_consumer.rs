//! A producer whose consumer runs whenever it lets go.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed::{Executor, Instant, event};
use sim_asyncio::{EventLoop, Exc, Queue, Task, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use super::lcg::Lcg;
use crate::asyncio::program::{done, ms, start};
use crate::patterns;
use crate::turns::Turns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "asyncio_producer_consumer",
    about: "A producer puts random items until it draws a 42; a consumer takes them. A `put` into a queue that is not full \
            does not wait, and so lets nobody else run.",
    invariant: "Every item is consumed once, in order, as soon as it is there and the consumer is free. In one turn, that \
                is without letting the consumer run, the producer puts one item, or as many as a bounded queue holds.",
    patterns: &[
        &patterns::A6,
        &patterns::C26,
        &patterns::C27,
        &patterns::C28,
        &patterns::C29,
        &patterns::C30,
    ],
    parameters: &[],
    variants: VARIANTS,
};

const VARIANTS: &[Variant] = &[
    Variant {
        name: "sleeps",
        about: "Both sleep after each item, the consumer twice as long: it has a backlog, which it drains after the \
                producer's end.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { seed: 12, ..SLEEPS }),
    },
    Variant {
        name: "sleeps_with_other_numbers",
        about: "The same program; other random numbers give another run.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { seed: 7, ..SLEEPS }),
    },
    Variant {
        name: "sleeps_with_a_long_backlog",
        about: "The same program; the 42 is long in coming.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { seed: 1, ..SLEEPS }),
    },
    Variant {
        name: "sleeps_bounded",
        about: "Both sleep, and the queue holds two items: the producer has to wait for the consumer.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { capacity: 2, ..SLEEPS }),
    },
    Variant {
        name: "fixed_sleep_of_zero",
        about: "The producer calls `sleep(0)` after each item.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { producer: Pause::SleepOfZero, ..NO_SLEEPS }),
    },
    Variant {
        name: "fixed_bounded_one",
        about: "The queue holds one item: producer and consumer alternate.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { capacity: 1, ..NO_SLEEPS }),
    },
    Variant {
        name: "fixed_bounded_three",
        about: "The queue holds three items: they come in groups.",
        expect: Expect::Holds,
        body: |executor, _| run(executor, Plan { capacity: 3, ..NO_SLEEPS }),
    },
    Variant {
        name: "broken_no_sleeps",
        about: "Nobody sleeps: all items are produced before the consumer gets the first.",
        expect: Expect::Breaks,
        body: |executor, _| run(executor, NO_SLEEPS),
    },
    Variant {
        name: "broken_consumer_first",
        about: "The consumer waits already when the producer begins; that changes nothing but the first line.",
        expect: Expect::Breaks,
        body: broken_consumer_first,
    },
];

/// What somebody does between two items.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    /// Nothing.
    None,
    /// A random time, up to so many milliseconds.
    Sleep(u64),
    SleepOfZero,
}

/// One run of producer and consumer.
#[derive(Clone, Copy)]
struct Plan {
    /// Of the random numbers.
    seed: u64,
    producer: Pause,
    consumer: Pause,
    /// How many items the queue holds; zero is no bound.
    capacity: usize,
}

const SLEEPS: Plan =
    Plan { seed: 12, producer: Pause::Sleep(500), consumer: Pause::Sleep(1_000), capacity: 0 };
const NO_SLEEPS: Plan = Plan { producer: Pause::None, consumer: Pause::None, ..SLEEPS };

/// What is in the queue.
#[derive(Clone)]
enum Message {
    Item(String),
    End,
}

/// A queue, and what was put into it and taken out, with the times.
#[derive(Clone)]
struct Line {
    queue: Queue<Message>,
    /// The producer's.
    turns: Turns,
    put: Rc<RefCell<Vec<Entry>>>,
    got: Rc<RefCell<Vec<Entry>>>,
}

/// One item at one end of the queue.
struct Entry {
    item: String,
    /// When it was to be put, or asked for.
    asked: Instant,
    /// When that had happened.
    done: Instant,
}

impl Line {
    fn new(capacity: usize) -> Self {
        let queue = Queue::new(capacity);
        Line { queue, turns: Turns::default(), put: Rc::default(), got: Rc::default() }
    }

    async fn put(&self, item: String) -> Result<(), Exc> {
        let asked = now();
        self.queue.put(Message::Item(item.clone())).await?;
        self.turns.count();
        self.put.borrow_mut().push(Entry { item, asked, done: now() });
        Ok(())
    }

    async fn get(&self) -> Result<Option<String>, Exc> {
        let asked = now();
        let Message::Item(item) = self.queue.get().await? else { return Ok(None) };
        self.got.borrow_mut().push(Entry { item: item.clone(), asked, done: now() });
        Ok(Some(item))
    }

    fn check(&self, capacity: usize) -> Result<(), Violation> {
        let (put, got, left) = (self.put.borrow(), self.got.borrow(), self.queue.len());
        ensure!(put.len() == got.len(), "{} items were put, and {} taken", put.len(), got.len());
        ensure!(left == 0, "{left} messages are left in the queue");
        for (position, (put, taken)) in put.iter().zip(&*got).enumerate() {
            let item = &put.item;
            ensure!(*item == taken.item, "{item} was put, and {} was taken in its place", taken.item);
            let room = position.checked_sub(capacity).filter(|_| capacity > 0);
            let due = room.map_or(put.asked, |position| put.asked.max(got[position].done));
            ensure!(put.done == due, "{item} was put at {} and not at {due}", put.done);
            let due = put.done.max(taken.asked);
            ensure!(taken.done == due, "{item} was taken at {} and not at {due}", taken.done);
        }
        let (most, allowed) = (self.turns.most(), capacity.max(1) as u64);
        ensure!(most <= allowed, "the producer put {most} items in one turn, and may put {allowed}");
        Ok(())
    }
}

fn now() -> Instant {
    EventLoop::current().time()
}

async fn pause(pause: Pause, numbers: &mut Lcg) -> Result<(), Exc> {
    match pause {
        Pause::None => Ok(()),
        Pause::Sleep(most) => sleep(ms(numbers.between(0, most))).await,
        Pause::SleepOfZero => sleep(ms(0)).await,
    }
}

async fn produce(plan: Plan, line: Line) -> Result<(), Exc> {
    let mut numbers = Lcg::new(plan.seed);
    loop {
        let number = numbers.between(1, 42);
        if number == 42 {
            event!("At the end");
            break;
        }
        let item = format!("Emitting {number}");
        event!("{item}");
        if matches!(plan.producer, Pause::Sleep(_)) {
            pause(plan.producer, &mut numbers).await?; // some input or output
        }
        line.put(item).await?;
        if plan.producer == Pause::SleepOfZero {
            pause(plan.producer, &mut numbers).await?;
        }
    }
    line.queue.put(Message::End).await
}

async fn consume(plan: Plan, line: Line) -> Result<(), Exc> {
    let mut numbers = Lcg::new(plan.seed + 1_000);
    while let Some(item) = line.get().await? {
        event!("Got message: {item}");
        pause(plan.consumer, &mut numbers).await?;
    }
    event!("This is the end my friend....");
    Ok(())
}

fn run(executor: &mut Executor, plan: Plan) -> Result<(), Violation> {
    both(executor, plan.capacity, move |line| {
        let producer = line.turns.watch(produce(plan, line.clone()));
        [create_task("producer", producer), create_task("consumer", consume(plan, line))]
    })
}

fn broken_consumer_first(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn produce(line: Line) -> Result<(), Exc> {
        for number in 0..3 {
            event!("Emitting {number}");
            line.put(number.to_string()).await?;
        }
        line.queue.put(Message::End).await
    }
    async fn consume(line: Line) -> Result<(), Exc> {
        event!("waiting");
        while let Some(item) = line.get().await? {
            event!("Got message: {item}");
        }
        Ok(())
    }
    both(executor, 0, |line| {
        let producer = line.turns.watch(produce(line.clone()));
        let consumer = create_task("consumer", consume(line));
        [consumer, create_task("producer", producer)]
    })
}

/// Runs two tasks over a queue to their ends.
fn both(
    executor: &mut Executor,
    capacity: usize,
    start_tasks: impl FnOnce(Line) -> [Task<()>; 2] + 'static,
) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let line = Line::new(capacity);
    let shared = line.clone();
    let main = asyncio.create_task("main", async move { gather(start_tasks(shared)).await.map(drop) });
    done(asyncio.run_until_complete(&main))?;
    let pending = asyncio.all_tasks();
    ensure!(pending.is_empty(), "{pending:?} did not come to its end");
    line.check(capacity)
}
