//! Work for the CPU in an event loop.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Instant, event, time};
use sim_asyncio::{EventLoop, Exc, Pool, Task, block, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, say, start};
use crate::patterns;
use crate::turns::Turns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "cpu_bound",
    about: "Two tasks compute for 2 s each, while a heart should beat every 0.5 s. All three share one thread.",
    invariant: "No task holds the loop for longer than 0.5 s in one turn; all beats come, none too early, and the program \
                ends when the heart and the work have.",
    patterns: &[&patterns::A12, &patterns::B2, &patterns::C1, &patterns::C2],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_executor",
            about: "The work is done by two other threads: every beat is in time.",
            expect: Expect::Holds,
            body: fixed_executor,
        },
        Variant {
            name: "chunked",
            about: "The work is cut into four chunks, with a `sleep(0)` after each. The heart gets its turns, but it is late: \
                    a timer is looked at behind all that is ready, and takes another round to wake its task.",
            expect: Expect::Holds,
            body: |executor, _| in_the_loop(executor, 4),
        },
        Variant {
            name: "broken",
            about: "Each task computes in one go: the heart stands still for 4 s.",
            expect: Expect::Breaks,
            body: |executor, _| in_the_loop(executor, 1),
        },
    ],
};

const BEATS: usize = 4;
const WORK_MS: u64 = 2_000;
const TURN_MS_MAX: u64 = 500;

/// When the heart has beaten.
type Beats = Rc<RefCell<Vec<Instant>>>;

async fn heartbeat(beats: Beats) -> Result<(), Exc> {
    for _ in 0..BEATS {
        event!("heartbeat");
        beats.borrow_mut().push(EventLoop::current().time());
        sleep(ms(500)).await?;
    }
    Ok(())
}

/// Computes, and counts the milliseconds of each turn.
async fn crunch(chunks: u64, turns: Turns) -> Result<(), Exc> {
    for chunk in 1..=chunks {
        block(ms(WORK_MS / chunks));
        turns.add(WORK_MS / chunks);
        if chunks > 1 {
            event!("chunk {chunk}");
            sleep(ms(0)).await?;
        }
    }
    event!("crunched");
    Ok(())
}

fn in_the_loop(executor: &mut Executor, chunks: u64) -> Result<(), Violation> {
    let names = ["crunch1", "crunch2"];
    let turns = names.map(|_| Turns::default());
    let watched = turns.clone();
    let beats = run(executor, ms(2 * WORK_MS), move || {
        let [one, two] = watched.map(|turns| turns.watch(crunch(chunks, turns.clone())));
        vec![create_task(names[0], one), create_task(names[1], two)]
    })?;
    for (name, turns) in names.iter().zip(&turns) {
        let (work, most) = (turns.total(), turns.most());
        ensure!(work == WORK_MS, "{name} has computed for {work} ms and not for {WORK_MS} ms");
        ensure!(most <= TURN_MS_MAX, "{name} held the loop for {most} ms, the most is {TURN_MS_MAX} ms");
    }
    for (before, after) in beats.iter().zip(&beats[1..]) {
        let pause = after.saturating_duration_since(*before);
        ensure!(pause >= ms(500), "a beat came at {after}, {pause:?} after the one before");
    }
    Ok(())
}

fn fixed_executor(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let beats = run(executor, ms(WORK_MS), || {
        let pool = Pool::new("pool", 2);
        let crunch = |name: &str| {
            let pool = pool.clone();
            create_task(name, async move {
                let work = async {
                    time::block(ms(WORK_MS)).await;
                    Ok(())
                };
                EventLoop::current().run_in_executor(&pool, work).await?;
                event!("crunched");
                Ok(())
            })
        };
        vec![crunch("crunch1"), crunch("crunch2")]
    })?;
    for (number, beat) in (0..).zip(&beats) {
        let due = Instant::from_nanos(0) + ms(500) * number;
        ensure!(*beat == due, "the beat that was due at {due} came at {beat}");
    }
    Ok(())
}

/// Runs the heart beside two others, whose work is done at a known time; gives its beats.
fn run(
    executor: &mut Executor,
    work_end: Duration,
    crunchers: impl FnOnce() -> Vec<Task<()>> + 'static,
) -> Result<Vec<Instant>, Violation> {
    let mut asyncio = start(executor);
    let beats = Beats::default();
    let shared = Rc::clone(&beats);
    let main = asyncio.create_task("main", async move {
        let mut tasks = vec![create_task("heartbeat", heartbeat(shared))];
        tasks.extend(crunchers());
        gather(tasks).await.map(drop)
    });
    done(asyncio.run_until_complete(&main))?;
    say(&mut asyncio, "end");
    let beats = beats.take();
    ensure!(beats.len() == BEATS, "{} of {BEATS} beats came", beats.len());
    let (end, last) = (asyncio.time(), beats[BEATS - 1]);
    let expected_end = (Instant::from_nanos(0) + work_end).max(last + ms(500));
    ensure!(end == expected_end, "the end came at {end} and not at {expected_end}");
    Ok(beats)
}
