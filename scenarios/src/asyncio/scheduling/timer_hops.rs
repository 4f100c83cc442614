//! The way of a timer to the task that waits for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, context, event};
use sim_asyncio::{
    EventLoop, Exc, LoopConfig, ReturnWhen, Runner, Task, TieOrder, create_task, gather, shield, sleep, wait,
    wait_for,
};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{complain, done, ms, ran, say, secs, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "timer_hops",
    about: "Five steps are done, each after a sleep. A timer does not wake a task: it settles a future, and only the next \
            iteration of the loop wakes the task. Timers of one deadline fire in any order.",
    invariant: "The steps are done in the order of their numbers, all of them before the loop stops. A callback runs one \
                hop after its deadline, a sleeping task two; who joins a task goes on one hop after its end, through \
                gather, shield, wait or wait_for two.",
    patterns: &[&patterns::B5, &patterns::C36, &patterns::D4],
    parameters: &[],
    variants: VARIANTS,
};

const VARIANTS: &[Variant] = &[
    Variant {
        name: "fixed_distinct_deadlines",
        about: "Each step has a deadline of its own.",
        expect: Expect::Holds,
        body: |executor, _| until_done(start(executor), DISTINCT),
    },
    Variant {
        name: "fixed_stop_after_the_deadline",
        about: "The loop is stopped one millisecond after the last deadline.",
        expect: Expect::Holds,
        body: |executor, _| until_stop(executor, ms(15)),
    },
    Variant {
        name: "hops_after_a_deadline",
        about: "A sleep and a callback end at one time: the callback is first, though it was scheduled later, and what it \
                schedules comes behind the sleeper.",
        expect: Expect::Holds,
        body: hops_after_a_deadline,
    },
    Variant {
        name: "hops_after_a_task",
        about: "A task is joined, and waited for in four more ways, each of which takes one hop more.",
        expect: Expect::Holds,
        body: hops_after_a_task,
    },
    Variant {
        name: "broken_equal_deadlines",
        about: "All steps have one deadline. Here they are done in the order of their creation, as nobody promises.",
        expect: Expect::Breaks,
        body: |executor, _| until_done(start(executor), EQUAL),
    },
    Variant {
        name: "broken_equal_deadlines_in_a_heap",
        about: "The same with the heap in which CPython keeps its timers: the steps are done as 0 2 4 1 3.",
        expect: Expect::Breaks,
        body: equal_deadlines_in_a_heap,
    },
    Variant {
        name: "broken_stop_at_the_deadline",
        about: "The loop is stopped at the last deadline: the last sleep is over, but its task is not awake.",
        expect: Expect::Breaks,
        body: |executor, _| until_stop(executor, ms(14)),
    },
];

const STEPS: usize = 5;
/// In milliseconds.
const DISTINCT: [u64; STEPS] = [10, 11, 12, 13, 14];
const EQUAL: [u64; STEPS] = [10; STEPS];

/// The numbers of the steps, as they are done.
type Steps = Rc<RefCell<Vec<usize>>>;

async fn step(number: usize, delay: Duration, steps: Steps) -> Result<(), Exc> {
    sleep(delay).await?;
    event!("step {number}");
    steps.borrow_mut().push(number);
    Ok(())
}

fn create_steps(event_loop: &EventLoop, delays: [u64; STEPS], steps: &Steps) -> Vec<Task<()>> {
    let task = |(number, delay)| {
        event_loop.create_task(format!("s{number}"), step(number, ms(delay), Rc::clone(steps)))
    };
    delays.into_iter().enumerate().map(task).collect()
}

fn check(steps: &Steps) -> Result<(), Violation> {
    let steps = steps.borrow();
    ensure!(steps.len() == STEPS, "{} of {STEPS} steps are done", steps.len());
    ensure!(steps.is_sorted(), "the steps were done in the order {steps:?}");
    Ok(())
}

fn until_done(mut asyncio: Runner<'_>, delays: [u64; STEPS]) -> Result<(), Violation> {
    let steps = Steps::default();
    let shared = Rc::clone(&steps);
    let main = asyncio.create_task("main", async move {
        gather(create_steps(&EventLoop::current(), delays, &shared)).await.map(drop)
    });
    done(asyncio.run_until_complete(&main))?;
    check(&steps)
}

