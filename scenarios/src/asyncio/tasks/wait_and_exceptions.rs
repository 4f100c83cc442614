//! Waiting for some of several tasks, one of which may fail.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, Future, ReturnWhen, Runner, Task, sleep, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ran, say, secs, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "wait_and_exceptions",
    about: "`wait` comes back when all of the tasks have ended, when one has, when one has failed, or after a time. It raises \
            and cancels nothing: that is left to the program.",
    invariant: "Each task is told to be done or pending at the right time; who failed, and nobody else, is asked for an \
                exception; none is pending at the end.",
    patterns: &[
        &patterns::B19,
        &patterns::B20,
        &patterns::B21,
        &patterns::B22,
        &patterns::B24,
        &patterns::D4,
    ],
    parameters: &[],
    variants: &[
        Variant {
            name: "all_completed",
            about: "The third task fails in its first step; the others go on, and all are done at 2 s.",
            expect: Expect::Holds,
            body: all_completed,
        },
        Variant {
            name: "first_completed",
            about: "One is done at 1 s; the other two are cancelled and run to their ends.",
            expect: Expect::Holds,
            body: first_completed,
        },
        Variant {
            name: "first_completed_tie",
            about: "Two have the same deadline: one of them is done, or both are.",
            expect: Expect::Holds,
            body: first_completed_tie,
        },
        Variant {
            name: "first_exception",
            about: "The third task fails at once, and the wait is over.",
            expect: Expect::Holds,
            body: first_exception,
        },
        Variant {
            name: "first_exception_none",
            about: "Nothing fails: the wait is over when all are done.",
            expect: Expect::Holds,
            body: first_exception_none,
        },
        Variant {
            name: "timeout",
            about: "The time of the wait is over before the second task is: that is no error, and it stays pending.",
            expect: Expect::Holds,
            body: timeout,
        },
        Variant {
            name: "broken_exception_not_called",
            about: "`if task.exception:` without the call is true of each task, so each is run again for an exception.",
            expect: Expect::Breaks,
            body: broken_exception_not_called,
        },
        Variant {
            name: "broken_never_retrieved",
            about: "The task that failed is dropped, and nobody has asked for its exception.",
            expect: Expect::Breaks,
            body: broken_never_retrieved,
        },
    ],
};

/// The delay is what a user typed: it may be no number.
async fn my_function(delay: &'static str, failed: Rc<Cell<u32>>) -> Result<(), Exc> {
    event!("Start {delay}");
    match sleep_for(delay).await {
        Ok(()) => event!("Stop {delay}"),
        Err(Exc::Cancelled) => event!("Cancelled {delay}"),
        Err(exc) => {
            failed.set(failed.get() + 1);
            return Err(exc);
        }
    }
    Ok(())
}

async fn sleep_for(delay: &str) -> Result<(), Exc> {
    let no_number = |_| Exc::raised("TypeError", "'<=' not supported between instances of 'str' and 'int'");
    sleep(secs(delay.parse().map_err(no_number)?)).await
}

/// Tasks with these delays, of which some may fail.
fn create(asyncio: &mut Runner<'_>, delays: &[&'static str], failed: &Rc<Cell<u32>>) -> Vec<Task<()>> {
    let names = ["task_a", "task_b", "task_c"];
    let both = names.into_iter().zip(delays);
    both.map(|(name, delay)| asyncio.create_task(name, my_function(delay, Rc::clone(failed)))).collect()
}

fn names(tasks: &[Task<()>], subset: &[Future<()>]) -> Vec<Rc<str>> {
    let in_subset = |task: &&Task<()>| subset.iter().any(|future| future.is(task));
    tasks.iter().filter(in_subset).map(Task::name).collect()
}

/// Cancels those that are pending, and runs each to its end.
fn finish(asyncio: &mut Runner<'_>, pending: &[Future<()>]) -> Result<(), Violation> {
    for future in pending {
        asyncio.enter(|_| future.cancel());
        // One that had not begun ends cancelled; the others catch it.
        ran(asyncio.run_until_complete(future))?.or_else(|exc| match exc {
            Exc::Cancelled => Ok(()),
            exc => Err(Violation::new(exc)),
        })?;
    }
    let left = asyncio.all_tasks();
    ensure!(left.is_empty(), "{left:?} are pending at the end");
    asyncio.close();
    Ok(())
}

/// What a wait gave, and when.
struct Ended {
    done: Vec<Rc<str>>,
    pending: Vec<Rc<str>>,
    at: Duration,
}

impl Ended {
    fn must_be(&self, done: &[&str], pending: &[&str], at: Duration) -> Result<(), Violation> {
        let is = |found: &[Rc<str>], expected: &[&str]| {
            found.iter().map(|name| &**name).eq(expected.iter().copied())
        };
        ensure!(is(&self.done, done), "{:?} are done, not {done:?}", self.done);
        ensure!(is(&self.pending, pending), "{:?} are pending, not {pending:?}", self.pending);
        ensure!(self.at == at, "the wait was over at {:?}, not at {at:?}", self.at);
        Ok(())
    }
}

