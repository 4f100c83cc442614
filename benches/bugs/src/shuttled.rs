//! The programs on Shuttle.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use shuttle::scheduler::{
    PctScheduler, RandomScheduler, Schedule, Scheduler, Task, TaskId, UrwRandomScheduler,
};
use shuttle::{Config, FailurePersistence, MaxSteps, Runner};

use crate::programs::Body;
use crate::runtime::{Runtime, Shared};

/// Shuttle's tasks.
pub(crate) struct Shuttled;

/// A task that nobody cancels.
pub(crate) struct Joined(shuttle::future::JoinHandle<()>);

impl Future for Joined {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context).map(|ended| ended.expect("no task of a program is cancelled"))
    }
}

impl Runtime for Shuttled {
    type Task = Joined;

    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Joined {
        Joined(shuttle::future::spawn(future))
    }
}

/// Its schedulers, with what the table calls them.
pub(crate) const SCHEDULERS: [&str; 6] = ["random", "pct 1", "pct 2", "pct 3", "pct 5", "urw"];

fn scheduler(name: &str) -> Box<dyn Scheduler + Send> {
    match name {
        "random" => Box::new(RandomScheduler::new_from_seed(1, usize::MAX)),
        "urw" => Box::new(UrwRandomScheduler::new_from_seed(4, usize::MAX)),
        other => {
            let depth = other.strip_prefix("pct ").and_then(|depth| depth.parse().ok());
            let depth: usize = depth.expect("the names are those of SCHEDULERS");
            Box::new(PctScheduler::new_from_seed(depth as u64, depth, usize::MAX))
        }
    }
}

/// In how many of so many runs the bug shows.
pub(crate) fn hits(body: Body, mended: bool, name: &str, runs: u64) -> u64 {
    let counted = Counted { scheduler: scheduler(name), left: runs, hits: 0, bug: Shared::new(false) };
    let counted = Rc::new(RefCell::new(counted));
    let bug = counted.borrow().bug.clone();
    // A deadlock is a panic, which ends the runner, but not the count of runs.
    while counted.borrow().left > 0 {
        let mut config = Config::new();
        config.failure_persistence = FailurePersistence::None;
        config.max_steps = MaxSteps::ContinueAfter(20_000);
        config.silence_warnings = true;
        let runner = Runner::new(Handle(Rc::clone(&counted)), config);
        let seen = bug.clone();
        let run = move || shuttle::future::block_on(body(mended, &seen));
        if catch_unwind(AssertUnwindSafe(|| runner.run(run))).is_err() {
            bug.set(true);
        }
    }
    let mut counted = counted.borrow_mut();
    counted.count();
    counted.hits
}

/// A scheduler that makes so many runs, and counts those in which the bug showed.
struct Counted {
    scheduler: Box<dyn Scheduler + Send>,
    left: u64,
    hits: u64,
    bug: Shared<bool>,
}

impl Counted {
    fn count(&mut self) {
        self.hits += u64::from(self.bug.get());
        self.bug.set(false);
    }
}

struct Handle(Rc<RefCell<Counted>>);

impl Scheduler for Handle {
    fn new_execution(&mut self) -> Option<Schedule> {
        let mut counted = self.0.borrow_mut();
        counted.count();
        if counted.left == 0 {
            return None;
        }
        counted.left -= 1;
        counted.scheduler.new_execution()
    }

    fn next_task(&mut self, ready: &[&Task], current: Option<TaskId>, is_yielding: bool) -> Option<TaskId> {
        self.0.borrow_mut().scheduler.next_task(ready, current, is_yielding)
    }

    fn next_u64(&mut self) -> u64 {
        self.0.borrow_mut().scheduler.next_u64()
    }
}