fn equal_deadlines_in_a_heap(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let config = LoopConfig { ties: TieOrder::Heapq, ..LoopConfig::default() };
    let mut asyncio = Runner::with_config(executor, config);
    complain(&mut asyncio);
    until_done(asyncio, EQUAL)
}

fn until_stop(executor: &mut Executor, stop: Duration) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let steps = Steps::default();
    let tasks = asyncio.enter(|event_loop| create_steps(event_loop, DISTINCT, &steps));
    ran(asyncio.run_for(stop))?;
    let ended = tasks.iter().filter(|task| task.is_done()).count();
    say(&mut asyncio, &format!("stopped after {ended} steps"));
    check(&steps)
}

/// Counts iterations from some point in the life of the loop.
#[derive(Clone, Default)]
struct Hops {
    since: Rc<Cell<u64>>,
    seen: Rc<RefCell<Vec<(&'static str, u64)>>>,
}

impl Hops {
    fn now() -> u64 {
        context::iterations(EventLoop::current().node())
    }

    fn start(&self) {
        self.since.set(Hops::now());
    }

    /// Notes that this happens, and gives how many iterations after the start.
    fn note(&self, what: &'static str) -> u64 {
        let hop = Hops::now() - self.since.get();
        self.seen.borrow_mut().push((what, hop));
        hop
    }

    /// Other orders than production's may need more hops, but never fewer.
    fn check(&self, least: &[(&str, u64)]) -> Result<(), Violation> {
        let seen = self.seen.borrow();
        ensure!(seen.len() == least.len(), "{seen:?} happened, and {} of it should", least.len());
        for (what, least) in least {
            let hop = seen.iter().find(|(seen, _)| seen == what).map_or(0, |(_, hop)| *hop);
            ensure!(hop >= *least, "{what} came after {hop} hops, and needs {least}");
        }
        Ok(())
    }
}

fn hops_after_a_deadline(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn sleeper(hops: Hops) -> Result<(), Exc> {
        hops.start();
        sleep(ms(10)).await?;
        event!("awake, hop {}", hops.note("awake"));
        Ok(())
    }
    async fn program(hops: Hops) -> Result<(), Exc> {
        let sleeper = create_task("sleeper", sleeper(hops.clone()));
        sleep(ms(0)).await?;
        let callback = hops.clone();
        EventLoop::current().call_later(ms(10), move || {
            event!("callback, hop {}", callback.note("callback"));
            EventLoop::current().call_soon(move || event!("soon, hop {}", callback.note("soon")));
        });
        // The last to run before time passes starts the count.
        hops.start();
        sleep(ms(20)).await?;
        sleeper.await
    }
    let mut asyncio = start(executor);
    let hops = Hops::default();
    let main = asyncio.create_task("main", program(hops.clone()));
    done(asyncio.run_until_complete(&main))?;
    hops.check(&[("callback", 1), ("awake", 2), ("soon", 2)])
}

fn hops_after_a_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    async fn see(way: &'static str, task: Task<()>, hops: Hops) -> Result<(), Exc> {
        match way {
            "join" => task.await?,
            "gather" => drop(gather([task]).await?),
            "shield" => shield(task).await?,
            "wait" => drop(wait([task], ReturnWhen::AllCompleted, None).await?),
            _ => wait_for(task, secs(1)).await?,
        }
        event!("sees it, hop {}", hops.note(way));
        Ok(())
    }
    async fn program(hops: Hops) -> Result<(), Exc> {
        let ends = hops.clone();
        let work = create_task("work", async move {
            sleep(ms(10)).await?;
            ends.start();
            event!("ends");
            Ok(())
        });
        let ways = ["join", "gather", "shield", "wait", "wait_for"];
        gather(ways.map(|way| create_task(way, see(way, work.clone(), hops.clone())))).await.map(drop)
    }
    let mut asyncio = start(executor);
    let hops = Hops::default();
    let main = asyncio.create_task("main", program(hops.clone()));
    done(asyncio.run_until_complete(&main))?;
    hops.check(&[("join", 1), ("gather", 2), ("shield", 2), ("wait", 2), ("wait_for", 2)])
}
