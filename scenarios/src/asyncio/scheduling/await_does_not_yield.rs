//! An await that does not let anybody else run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Event, Exc, Future, Lock, Queue, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, start};
use crate::patterns;
use crate::turns::Turns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "await_does_not_yield",
    about: "A task gives way only where it really suspends. An await of what is there already is a plain call; `sleep(0)` \
            always suspends.",
    invariant: "A task that should give way after each step makes one step in a turn; what is there already is awaited \
                within one turn, and `sleep(0)` begins the next.",
    patterns: &[&patterns::A4, &patterns::A6, &patterns::A7, &patterns::B4, &patterns::C1, &patterns::C21],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "A busy task calls `sleep(0)` after each step: two tasks alternate.",
            expect: Expect::Holds,
            body: |executor, _| busy_and_other(executor, Step::SleepOfZero),
        },
        Variant {
            name: "done_task",
            about: "A task that is done is awaited three times, and nobody else runs meanwhile.",
            expect: Expect::Holds,
            body: done_task,
        },
        Variant {
            name: "free_lock_and_set_event",
            about: "Neither a free lock nor a set event, a queue with an item, a queue with room, or a gather of nothing lets \
                    anybody else run; `sleep(0)` does.",
            expect: Expect::Holds,
            body: free_lock_and_set_event,
        },
        Variant {
            name: "broken",
            about: "A busy task awaits a coroutine that does not suspend: the other task waits until it has ended.",
            expect: Expect::Breaks,
            body: |executor, _| busy_and_other(executor, Step::NotReallyAsync),
        },
    ],
};

/// What a busy task awaits after each step.
#[derive(Clone, Copy)]
enum Step {
    NotReallyAsync,
    SleepOfZero,
}

#[expect(clippy::unused_async, reason = "this is what it shows")]
async fn not_really_async(number: u64) -> Result<u64, Exc> {
    Ok(number)
}

fn busy_and_other(executor: &mut Executor, step: Step) -> Result<(), Violation> {
    async fn busy(step: Step, turns: Turns) -> Result<(), Exc> {
        for number in 0..3 {
            event!("busy {number}");
            turns.count();
            match step {
                Step::NotReallyAsync => drop(not_really_async(number).await?),
                Step::SleepOfZero => sleep(ms(0)).await?,
            }
        }
        Ok(())
    }
    async fn other() -> Result<(), Exc> {
        for number in 0..3 {
            event!("other {number}");
            sleep(ms(0)).await?;
        }
        Ok(())
    }
    let mut asyncio = start(executor);
    let turns = Turns::default();
    let counted = turns.clone();
    let main = asyncio.create_task("main", async move {
        let busy = turns.watch(busy(step, turns.clone()));
        gather([create_task("busy", busy), create_task("other", other())]).await.map(drop)
    });
    done(asyncio.run_until_complete(&main))?;
    let (steps, most) = (counted.total(), counted.most());
    ensure!(steps == 3, "{steps} of 3 steps were made");
    ensure!(most == 1, "the busy task made {most} steps in one turn, and should give way after each");
    Ok(())
}

/// One await that came back.
struct Entry {
    what: &'static str,
    /// The turn of its task.
    turn: u64,
    other_has_run: bool,
}

/// What was awaited, while another task was ready.
#[derive(Clone, Default)]
struct Awaited {
    turns: Turns,
    other_has_run: Rc<Cell<bool>>,
    log: Rc<RefCell<Vec<Entry>>>,
}

impl Awaited {
    fn note(&self, what: &'static str) {
        event!("{what}");
        let (turn, other_has_run) = (self.turns.number(), self.other_has_run.get());
        self.log.borrow_mut().push(Entry { what, turn, other_has_run });
    }

    async fn other(self) -> Result<(), Exc> {
        event!("other runs");
        self.other_has_run.set(true);
        Ok(())
    }

    /// All of these were awaited in one turn, without the other task.
    fn check_one_turn(&self, count: usize) -> Result<(), Violation> {
        let log = self.log.borrow();
        ensure!(log.len() >= count, "{} of {count} awaits came back", log.len());
        let first_turn = log[0].turn;
        for Entry { what, turn, other_has_run } in &log[..count] {
            ensure!(*turn == first_turn, "after {what:?} it is turn {turn}, and was {first_turn} before");
            ensure!(!other_has_run, "the other task ran before {what:?}");
        }
        Ok(())
    }
}

fn done_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn go(awaited: Awaited) -> Result<(), Exc> {
        let task = create_task("t", not_really_async(1));
        (&task).await?;
        let other = create_task("other", awaited.clone().other());
        for what in ["await finished task 0", "await finished task 1", "await finished task 2"] {
            awaited.note(what);
            (&task).await?;
        }
        other.await
    }
    let mut asyncio = start(executor);
    let awaited = Awaited::default();
    let body = awaited.turns.watch(go(awaited.clone()));
    let go = asyncio.create_task("go", body);
    done(asyncio.run_until_complete(&go))?;
    awaited.check_one_turn(3)
}

fn free_lock_and_set_event(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn go(awaited: Awaited) -> Result<(), Exc> {
        let (lock, event, queue) = (Lock::new(), Event::new(), Queue::unbounded());
        event.set();
        queue.put_nowait(1)?;
        let other = create_task("other", awaited.clone().other());
        lock.acquire().await?;
        awaited.note("lock taken");
        lock.release()?;
        event.wait().await?;
        awaited.note("event waited");
        queue.get().await?;
        awaited.note("queue got");
        queue.put(2).await?;
        awaited.note("queue put");
        gather([] as [Future<()>; 0]).await?;
        awaited.note("empty gather awaited");
        sleep(ms(0)).await?;
        awaited.note("sleep(0) done");
        other.await
    }
    let mut asyncio = start(executor);
    let awaited = Awaited::default();
    let body = awaited.turns.watch(go(awaited.clone()));
    let go = asyncio.create_task("go", body);
    done(asyncio.run_until_complete(&go))?;
    awaited.check_one_turn(5)?;
    let log = awaited.log.borrow();
    let (first, last) = (log[0].turn, log[5].turn);
    ensure!(last == first + 1, "`sleep(0)` did not suspend: it is turn {last}, and was {first} before");
    Ok(())
}
