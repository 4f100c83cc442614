//! A task that is always there in the background.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, Queue, ReturnWhen, Runner, Task, sleep, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, say, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "infinite_coroutine",
    about: "A task processes in the background what comes through a queue, for ever; the main program ends some day.",
    invariant: "The background task lives until it is told to end, and has ended before the loop is closed. Each item is \
                processed, or was interrupted by that end, or is counted as left.",
    patterns: &[&patterns::B22, &patterns::C18],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_join",
            about: "The main program waits until all is processed, then it cancels the idle task.",
            expect: Expect::Holds,
            body: fixed_join,
        },
        Variant {
            name: "fixed_cancel",
            about: "The main program cancels the task, and waits for its end: work in progress is lost, but in an orderly \
                    way.",
            expect: Expect::Holds,
            body: fixed_cancel,
        },
        Variant {
            name: "broken",
            about: "The main program closes the loop without a word to the task, which is destroyed in the middle of an \
                    item.",
            expect: Expect::Breaks,
            body: broken,
        },
        Variant {
            name: "broken_dies_silently",
            about: "An exception ends the task, and nobody notices before its last reference is gone.",
            expect: Expect::Breaks,
            body: broken_dies_silently,
        },
    ],
};

const ITEMS: u64 = 3;

/// The queue, and what the background task has done.
#[derive(Clone)]
struct Work {
    queue: Queue<u64>,
    begun: Rc<Cell<u64>>,
    processed: Rc<Cell<u64>>,
    /// What it counted at its end.
    left: Rc<Cell<Option<usize>>>,
}

impl Work {
    fn new() -> Self {
        let queue = Queue::unbounded();
        Work { queue, begun: Rc::default(), processed: Rc::default(), left: Rc::default() }
    }

    async fn process(&self) -> Result<(), Exc> {
        loop {
            let item = self.queue.get().await?;
            self.begun.set(self.begun.get() + 1);
            event!("processing item{item}");
            sleep(ms(300)).await?;
            event!("processed item{item}");
            self.processed.set(self.processed.get() + 1);
            self.queue.task_done()?;
        }
    }

    async fn background(self) -> Result<(), Exc> {
        let ended = self.process().await;
        if ended == Err(Exc::Cancelled) {
            let left = self.queue.len();
            event!("shutting down, {left} left");
            self.left.set(Some(left));
        }
        ended
    }

    async fn fragile(self) -> Result<(), Exc> {
        loop {
            let item = self.queue.get().await?;
            self.begun.set(self.begun.get() + 1);
            event!("processing item{item}");
            if item == 1 {
                return Err(Exc::raised("ValueError", format!("item{item}")));
            }
            self.processed.set(self.processed.get() + 1);
        }
    }

    async fn feed(self) -> Result<(), Exc> {
        for item in 0..ITEMS {
            self.queue.put(item).await?;
            event!("put item{item}");
            sleep(ms(100)).await?;
        }
        Ok(())
    }

    /// What became of the items, for whoever is not content with it.
    fn account(&self) -> String {
        let (processed, begun, left) = (self.processed.get(), self.begun.get(), self.queue.len());
        format!("{begun} of {ITEMS} items were begun, {processed} processed, {left} are left in the queue")
    }

    /// The promise, after the loop was closed.
    fn check(&self, asyncio: &Runner<'_>, background: &Task<()>) -> Result<(), Violation> {
        let pending = asyncio.all_tasks();
        ensure!(pending.is_empty(), "the loop is closed with {pending:?} pending");
        ensure!(background.is_cancelled(), "the background task was not cancelled: {background:?}");
        let (begun, processed) = (self.begun.get(), self.processed.get());
        ensure!(begun - processed <= 1, "more than one item was interrupted: {}", self.account());
        let counted = self.left.get().map(|left| begun + left as u64);
        ensure!(counted == Some(ITEMS), "the end counted {:?} left: {}", self.left.get(), self.account());
        Ok(())
    }
}

/// Starts the background task, and feeds it.
fn feed(executor: &mut Executor) -> Result<(Runner<'_>, Work, Task<()>), Violation> {
    let mut asyncio = start(executor);
    let work = Work::new();
    let background = asyncio.create_task("background", work.clone().background());
    let feed = asyncio.create_task("feed", work.clone().feed());
    done(asyncio.run_until_complete(&feed))?;
    Ok((asyncio, work, background))
}

fn cancel_and_wait(asyncio: &mut Runner<'_>, background: &Task<()>) -> Result<(), Violation> {
    asyncio.cancel(&background.erased());
    let ended = background.clone();
    let waiter = asyncio
        .create_task("main", async move { wait([ended], ReturnWhen::AllCompleted, None).await.map(drop) });
    done(asyncio.run_until_complete(&waiter))?;
    let is_cancelled = if background.is_cancelled() { "True" } else { "False" };
    say(asyncio, &format!("background cancelled: {is_cancelled}"));
    asyncio.close();
    Ok(())
}

fn fixed_join(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let (mut asyncio, work, background) = feed(executor)?;
    let queue = work.queue.clone();
    let join = asyncio.create_task("main", async move { queue.join().await });
    done(asyncio.run_until_complete(&join))?;
    say(&mut asyncio, "queue is done");
    cancel_and_wait(&mut asyncio, &background)?;
    work.check(&asyncio, &background)?;
    ensure!(work.processed.get() == ITEMS, "the queue was joined, but {}", work.account());
    let (end, expected) = (since_start(&asyncio), ms(300) * ITEMS as u32);
    ensure!(end == expected, "the end came at {end:?} and not at {expected:?}");
    Ok(())
}

fn fixed_cancel(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let (mut asyncio, work, background) = feed(executor)?;
    cancel_and_wait(&mut asyncio, &background)?;
    work.check(&asyncio, &background)?;
    let (end, expected) = (since_start(&asyncio), ms(100) * ITEMS as u32);
    ensure!(end == expected, "the end came at {end:?} and not at {expected:?}");
    Ok(())
}

fn broken(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let (mut asyncio, work, background) = feed(executor)?;
    say(&mut asyncio, "closing");
    let ended = background.is_done();
    asyncio.enter(|_| drop(background));
    asyncio.close();
    asyncio.destroy_pending();
    say(&mut asyncio, "end");
    ensure!(ended, "the loop was closed before the background task had ended: {}", work.account());
    Ok(())
}

fn broken_dies_silently(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let work = Work::new();
    let background = asyncio.create_task("background", work.clone().fragile());
    let feed = asyncio.create_task("feed", work.clone().feed());
    done(asyncio.run_until_complete(&feed))?;
    say(&mut asyncio, &format!("left in the queue: {}", work.queue.len()));
    let died = background.is_done();
    asyncio.enter(|_| drop(background));
    say(&mut asyncio, "end");
    ensure!(!died, "nobody told the background task to end, and it has: {}", work.account());
    Ok(())
}