fn run(
    executor: &mut Executor,
    delays: &[&'static str],
    when: ReturnWhen,
    timeout: Option<Duration>,
) -> Result<Ended, Violation> {
    let mut asyncio = start(executor);
    let failed = Rc::default();
    let tasks = create(&mut asyncio, delays, &failed);
    let waiting = asyncio.create_task("wait", wait(tasks.clone(), when, timeout));
    let waited = done(asyncio.run_until_complete(&waiting))?;
    let ended = Ended {
        done: names(&tasks, &waited.done),
        pending: names(&tasks, &waited.pending),
        at: since_start(&asyncio),
    };
    say(&mut asyncio, &format!("done [{}] pending [{}]", ended.done.join(" "), ended.pending.join(" ")));
    let cancelled = tasks.iter().filter(|task| task.cancelling() > 0).count();
    ensure!(cancelled == 0, "the wait has cancelled {cancelled} tasks");
    let exceptions: Vec<Exc> = waited.done.iter().filter_map(Future::exception).collect();
    for exc in &exceptions {
        say(&mut asyncio, &format!("Exception catched: {exc}"));
    }
    finish(&mut asyncio, &waited.pending)?;
    say(&mut asyncio, "closed");
    let (failed, seen) = (failed.get(), exceptions.len());
    ensure!(failed as usize == seen, "{failed} tasks have failed, and {seen} exceptions were seen");
    let end = since_start(&asyncio);
    ensure!(end == ended.at, "cancelled at {:?}, the tasks ended at {end:?}", ended.at);
    Ok(ended)
}

fn all_completed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = run(executor, &["1", "2", "a"], ReturnWhen::AllCompleted, None)?;
    ended.must_be(&["task_a", "task_b", "task_c"], &[], secs(2))
}

fn first_completed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = run(executor, &["1", "2", "3"], ReturnWhen::FirstCompleted, None)?;
    ended.must_be(&["task_a"], &["task_b", "task_c"], secs(1))
}

fn first_completed_tie(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = run(executor, &["1", "1", "3"], ReturnWhen::FirstCompleted, None)?;
    match ended.done.len() {
        2 => ended.must_be(&["task_a", "task_b"], &["task_c"], secs(1)),
        _ if ended.pending.first().is_some_and(|name| &**name == "task_a") => {
            ended.must_be(&["task_b"], &["task_a", "task_c"], secs(1))
        }
        _ => ended.must_be(&["task_a"], &["task_b", "task_c"], secs(1)),
    }
}

fn first_exception(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = run(executor, &["1", "2", "a"], ReturnWhen::FirstException, None)?;
    ended.must_be(&["task_c"], &["task_a", "task_b"], secs(0))
}

fn first_exception_none(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = run(executor, &["1", "2"], ReturnWhen::FirstException, None)?;
    ended.must_be(&["task_a", "task_b"], &[], secs(2))
}

fn timeout(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = run(executor, &["1", "5"], ReturnWhen::AllCompleted, Some(secs(2)))?;
    ended.must_be(&["task_a"], &["task_b"], secs(2))
}

fn broken_exception_not_called(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let failed = Rc::default();
    let tasks = create(&mut asyncio, &["1", "2", "a"], &failed);
    let waiting = asyncio.create_task("wait", wait(tasks.clone(), ReturnWhen::AllCompleted, None));
    let waited = done(asyncio.run_until_complete(&waiting))?;
    let mut looked_at = 0;
    // Here a method that is not called is no condition; what is left of the `if` is a loop over all.
    for task in &tasks {
        looked_at += 1;
        say(&mut asyncio, &format!("looking at {}", task.name()));
        if let Err(exc) = ran(asyncio.run_until_complete(task))? {
            say(&mut asyncio, &format!("Exception catched: {}", exc.message()));
        }
    }
    finish(&mut asyncio, &waited.pending)?;
    let failed = failed.get();
    ensure!(
        looked_at == failed,
        "{looked_at} tasks were run again for an exception, and {failed} had failed"
    );
    Ok(())
}

fn broken_never_retrieved(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let never_retrieved = Rc::new(Cell::new(0));
    let count = Rc::clone(&never_retrieved);
    asyncio.enter(|event_loop| {
        event_loop.set_exception_handler(move |report| {
            count.set(count.get() + 1);
            event!("{} exception_handler: {report}", report.task().unwrap_or("loop"));
        });
    });
    let failed = Rc::default();
    let tasks = create(&mut asyncio, &["a"], &failed);
    let a_second = asyncio.create_task("sleep", sleep(secs(1)));
    done(asyncio.run_until_complete(&a_second))?;
    say(&mut asyncio, "dropping the task");
    asyncio.enter(|_| drop(tasks));
    say(&mut asyncio, "end");
    let (failed, unseen) = (failed.get(), never_retrieved.get());
    ensure!(
        unseen == 0,
        "{failed} tasks have failed, and nobody ever asked for {unseen} of their exceptions"
    );
    Ok(())
}
