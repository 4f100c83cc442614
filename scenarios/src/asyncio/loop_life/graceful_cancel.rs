//! Ending a loop gracefully: every task is cancelled, then runs to its end.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, Runner, RunnerError, gather_results, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, none_pending, pause, ran, say, secs, start, time_limit, truth};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "graceful_cancel",
    about: "Tasks are cancelled before their loop is closed. A cancellation is an exception at the await point: it can be \
            caught, and the handler may await.",
    invariant: "Each task that is cancelled cleans up if it has something to, and has ended when the loop is closed.",
    patterns: &[&patterns::B15, &patterns::B16B, &patterns::B17],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The task catches its cancellation, cleans up and returns.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "fixed_gather",
            about: "All are cancelled, then gathered with their exceptions as results.",
            expect: Expect::Holds,
            body: fixed_gather,
        },
        Variant {
            name: "async_cleanup",
            about: "The task needs 0.25 s to say goodbye, and passes the cancellation on after that.",
            expect: Expect::Holds,
            body: async_cleanup,
        },
        Variant {
            name: "broken_wrong_cancelled_error",
            about: "The task catches another class of the same name.",
            expect: Expect::Breaks,
            body: broken_wrong_cancelled_error,
        },
        Variant {
            name: "broken_except_exception",
            about: "The task catches every exception, to which a cancellation does not belong.",
            expect: Expect::Breaks,
            body: broken_except_exception,
        },
        Variant {
            name: "broken_swallow",
            about: "The task ignores its cancellation and goes on.",
            expect: Expect::Breaks,
            body: broken_swallow,
        },
    ],
};

type Count = Rc<Cell<u64>>;

fn count(counter: &Count) {
    counter.set(counter.get() + 1);
}

/// Sleeps; cleans up when an exception is raised that its handler is for.
async fn my_function(delay: u64, catches: fn(&Exc) -> bool, cleanups: Count) -> Result<(), Exc> {
    event!("Start {delay}");
    match sleep(secs(delay)).await {
        Err(exc) if catches(&exc) => {
            event!("Cancelled {delay}");
            count(&cleanups);
            return Ok(());
        }
        slept => slept?,
    }
    event!("Stop {delay}");
    Ok(())
}

/// Cancels every task, and runs until it has ended; then closes the loop.
fn shutdown(asyncio: &mut Runner<'_>) -> Result<Result<(), Exc>, RunnerError> {
    for task in asyncio.all_tasks() {
        say(asyncio, &format!("Cancelling {}", task.name()));
        asyncio.cancel(&task);
        let ended = asyncio.run_until_complete(task.future())?;
        if ended.is_err() {
            return Ok(ended);
        }
    }
    asyncio.close();
    say(asyncio, "loop closed");
    Ok(Ok(()))
}

fn cancel_one(executor: &mut Executor, catches: fn(&Exc) -> bool) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let cleanups = Count::default();
    let long = my_function(10, catches, Rc::clone(&cleanups));
    drop(asyncio.create_task("f10", long));
    let short = asyncio.create_task("f1", my_function(1, catches, Rc::clone(&cleanups)));
    done(asyncio.run_until_complete(&short))?;
    if let Err(exc) = ran(shutdown(&mut asyncio))? {
        say(&mut asyncio, &format!("{} out of run_until_complete", exc.class()));
    }
    let (cleanups, time) = (cleanups.get(), asyncio.time());
    ensure!(cleanups == 1, "f10 was cancelled at {time}, and has cleaned up {cleanups} times");
    ensure!(asyncio.event_loop().is_closed(), "the loop is not closed at {time}");
    ensure!(time.to_string() == "1.000", "it took until {time} to end f10");
    none_pending(&asyncio)
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_one(executor, Exc::is_cancelled)
}

fn broken_wrong_cancelled_error(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_one(executor, |exc| *exc == Exc::raised("concurrent.futures.CancelledError", ""))
}

fn broken_except_exception(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    cancel_one(executor, |exc| !exc.is_cancelled())
}

fn fixed_gather(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let is_key_error = |exc: &Exc| exc.class() == "KeyError";
    let tasks = [10, 20, 30].map(|delay| {
        asyncio.create_task(format!("f{delay}"), my_function(delay, is_key_error, Count::default()))
    });
    let short = asyncio.create_task("f1", my_function(1, is_key_error, Count::default()));
    done(asyncio.run_until_complete(&short))?;
    for task in &tasks {
        asyncio.cancel(&task.erased());
    }
    let all = asyncio.enter(|_| gather_results(&tasks));
    let results = done(asyncio.run_until_complete(&all))?;
    let names: Vec<_> =
        results.iter().map(|result| result.as_ref().map_or_else(Exc::class, |()| "None")).collect();
    say(&mut asyncio, &format!("results ['{}']", names.join("', '")));
    asyncio.close();
    say(&mut asyncio, "loop closed");
    let time = asyncio.time();
    ensure!(names == ["CancelledError"; 3], "three tasks were cancelled, and gave {names:?}");
    ensure!(time.to_string() == "1.000", "it took until {time} to end three tasks");
    none_pending(&asyncio)
}

fn async_cleanup(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let goodbyes = Count::default();
    let said = Rc::clone(&goodbyes);
    let worker = asyncio.create_task("worker", async move {
        event!("start");
        let slept = sleep(secs(60)).await;
        if slept == Err(Exc::Cancelled) {
            event!("cancelled, saying goodbye");
            sleep(ms(250)).await?;
            event!("goodbye said");
            count(&said);
        }
        event!("finally");
        slept
    });
    pause(&mut asyncio, secs(1))?;
    asyncio.cancel(&worker.erased());
    let ended = ran(asyncio.run_until_complete(&worker))?;
    if ended == Err(Exc::Cancelled) {
        say(&mut asyncio, &format!("worker.cancelled() is {}", truth(worker.is_cancelled())));
    }
    let (goodbyes, time) = (goodbyes.get(), asyncio.time().to_string());
    ensure!(worker.is_cancelled(), "worker was cancelled, and ended with {ended:?}");
    ensure!(
        goodbyes == 1 && time == "1.250",
        "worker said goodbye {goodbyes} times, and ended at {time}: 1.250 is right"
    );
    none_pending(&asyncio)
}

async fn stubborn(ticks: Count, ignored: Count) -> Result<(), Exc> {
    loop {
        match sleep(secs(1)).await {
            Err(Exc::Cancelled) => {
                event!("cancellation ignored");
                count(&ignored);
            }
            slept => {
                slept?;
                event!("tick");
                count(&ticks);
            }
        }
    }
}

fn broken_swallow(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let (ticks, ignored) = (Count::default(), Count::default());
    drop(asyncio.create_task("stubborn", stubborn(Rc::clone(&ticks), Rc::clone(&ignored))));
    time_limit(&mut asyncio, ms(5_500));
    pause(&mut asyncio, ms(1_500))?;
    let before = ticks.get();
    let ended = shutdown(&mut asyncio);
    let (ticks, ignored, time) = (ticks.get() - before, ignored.get(), asyncio.time());
    ensure!(
        asyncio.all_tasks().is_empty(),
        "stubborn has ignored {ignored} cancellations, has ticked {ticks} times since, and still runs at {time}"
    );
    done(ended)
}
