//! The results of tasks, in the order of the tasks or of their ends.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Instant, event};
use sim_asyncio::{EventLoop, Exc, ReturnWhen, Runner, Task, as_completed, gather, sleep, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, ran, say, secs, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "results_of_tasks",
    about: "Functions run independently of each other, each as a task. Their results are asked for in different ways.",
    invariant: "Each task's result is had once, from the task that gave it, and not before its end.",
    patterns: &[&patterns::B23, &patterns::B29, &patterns::B30, &patterns::B31],
    parameters: &[],
    variants: &[
        Variant {
            name: "wait_result",
            about: "After a wait for all, each task is asked, in the order of their creation.",
            expect: Expect::Holds,
            body: wait_result,
        },
        Variant {
            name: "gather_five",
            about: "A gather gives the results in the order of its arguments, whoever ends first.",
            expect: Expect::Holds,
            body: gather_five,
        },
        Variant {
            name: "as_completed",
            about: "The results come in the order of the ends, each at once.",
            expect: Expect::Holds,
            body: each_as_completed,
        },
        Variant {
            name: "add_done_callback",
            about: "Callbacks see the result in a turn of their own, also one that is added after the end.",
            expect: Expect::Holds,
            body: add_done_callback,
        },
        Variant {
            name: "broken_result_too_early",
            about: "The result is asked for before the loop has run. A thread's future would block until it is there; that of \
                    a loop is an error.",
            expect: Expect::Breaks,
            body: broken_result_too_early,
        },
    ],
};

async fn my_function(seconds: u64) -> Result<u64, Exc> {
    sleep(secs(seconds)).await?;
    Ok(seconds)
}

fn create(asyncio: &mut Runner<'_>, delays: &[u64]) -> Vec<Task<u64>> {
    delays.iter().map(|delay| asyncio.create_task(format!("f{delay}"), my_function(*delay))).collect()
}

fn wait_result(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let delays = [3, 1, 2];
    let mut asyncio = start(executor);
    let tasks = create(&mut asyncio, &delays);
    let waiting = asyncio.create_task("wait", wait(tasks.clone(), ReturnWhen::AllCompleted, None));
    let waited = done(asyncio.run_until_complete(&waiting))?;
    ensure!(waited.pending.is_empty(), "{} tasks are pending after a wait for all", waited.pending.len());
    for ((task, future), expected) in tasks.iter().zip(&waited.done).zip(delays) {
        ensure!(future.is(task), "those that are done are not in the order of their creation");
        let result = future.try_result().map_err(Violation::new)?;
        say(&mut asyncio, &format!("{}.result() = {result}", task.name()));
        ensure!(result == expected, "{} gave {result}, not {expected}", task.name());
    }
    let end = since_start(&asyncio);
    ensure!(end == secs(3), "the last task ends at 3 s, and the wait at {end:?}");
    Ok(())
}

fn gather_five(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let delays = [3, 1, 5, 2, 4];
    let mut asyncio = start(executor);
    let tasks = create(&mut asyncio, &delays);
    let all = asyncio.enter(|_| gather(tasks));
    let results = done(asyncio.run_until_complete(&all))?;
    say(&mut asyncio, &format!("results {results:?}"));
    let end = since_start(&asyncio);
    ensure!(
        results == delays,
        "the results are {results:?}, and not in the order of the arguments: {delays:?}"
    );
    ensure!(end == secs(5), "the last task ends at 5 s, and the gather at {end:?}");
    Ok(())
}

fn each_as_completed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let tasks = create(&mut asyncio, &[3, 1, 5, 2, 4]);
    let collect = asyncio.create_task("collect", async move {
        let mut got = Vec::new();
        let mut ended = as_completed(tasks);
        while let Some(result) = ended.next().await {
            let result = result?;
            event!("got {result}");
            got.push((result, EventLoop::current().time()));
        }
        Ok(got)
    });
    let got = done(asyncio.run_until_complete(&collect))?;
    let at_once = |seconds| (seconds, Instant::START + secs(seconds));
    let expected: Vec<(u64, Instant)> = (1..=5).map(at_once).collect();
    ensure!(got == expected, "a result and its time are {got:?}, not {expected:?}");
    Ok(())
}

/// Which callback saw which result, and when.
type Seen = Rc<RefCell<Vec<(&'static str, u64, Instant)>>>;

fn add_callback(asyncio: &mut Runner<'_>, task: &Task<u64>, name: &'static str, seen: &Seen) {
    let (result, seen) = (task.future().clone(), Rc::clone(seen));
    let callback = move || match result.try_result() {
        Ok(result) => {
            event!("{name} sees {result}");
            seen.borrow_mut().push((name, result, EventLoop::current().time()));
        }
        Err(exc) => event!("{name} sees {exc}"),
    };
    asyncio.enter(|_| task.add_done_callback(callback));
}

fn add_done_callback(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let seen = Seen::default();
    let mut asyncio = start(executor);
    let task = asyncio.create_task("f1", my_function(1));
    add_callback(&mut asyncio, &task, "callback A", &seen);
    add_callback(&mut asyncio, &task, "callback B", &seen);
    let awaited = task.clone();
    let waiter = asyncio.create_task("waiter", async move {
        let result = awaited.await?;
        event!("awaited {result}");
        Ok(result)
    });
    let awaited = done(asyncio.run_until_complete(&waiter))?;
    ensure!(awaited == 1, "the waiter got {awaited}, not 1");
    let before = seen.borrow().len();
    add_callback(&mut asyncio, &task, "late callback", &seen);
    let after = seen.borrow().len();
    ensure!(after == before, "{} callbacks ran while one was added", after - before);
    let turn = asyncio.create_task("sleep", sleep(Duration::ZERO));
    done(asyncio.run_until_complete(&turn))?;
    // In another order the loop may stop before the turn of each has come.
    ran(asyncio.run_for(ms(1)))?;
    let mut seen = seen.take();
    seen.sort_unstable();
    let expected =
        ["callback A", "callback B", "late callback"].map(|name| (name, 1, Instant::START + secs(1)));
    ensure!(seen == expected, "the callbacks saw {seen:?}, not {expected:?}");
    Ok(())
}

fn broken_result_too_early(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let task = asyncio.create_task("f1", my_function(1));
    let too_early = task.try_result();
    if let Err(exc) = &too_early {
        say(&mut asyncio, &exc.to_string());
    }
    let result = done(asyncio.run_until_complete(&task))?;
    say(&mut asyncio, &format!("result {result}"));
    too_early.map(drop).map_err(|exc| {
        Violation::new(format_args!("the task will give {result}, and was asked too early: {exc}"))
    })
}
