//! CTRL+C while a loop runs, waits or is blocked.

use std::time::Duration;

use seedbed::{Executor, event};
use sim_asyncio::{Runner, RunnerError, Signal, block, gather_results, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use super::my_function::my_function;
use crate::asyncio::program::{ctrl_c, done, ms, none_pending, ran, say, secs, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "sigint_stops_loop",
    about: "A user presses CTRL+C, and the handler of the signal stops the loop. It is a callback of the loop.",
    invariant: "The loop ends at the moment of the signal, by `stop`, and no task is left pending when it is closed.",
    patterns: &[&patterns::B7, &patterns::B7B, &patterns::B8],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "A signal handler stops the loop.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "stop_then_graceful",
            about: "After the stop what is left is cancelled, and the loop runs until it has ended.",
            expect: Expect::Holds,
            body: stop_then_graceful,
        },
        Variant {
            name: "broken_no_handler",
            about: "Without a handler the interruption comes out of the run of the loop.",
            expect: Expect::Breaks,
            body: broken_no_handler,
        },
        Variant {
            name: "broken_stop_while_task_pending",
            about: "The stop does not wait for tasks, and the closed loop complains of one.",
            expect: Expect::Breaks,
            body: broken_stop_while_task_pending,
        },
        Variant {
            name: "broken_blocked_loop",
            about: "The loop is blocked, and comes to the handler 7 s late.",
            expect: Expect::Breaks,
            body: broken_blocked_loop,
        },
    ],
};

fn stop_on_sigint(asyncio: &mut Runner<'_>) {
    asyncio.enter(|event_loop| {
        let stopped = event_loop.clone();
        event_loop.add_signal_handler(Signal::Interrupt, move || {
            event!("Stopping the loop");
            stopped.stop();
        });
    });
}

fn ended_at(asyncio: &Runner<'_>, signal: Duration) -> Result<(), Violation> {
    let end = since_start(asyncio);
    ensure!(end == signal, "the signal came at {signal:?}, and the loop ended at {end:?}");
    Ok(())
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    ctrl_c(&mut asyncio, ms(2_500));
    drop(asyncio.create_task("f1", my_function(1)));
    say(&mut asyncio, "Scheduled 1");
    stop_on_sigint(&mut asyncio);
    ran(asyncio.run_forever())?;
    say(&mut asyncio, "Exiting");
    none_pending(&asyncio)?;
    ended_at(&asyncio, ms(2_500))
}

fn stop_then_graceful(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    ctrl_c(&mut asyncio, ms(500));
    drop(asyncio.create_task("f1", my_function(1)));
    stop_on_sigint(&mut asyncio);
    ran(asyncio.run_forever())?;
    for task in asyncio.all_tasks() {
        asyncio.cancel(&task);
        say(&mut asyncio, &format!("cancelling {}", task.name()));
        let ended = asyncio.enter(|_| gather_results([task.future()]));
        done(asyncio.run_until_complete(&ended))?;
    }
    say(&mut asyncio, "Exiting");
    none_pending(&asyncio)?;
    asyncio.close();
    ended_at(&asyncio, ms(500))
}

fn broken_no_handler(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    ctrl_c(&mut asyncio, ms(2_500));
    drop(asyncio.create_task("f1", my_function(1)));
    say(&mut asyncio, "Scheduled 1");
    let run = asyncio.run_forever();
    let what = match &run {
        Err(RunnerError::Interrupted(_)) => "KeyboardInterrupt out of run_forever",
        _ => "Exiting",
    };
    say(&mut asyncio, what);
    ran(run)
}

fn broken_stop_while_task_pending(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    ctrl_c(&mut asyncio, ms(500));
    drop(asyncio.create_task("f1", my_function(1)));
    stop_on_sigint(&mut asyncio);
    ran(asyncio.run_forever())?;
    say(&mut asyncio, "Exiting");
    let pending = none_pending(&asyncio);
    asyncio.close();
    asyncio.destroy_pending();
    pending
}

fn broken_blocked_loop(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    ctrl_c(&mut asyncio, secs(5));
    drop(asyncio.create_task("blocker", async {
        sleep(secs(2)).await?;
        event!("time.sleep(10) begins");
        block(secs(10));
        event!("time.sleep(10) ends");
        Ok(())
    }));
    stop_on_sigint(&mut asyncio);
    ran(asyncio.run_forever())?;
    say(&mut asyncio, "Exiting");
    ended_at(&asyncio, secs(5))
}
