//! Who is served first of those who wait for one thing.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{EventLoop, Exc, Lock, Queue, Semaphore, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "fairness",
    about: "Tasks wait for a lock, a permit, an item. Who was woken has its turn only later, and meanwhile another one may \
            ask.",
    invariant: "Nobody is served at once while somebody waits; with a lock, all are served in the order in which they \
                asked.",
    patterns: &[&patterns::C21, &patterns::D8],
    parameters: &[],
    variants: &[
        Variant {
            name: "lock",
            about: "A lock is fair: who releases it and asks again comes after those who wait.",
            expect: Expect::Holds,
            body: lock,
        },
        Variant {
            name: "semaphore",
            about: "A semaphore hands its permits over: one may be free, but a newcomer comes after those who wait.",
            expect: Expect::Holds,
            body: semaphore,
        },
        Variant {
            name: "fixed_queue_behind_lock",
            about: "Consumers take from the queue one after the other, behind a lock.",
            expect: Expect::Holds,
            body: fixed_queue_behind_lock,
        },
        Variant {
            name: "broken_queue",
            about: "A queue is not fair: a consumer is woken for an item, and another one takes it before.",
            expect: Expect::Breaks,
            body: broken_queue,
        },
    ],
};

/// Who asked for something, and who was served.
#[derive(Clone, Default)]
struct Line(Rc<RefCell<Served>>);

#[derive(Default)]
struct Served {
    asked: Vec<Rc<str>>,
    served: Vec<Rc<str>>,
    waiting: Vec<Rc<str>>,
    /// What should not have been.
    overtaken: Vec<String>,
}

impl Line {
    /// Awaits what a task asks for, which has to wait if that suspends.
    async fn serve<T>(&self, what: &str, ask: impl Future<Output = Result<T, Exc>>) -> Result<T, Exc> {
        let who = EventLoop::current().current_task().map_or_else(|| "nobody".into(), |task| task.name());
        event!("asks for {what}");
        let waited_before = self.0.borrow().waiting.clone();
        self.0.borrow_mut().asked.push(Rc::clone(&who));
        self.0.borrow_mut().waiting.push(Rc::clone(&who));
        let (mut ask, mut polls) = (pin!(ask), 0);
        let served = poll_fn(|context| {
            polls += 1;
            ask.as_mut().poll(context)
        });
        let served = served.await?;
        event!("has {what}");
        let mut line = self.0.borrow_mut();
        line.waiting.retain(|waiting| *waiting != who);
        line.served.push(Rc::clone(&who));
        if polls == 1 && !waited_before.is_empty() {
            line.overtaken.push(format!("{who} got {what} at once, while {waited_before:?} waited for it"));
        }
        Ok(served)
    }

    fn check(&self, count: usize) -> Result<(), Violation> {
        let line = self.0.borrow();
        let served = line.served.len();
        ensure!(served == count, "{served} were served, and {count} asked");
        ensure!(line.overtaken.is_empty(), "{}", line.overtaken.join("; "));
        Ok(())
    }

    fn check_order(&self) -> Result<(), Violation> {
        let line = self.0.borrow();
        let (asked, served) = (&line.asked, &line.served);
        ensure!(
            asked == served,
            "they asked in the order {asked:?}, and were served in the order {served:?}"
        );
        Ok(())
    }
}

/// Runs a program to its end, and gives its line.
fn run<F>(executor: &mut Executor, program: fn(Line) -> F) -> Result<Line, Violation>
where
    F: Future<Output = Result<(), Exc>> + 'static,
{
    let mut asyncio = start(executor);
    let line = Line::default();
    let main = asyncio.create_task("main", program(line.clone()));
    done(asyncio.run_until_complete(&main))?;
    Ok(line)
}

fn lock(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn take(times: u64, lock: Lock, line: Line) -> Result<(), Exc> {
        for _ in 0..times {
            line.serve("the lock", lock.acquire()).await?;
            sleep(ms(0)).await?;
            lock.release()?;
        }
        Ok(())
    }
    let line = run(executor, |line| async move {
        let lock = Lock::new();
        let a = create_task("a", take(2, lock.clone(), line.clone()));
        gather([a, create_task("b", take(1, lock, line))]).await.map(drop)
    })?;
    line.check(3)?;
    line.check_order()
}

fn semaphore(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn take(times: u64, semaphore: Semaphore, line: Line) -> Result<(), Exc> {
        for _ in 0..times {
            line.serve("a permit", semaphore.acquire()).await?;
            sleep(ms(0)).await?;
            semaphore.release();
        }
        Ok(())
    }
    let line = run(executor, |line| async move {
        let semaphore = Semaphore::new(2);
        let tasks = [("a", 1), ("b", 2), ("c", 1)]
            .map(|(name, times)| create_task(name, take(times, semaphore.clone(), line.clone())));
        gather(tasks).await.map(drop)
    })?;
    line.check(4)
}

/// One consumer waits for an item. Then somebody puts one, and at once takes one himself.
async fn waiter_and_thief<F>(line: Line, get: fn(Queue<u64>, Lock) -> F) -> Result<(), Exc>
where
    F: Future<Output = Result<u64, Exc>> + 'static,
{
    let (queue, lock) = (Queue::unbounded(), Lock::new());
    let consumer = {
        let (queue, line) = (queue.clone(), line.clone());
        async move || line.serve("an item", get(queue.clone(), lock.clone())).await
    };
    let waiter = create_task("waiter", {
        let consumer = consumer.clone();
        async move { consumer().await }
    });
    sleep(ms(0)).await?;
    let thief = create_task("thief", {
        let queue = queue.clone();
        async move {
            queue.put_nowait(1)?;
            consumer().await
        }
    });
    sleep(ms(1)).await?;
    queue.put_nowait(2)?;
    let mut items = gather([waiter, thief]).await?;
    items.sort_unstable();
    if items == [1, 2] { Ok(()) } else { Err(Exc::raised("AssertionError", format!("they got {items:?}"))) }
}

fn fixed_queue_behind_lock(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn get(queue: Queue<u64>, lock: Lock) -> Result<u64, Exc> {
        lock.with(queue.get()).await
    }
    let line = run(executor, |line| waiter_and_thief(line, get))?;
    line.check(2)?;
    line.check_order()
}

fn broken_queue(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn get(queue: Queue<u64>, _: Lock) -> Result<u64, Exc> {
        queue.get().await
    }
    let line = run(executor, |line| waiter_and_thief(line, get))?;
    line.check(2)
}
