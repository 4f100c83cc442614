//! A gather of tasks beside a wait for them.

use std::cell::RefCell;
use std::rc::Rc;

use seedbed::{Executor, Instant, event};
use sim_asyncio::{EventLoop, Exc, ReturnWhen, Task, create_task, gather, gather_results, sleep, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, secs, start};
use crate::asyncio::tasks::literal::{list, quoted, truth};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "gather_vs_wait",
    about: "A gather passes a cancellation on to its children and raises the first exception; a wait does neither.",
    invariant: "Each child ends when and as it should, and who waited is told the truth at the right time.",
    patterns: &[&patterns::C7],
    parameters: &[],
    variants: &[
        Variant {
            name: "cancel_gather",
            about: "Who gathers is cancelled: so are the children.",
            expect: Expect::Holds,
            body: cancel_gather,
        },
        Variant {
            name: "cancel_wait",
            about: "Who waits is cancelled: the children do not notice.",
            expect: Expect::Holds,
            body: cancel_wait,
        },
        Variant {
            name: "return_values",
            about: "A gather gives the values in the order of its arguments; a wait gives the tasks.",
            expect: Expect::Holds,
            body: return_values,
        },
        Variant {
            name: "gather_exception",
            about: "The first exception ends the gather; the other children go on, and a later exception is nobody's.",
            expect: Expect::Holds,
            body: gather_exception,
        },
        Variant {
            name: "gather_return_exceptions",
            about: "Exceptions are given among the values.",
            expect: Expect::Holds,
            body: gather_return_exceptions,
        },
        Variant {
            name: "wait_exception",
            about: "A wait never raises: the tasks have to be asked.",
            expect: Expect::Holds,
            body: wait_exception,
        },
        Variant {
            name: "gather_child_cancelled",
            about: "A child is cancelled from outside: the gather raises a cancellation, though nobody has cancelled who \
                    gathers.",
            expect: Expect::Holds,
            body: gather_child_cancelled,
        },
    ],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Pending,
    Cancelled,
    Failed,
    Done,
}

use State::{Cancelled, Done, Failed, Pending};

fn state(task: &Task<u64>) -> State {
    match task.result() {
        None => Pending,
        Some(Err(Exc::Cancelled)) => Cancelled,
        Some(Err(_)) => Failed,
        Some(Ok(_)) => Done,
    }
}

fn states(tasks: &[Task<u64>]) -> Vec<State> {
    tasks.iter().map(state).collect()
}

/// `c5:pending c6:done`
fn shown(tasks: &[Task<u64>]) -> String {
    let shown = |task| format!("{}:{:?}", Task::name(task), state(task)).to_lowercase();
    tasks.iter().map(shown).collect::<Vec<_>>().join(" ")
}

/// Which child has ended, when, and how, as it knows itself.
type Ends = Rc<RefCell<Vec<(Instant, u64, State)>>>;

/// Sleeps for so many seconds; then it returns or raises.
#[derive(Clone, Copy)]
enum Child {
    Returns(u64),
    Raises(u64),
}

use Child::{Raises, Returns};

async fn child(delay: u64, raises: bool, ends: Ends) -> Result<u64, Exc> {
    event!("start");
    let slept = sleep(secs(delay)).await;
    let (what, end) = match slept {
        Err(_) => ("cancelled", Cancelled),
        Ok(()) if raises => ("raises", Failed),
        Ok(()) => ("done", Done),
    };
    event!("{what}");
    ends.borrow_mut().push((EventLoop::current().time(), delay, end));
    slept?;
    if raises { Err(Exc::raised("ValueError", format_args!("child {delay}"))) } else { Ok(delay) }
}

fn children(ends: &Ends, specs: &[Child]) -> Vec<Task<u64>> {
    let specs = specs.iter().map(|spec| match *spec {
        Returns(delay) => (delay, false),
        Raises(delay) => (delay, true),
    });
    specs
        .map(|(delay, raises)| create_task(format!("c{delay}"), child(delay, raises, Rc::clone(ends))))
        .collect()
}

