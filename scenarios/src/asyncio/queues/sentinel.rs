//! A consumer that stops at an item which means the end.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Debug, Display};
use std::rc::Rc;

use seedbed::{Executor, RunError, event};
use sim_asyncio::{Exc, Queue, Runner, RunnerError, Task, create_task, gather};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, say, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "asyncio_queue_sentinel",
    about: "Items are put into a queue, and behind them a value that says that this was the end.",
    invariant: "The consumers get every item that was put, each once, in order; every consumer comes to its end; nothing \
                but sentinels is left in the queue.",
    patterns: &[
        &patterns::C20,
        &patterns::C22,
        &patterns::C23,
        &patterns::C24,
        &patterns::C24B,
        &patterns::C25,
    ],
    parameters: &[],
    variants: VARIANTS,
};

const VARIANTS: &[Variant] = &[
    Variant {
        name: "fixed_sentinel_last",
        about: "Everything is put before the consumer begins, the sentinel last.",
        expect: Expect::Holds,
        body: fixed_sentinel_last,
    },
    Variant {
        name: "fixed_sentinel_after",
        about: "The consumer is started as a task; then the sentinel is put, and then the consumer is waited for.",
        expect: Expect::Holds,
        body: fixed_sentinel_after,
    },
    Variant {
        name: "fixed_one_sentinel_each",
        about: "Two consumers, two sentinels. The first one takes all items, since a `get` that has not to wait lets nobody \
                else go first.",
        expect: Expect::Holds,
        body: |executor, _| two_consumers(executor, 2, AtTheEnd::Leave, 0),
    },
    Variant {
        name: "fixed_put_back",
        about: "Two consumers, one sentinel: whoever takes it puts it back for the other.",
        expect: Expect::Holds,
        body: |executor, _| two_consumers(executor, 1, AtTheEnd::PutBack, 1),
    },
    Variant {
        name: "fixed_sentinel_of_its_own",
        about: "The end is a variant of the message's type, so no item can be taken for it.",
        expect: Expect::Holds,
        body: fixed_sentinel_of_its_own,
    },
    Variant {
        name: "broken_sentinel_after",
        about: "The sentinel is to be put when the consumer is done, which waits for it.",
        expect: Expect::Breaks,
        body: broken_sentinel_after,
    },
    Variant {
        name: "broken_sentinel_first",
        about: "An item comes behind the sentinel: nobody gets it.",
        expect: Expect::Breaks,
        body: broken_sentinel_first,
    },
    Variant {
        name: "broken_no_break",
        about: "The consumer sees the sentinel, takes it for an item as well, and waits for more.",
        expect: Expect::Breaks,
        body: broken_no_break,
    },
    Variant {
        name: "broken_one_sentinel_two_consumers",
        about: "Two consumers, one sentinel: the other consumer waits for ever.",
        expect: Expect::Breaks,
        body: |executor, _| two_consumers(executor, 1, AtTheEnd::Leave, 0),
    },
    Variant {
        name: "broken_sentinel_collision",
        about: "The sentinel is 0, and 0 is among the items.",
        expect: Expect::Breaks,
        body: broken_sentinel_collision,
    },
];

const END_OF_QUEUE: &str = "This is the end...  This value doesn't actually matter so long as it's not a possible real \
                            value to go in the queue";

/// What a consumer does with the sentinel that it has taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtTheEnd {
    Leave,
    PutBack,
}

/// What all consumers of a queue have in common.
#[derive(Clone)]
struct Consumers<T> {
    queue: Queue<T>,
    end: T,
    got: Rc<RefCell<Vec<T>>>,
    /// How many of them have seen the end.
    ended: Rc<Cell<usize>>,
}

impl<T: Clone + PartialEq + Display> Consumers<T> {
    async fn consume(self) -> Result<(), Exc> {
        loop {
            let message = self.queue.get().await?;
            if message == self.end {
                event!("This is the end my friend....");
                self.ended.set(self.ended.get() + 1);
                return Ok(());
            }
            event!("Got message: {message}");
            self.got.borrow_mut().push(message);
        }
    }

    async fn consume_and(self, at_the_end: AtTheEnd) -> Result<(), Exc> {
        let (queue, end) = (self.queue.clone(), self.end.clone());
        self.consume().await?;
        if at_the_end == AtTheEnd::PutBack {
            queue.put(end).await?;
        }
        Ok(())
    }
}

/// A loop, a queue, and the items that were put into it.
struct Program<'run, T> {
    asyncio: Runner<'run>,
    consumers: Consumers<T>,
    items: Vec<T>,
}

