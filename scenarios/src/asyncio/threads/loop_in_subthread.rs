//! A loop in a second thread, which the main thread stops after a while.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Instant, Label, Node, RunError, choose_at, event, time};
use sim_asyncio::{EventLoop, Exc, LoopConfig, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{ms, secs};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "loop_in_subthread",
    about: "A loop runs for ever in a second thread. The main thread blocks for some seconds, drawn by the seed, stops it, \
            and joins the thread.",
    invariant: "The thread of the loop ends at the moment at which it is stopped, after one round for each second, and what \
                is handed to it comes back.",
    patterns: &[&patterns::A9, &patterns::B31, &patterns::C16, &patterns::C17, &patterns::C19, &patterns::D9],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The stop is a callback, handed over by `call_soon_threadsafe`, which wakes the loop.",
            expect: Expect::Holds,
            body: fixed,
        },
        Variant {
            name: "fixed_idle_loop",
            about: "The same wakes a loop that has nothing to do.",
            expect: Expect::Holds,
            body: fixed_idle_loop,
        },
        Variant {
            name: "fixed_run_coroutine_threadsafe",
            about: "Work is handed to the loop's thread, and the main thread looks every 0.5 s whether it is done.",
            expect: Expect::Holds,
            body: fixed_run_coroutine_threadsafe,
        },
        Variant {
            name: "broken_stop_direct",
            about: "`stop` from another thread only sets a flag, which the loop sees when its next timer wakes it.",
            expect: Expect::Breaks,
            body: broken_stop_direct,
        },
        Variant {
            name: "broken_stop_idle_loop",
            about: "A loop with nothing to do never wakes up to see the flag, and the join waits for ever.",
            expect: Expect::Breaks,
            body: broken_stop_idle_loop,
        },
        Variant {
            name: "broken_call_soon",
            about: "`call_soon` from another thread queues the stop, and wakes nobody.",
            expect: Expect::Breaks,
            body: broken_call_soon,
        },
    ],
};

const WAIT: Label = Label::new("user:wait");

/// How long the main thread waits: this long, or up to 1.9 s more. At a whole second of the run the loop has
/// something to do at the same instant.
fn wait_from(least: Duration) -> Duration {
    least + ms(100 * choose_at(WAIT, 20))
}

/// What the main thread knows in the end.
struct Seen {
    stopped_at: Instant,
    ended_at: Instant,
    rounds: u64,
}

async fn rounds(count: Rc<Cell<u64>>) -> Result<(), Exc> {
    loop {
        event!("in start");
        count.set(count.get() + 1);
        sleep(secs(1)).await?;
    }
}

async fn run_it_forever(event_loop: EventLoop) -> Instant {
    event!("loop thread begins");
    event_loop.run_forever().await;
    event!("loop thread ends");
    time::now()
}

/// A loop that belongs to a second thread, which does not run it yet.
fn loop_of_second_thread() -> (Node, EventLoop) {
    let node = Node::named("loopthread");
    let event_loop = EventLoop::on(&node, LoopConfig { waits_for_run: true, ..LoopConfig::default() });
    (node, event_loop)
}

/// The main thread.
async fn go(stop: fn(&EventLoop), with_task: bool) -> Result<Seen, Violation> {
    let (node, event_loop) = loop_of_second_thread();
    let count = Rc::default();
    if with_task {
        drop(event_loop.create_task("start", rounds(Rc::clone(&count))));
    }
    let thread = node.spawn_named("loopthread", run_it_forever(event_loop.clone()));
    time::block(wait_from(ms(4_500))).await;
    event!("stopping the loop");
    let stopped_at = time::now();
    stop(&event_loop);
    let ended_at = thread.await.map_err(Violation::new)?;
    event!("joined");
    Ok(Seen { stopped_at, ended_at, rounds: count.get() })
}

fn stop_threadsafe(event_loop: &EventLoop) {
    let stopped = event_loop.clone();
    event_loop.call_soon_threadsafe(move || stopped.stop());
}

fn ended_at_once(seen: &Seen) -> Result<(), Violation> {
    let Seen { stopped_at, ended_at, .. } = seen;
    ensure!(ended_at == stopped_at, "stopped at {stopped_at}, the loop's thread ended at {ended_at}");
    Ok(())
}

fn fixed(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let seen = executor.block_on(go(stop_threadsafe, true))??;
    ended_at_once(&seen)?;
    // At a whole second the stop comes before the round that is due then, or after it.
    let ran = seen.stopped_at.saturating_duration_since(Instant::from_nanos(0));
    let (least, most) = ((ran - Duration::from_nanos(1)).as_secs() + 1, ran.as_secs() + 1);
    ensure!(
        (least..=most).contains(&seen.rounds),
        "{} rounds in {ran:?}, which should be from {least} to {most}",
        seen.rounds
    );
    Ok(())
}

fn fixed_idle_loop(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    ended_at_once(&executor.block_on(go(stop_threadsafe, false))??)
}

async fn hand_over_and_poll() -> Result<Seen, Violation> {
    let (node, event_loop) = loop_of_second_thread();
    let thread = node.spawn_named("loopthread", run_it_forever(event_loop.clone()));
    time::block(wait_from(secs(1))).await;
    let handed_over = time::now();
    let work = event_loop.run_coroutine_threadsafe("work", async {
        event!("work begins");
        sleep(secs(2)).await?;
        event!("work ends");
        Ok(42)
    });
    while !work.is_done() {
        time::block(ms(500)).await;
    }
    let took = time::now() - handed_over;
    let Some(Ok(result)) = work.result() else {
        return Err(Violation::new(format_args!("the work gave {:?}", work.result())));
    };
    event!("result {result}");
    ensure!(result == 42, "the work gave {result}, not 42");
    ensure!(took == secs(2) || took == ms(2_500), "work of 2 s was seen to be done after {took:?}");
    stop_threadsafe(&event_loop);
    let stopped_at = time::now();
    let ended_at = thread.await.map_err(Violation::new)?;
    event!("joined");
    Ok(Seen { stopped_at, ended_at, rounds: 0 })
}

fn fixed_run_coroutine_threadsafe(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    ended_at_once(&executor.block_on(hand_over_and_poll())??)
}

fn broken_stop_direct(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    ended_at_once(&executor.block_on(go(EventLoop::stop, true))??)
}

fn broken_stop_idle_loop(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let ended = executor.block_on(go(EventLoop::stop, false));
    if let Err(RunError::Deadlock(_)) = &ended {
        executor.enter(|| event!("deadlock: join() never returns"));
    }
    ended_at_once(&ended??)
}

fn stop_by_call_soon(event_loop: &EventLoop) {
    let stopped = event_loop.clone();
    event_loop.call_soon(move || stopped.stop());
}

fn broken_call_soon(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    ended_at_once(&executor.block_on(go(stop_by_call_soon, true))??)
}