/// What somebody saw of the children, and when.
type Sight = (Instant, Vec<State>);

fn look(tasks: &[Task<u64>]) -> Sight {
    (EventLoop::current().time(), states(tasks))
}

fn at(seconds: u64, states: impl Into<Vec<State>>) -> Sight {
    (Instant::START + secs(seconds), states.into())
}

fn must_be<T: PartialEq + std::fmt::Debug>(what: &str, found: T, expected: T) -> Result<(), Violation> {
    ensure!(found == expected, "{what}: {found:?}, not {expected:?}");
    Ok(())
}

/// Runs the parent to its end; by then the children must have ended at these seconds, in these ways.
fn run<T, B>(
    executor: &mut Executor,
    expected: &[(u64, u64, State)],
    parent: impl FnOnce(Ends) -> B,
) -> Result<T, Violation>
where
    T: Clone + 'static,
    B: Future<Output = Result<T, Exc>> + 'static,
{
    let ends = Ends::default();
    let mut asyncio = start(executor);
    let parent = asyncio.create_task("parent", parent(Rc::clone(&ends)));
    let seen = done(asyncio.run_until_complete(&parent))?;
    let mut ended = ends.take();
    ended.sort_unstable();
    let expected = expected.iter().map(|&(when, child, how)| (Instant::START + secs(when), child, how));
    must_be("the ends of the children", ended, expected.collect())?;
    must_be("the tasks that are left", asyncio.all_tasks(), Vec::new())?;
    Ok(seen)
}

#[derive(Clone, Copy)]
enum How {
    Gather,
    Wait,
}

/// Cancels who gathers or waits; gives what that one saw, what was to be seen when it had ended, and what at the end.
async fn cancel_the_waiter(how: How, ends: Ends) -> Result<[Sight; 3], Exc> {
    let tasks = children(&ends, &[Returns(5), Returns(6)]);
    let sight = Rc::new(RefCell::new(at(0, [])));
    let (waits_for, seen) = (tasks.clone(), Rc::clone(&sight));
    let waiter = create_task("waiter", async move {
        let waited = match how {
            How::Gather => gather(&waits_for).await.map(drop),
            How::Wait => wait(&waits_for, ReturnWhen::AllCompleted, None).await.map(drop),
        };
        if let Err(exc) = &waited {
            event!("{exc}; {}", shown(&waits_for));
            *seen.borrow_mut() = look(&waits_for);
        }
        waited
    });
    sleep(secs(1)).await?;
    event!("w.cancel() -> {}", truth(waiter.cancel()));
    wait([&waiter], ReturnWhen::AllCompleted, None).await?;
    event!("after: {}", shown(&tasks));
    let after = look(&tasks);
    sleep(secs(6)).await?;
    event!("at the end: {}", shown(&tasks));
    let seen = sight.borrow().clone();
    Ok([seen, after, look(&tasks)])
}

fn cancel_gather(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(1, 5, Cancelled), (1, 6, Cancelled)];
    let [seen, after, end] = run(executor, &ends, |ends| cancel_the_waiter(How::Gather, ends))?;
    // The gather is over when the first child is: the other one may be about to end.
    for (when, states) in [seen, after] {
        must_be("the time at which the gather was over", when, at(1, []).0)?;
        ensure!(states.contains(&Cancelled), "the gather was over while no child was: {states:?}");
    }
    must_be("the children at the end", end, at(7, [Cancelled, Cancelled]))
}

fn cancel_wait(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(5, 5, Done), (6, 6, Done)];
    let [seen, after, end] = run(executor, &ends, |ends| cancel_the_waiter(How::Wait, ends))?;
    must_be("the children of a cancelled wait", seen, at(1, [Pending, Pending]))?;
    must_be("the children after a cancelled wait", after, at(1, [Pending, Pending]))?;
    must_be("the children at the end", end, at(7, [Done, Done]))
}