impl<'run, T: Clone + PartialEq + Display + Debug + 'static> Program<'run, T> {
    fn new(executor: &'run mut Executor, end: T) -> Self {
        let queue = Queue::unbounded();
        let consumers = Consumers { queue, end, got: Rc::default(), ended: Rc::default() };
        Program { asyncio: start(executor), consumers, items: Vec::new() }
    }

    fn put_message(&mut self, message: T) -> Result<(), Violation> {
        let queue = self.consumers.queue.clone();
        let put = self.asyncio.create_task("put", async move { queue.put(message).await });
        done(self.asyncio.run_until_complete(&put))
    }

    fn put(&mut self, items: &[T]) -> Result<(), Violation> {
        for item in items {
            self.put_message(item.clone())?;
            self.items.push(item.clone());
        }
        Ok(())
    }

    fn put_end(&mut self) -> Result<(), Violation> {
        self.put_message(self.consumers.end.clone())
    }

    fn consumer(&mut self) -> Task<()> {
        let consumers = self.consumers.clone();
        self.asyncio.create_task("consumer", consumers.consume())
    }

    /// Runs until the task is done. If it never can be, `deadlock` says of the program what is logged of it.
    fn run(&mut self, task: &Task<()>, deadlock: fn(&Self) -> String) -> Result<(), Violation> {
        let run = self.asyncio.run_until_complete(task);
        if let Err(RunnerError::Run(RunError::Deadlock(_))) = &run {
            let what = deadlock(self);
            say(&mut self.asyncio, &what);
        }
        done(run)
    }

    fn who_waits(&self) -> String {
        let waiting: Vec<String> =
            self.asyncio.all_tasks().iter().map(|task| task.name().to_string()).collect();
        let queue = if self.consumers.queue.is_empty() { "an empty queue" } else { "a queue with items" };
        format!("deadlock: {} waits on {queue}", waiting.join(", "))
    }

    fn say_what_is_left(&mut self) {
        let left = self.consumers.queue.len();
        say(&mut self.asyncio, &format!("left in the queue: {left}"));
    }

    /// The promise, when all consumers have ended; `sentinels` is how many of those are left in the queue.
    fn check(&self, sentinels: usize) -> Result<(), Violation> {
        let (items, got, left) = (&self.items, self.consumers.got.borrow(), self.consumers.queue.len());
        ensure!(
            *got == *items,
            "the items {items:?} were put, and the consumers got {got:?}; {left} messages are left in the queue"
        );
        ensure!(
            left == sentinels,
            "{left} messages are left in the queue, and there should be {sentinels} sentinels"
        );
        let pending = self.asyncio.all_tasks();
        ensure!(pending.is_empty(), "{pending:?} did not come to its end");
        Ok(())
    }
}

fn fixed_sentinel_last(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut program = Program::new(executor, END_OF_QUEUE);
    program.put(&["foobar!", "foobar is another!"])?;
    program.put_end()?;
    let consumer = program.consumer();
    program.run(&consumer, Program::who_waits)?;
    program.say_what_is_left();
    program.check(0)
}

fn fixed_sentinel_after(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut program = Program::new(executor, END_OF_QUEUE);
    program.put(&["foobar!", "foobar is another!"])?;
    let consumer = program.consumer();
    program.put_end()?;
    program.run(&consumer, Program::who_waits)?;
    program.say_what_is_left();
    program.check(0)
}

fn broken_sentinel_after(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut program = Program::new(executor, END_OF_QUEUE);
    program.put(&["foobar!", "foobar is another!"])?;
    let consumer = program.consumer();
    program.run(&consumer, Program::who_waits)?;
    program.put_end()?;
    program.check(0)
}

fn broken_sentinel_first(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut program = Program::new(executor, END_OF_QUEUE);
    program.put(&["foobar!"])?;
    program.put_end()?;
    program.put(&["foobar is another!"])?;
    let consumer = program.consumer();
    program.run(&consumer, Program::who_waits)?;
    program.say_what_is_left();
    program.check(0)
}

fn broken_no_break(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn no_break(consumers: Consumers<&str>) -> Result<(), Exc> {
        loop {
            let message = consumers.queue.get().await?;
            if message == consumers.end {
                event!("This is the end my friend....");
            }
            event!("Got message: {message:.18}");
            consumers.got.borrow_mut().push(message);
        }
    }
    let mut program = Program::new(executor, END_OF_QUEUE);
    program.put(&["foobar!"])?;
    program.put_end()?;
    let consumers = program.consumers.clone();
    let consumer = program.asyncio.create_task("consumer", no_break(consumers));
    program.run(&consumer, Program::who_waits)?;
    program.check(0)
}

fn two_consumers(
    executor: &mut Executor,
    sentinels: usize,
    at_the_end: AtTheEnd,
    sentinels_left: usize,
) -> Result<(), Violation> {
    let mut program = Program::new(executor, END_OF_QUEUE);
    program.put(&["a", "b"])?;
    for _ in 0..sentinels {
        program.put_end()?;
    }
    let consumers = program.consumers.clone();
    let main = program.asyncio.create_task("main", async move {
        let started =
            [1, 2].map(|number| create_task(format!("c{number}"), consumers.clone().consume_and(at_the_end)));
        gather(started).await.map(drop)
    });
    program.run(&main, |program| match 2 - program.consumers.ended.get() {
        1 => "deadlock: one consumer never saw a sentinel".to_string(),
        missing => format!("deadlock: {missing} consumers never saw a sentinel"),
    })?;
    if at_the_end == AtTheEnd::PutBack {
        program.say_what_is_left();
    }
    program.check(sentinels_left)
}

fn broken_sentinel_collision(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut program = Program::new(executor, 0);
    program.put(&[3, 0, 1])?;
    program.put_end()?;
    let consumer = program.consumer();
    program.run(&consumer, Program::who_waits)?;
    program.say_what_is_left();
    program.check(0)
}

/// What is in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Item(i64),
    End,
}

impl Display for Message {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Message::Item(item) => write!(out, "{item}"),
            Message::End => out.write_str("the end"),
        }
    }
}

fn fixed_sentinel_of_its_own(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut program = Program::new(executor, Message::End);
    program.put(&[3, 0, 1].map(Message::Item))?;
    program.put_end()?;
    let consumer = program.consumer();
    program.run(&consumer, Program::who_waits)?;
    program.say_what_is_left();
    program.check(0)
}