fn return_values(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(1, 1, Done), (2, 2, Done), (5, 3, Done), (6, 4, Done)];
    let (values, waited) = run(executor, &ends, |ends| async move {
        let values = gather(children(&ends, &[Returns(2), Returns(1)])).await?;
        event!("gather -> {values:?}");
        let tasks = children(&ends, &[Returns(4), Returns(3)]);
        let waited = wait(tasks, ReturnWhen::AllCompleted, None).await?;
        let (done, pending) = (waited.done.len(), waited.pending.len());
        event!("wait -> {done} done, {pending} pending");
        Ok((values, (done, pending)))
    })?;
    must_be("what the gather gave", values, vec![2, 1])?;
    must_be("how many are done and pending", waited, (2, 0))
}

fn gather_exception(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(1, 1, Failed), (2, 2, Failed), (3, 3, Done)];
    let (raised, seen, later) = run(executor, &ends, |ends| async move {
        let tasks = children(&ends, &[Returns(3), Raises(1), Raises(2)]);
        let gathered = gather(&tasks).await;
        let seen = look(&tasks);
        if let Err(exc) = &gathered {
            event!("{}({}); {}", exc.class(), exc.message(), shown(&tasks));
        }
        sleep(secs(3)).await?;
        event!("later: {}", shown(&tasks));
        Ok((gathered, seen, look(&tasks)))
    })?;
    must_be("what the gather gave", raised, Err(Exc::raised("ValueError", "child 1")))?;
    must_be("the children at the first exception", seen, at(1, [Pending, Failed, Pending]))?;
    must_be("the children at the end", later, at(4, [Done, Failed, Failed]))
}

fn gather_return_exceptions(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(1, 1, Failed), (2, 2, Done), (3, 3, Done)];
    let results = run(executor, &ends, |ends| async move {
        let results = gather_results(children(&ends, &[Returns(3), Raises(1), Returns(2)])).await?;
        let written = results.iter().map(|result| match result {
            Ok(value) => value.to_string(),
            Err(exc) => quoted(exc.class()),
        });
        event!("results {}", list(&written.collect::<Vec<_>>()));
        Ok(results)
    })?;
    must_be("what the gather gave", results, vec![Ok(3), Err(Exc::raised("ValueError", "child 1")), Ok(2)])
}

fn wait_exception(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(1, 1, Failed), (2, 2, Done), (3, 3, Done)];
    let (seen, exceptions) = run(executor, &ends, |ends| async move {
        let tasks = children(&ends, &[Returns(3), Raises(1), Returns(2)]);
        wait(&tasks, ReturnWhen::AllCompleted, None).await?;
        event!("{}", shown(&tasks));
        let exceptions: Vec<Exc> = tasks.iter().filter_map(|task| task.exception()).collect();
        let written = exceptions.iter().map(|exc| quoted(exc.class()));
        event!("collected {}", list(&written.collect::<Vec<_>>()));
        Ok((look(&tasks), exceptions))
    })?;
    must_be("the children after the wait", seen, at(3, [Done, Failed, Done]))?;
    must_be("their exceptions", exceptions, vec![Exc::raised("ValueError", "child 1")])
}

fn gather_child_cancelled(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ends = [(1, 3, Cancelled), (4, 4, Done)];
    let (raised, requests, seen, later) = run(executor, &ends, |ends| async move {
        let tasks = children(&ends, &[Returns(3), Returns(4)]);
        let first = tasks[0].clone();
        EventLoop::current().call_later(secs(1), move || {
            first.cancel();
        });
        let gathered = gather(&tasks).await;
        let seen = look(&tasks);
        let requests = EventLoop::current().current_task().map_or(0, |own| own.cancelling());
        if let Err(exc) = &gathered {
            event!("{exc}; parent.cancelling()={requests}; {}", shown(&tasks));
        }
        sleep(secs(5)).await?;
        event!("later: {}", shown(&tasks));
        Ok((gathered, requests, seen, look(&tasks)))
    })?;
    must_be("what the gather gave", raised, Err(Exc::Cancelled))?;
    must_be("how often the parent was cancelled", requests, 0)?;
    must_be("the children when the gather raised", seen, at(1, [Cancelled, Pending]))?;
    must_be("the children at the end", later, at(6, [Cancelled, Done]))
}
