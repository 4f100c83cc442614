//! What the tasks of a program share: its objects, its slots, its log.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;

use sim_executor::{Instant, context};

use super::op::{Guard, Item};
use super::program::Program;
use crate::event::Event;
use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::lock::Lock;
use crate::queue::Queue;
use crate::semaphore::Semaphore;
use crate::task::Task;

/// Operations of one program, after which it counts as a livelock: a loop that never suspends.
const OPS_MAX: u64 = 20_000;
/// Tasks of one program, which may start many in one operation.
const TASKS_MAX: usize = 100_000;

/// Runs the operations of a procedure as the body of a task, whose number is given.
pub(super) type RunProc =
    fn(Rc<Interpreter>, usize, Rc<str>) -> Pin<Box<dyn StdFuture<Output = Result<i64, Exc>>>>;

pub(super) struct Interpreter {
    pub(super) program: Program,
    pub(super) event_loop: EventLoop,
    /// How tasks run: operations may start tasks, which run operations.
    run_proc: RunProc,
    pub(super) log: RefCell<String>,
    /// Whether nothing is logged any more, since the program is a livelock.
    pub(super) frozen: Cell<bool>,
    pub(super) tasks: RefCell<Vec<Task<i64>>>,
    callbacks: Cell<u64>,
    ops: Cell<u64>,
    slots: RefCell<BTreeMap<Rc<str>, usize>>,
    queues: BTreeMap<Rc<str>, Queue<i64>>,
    events: BTreeMap<Rc<str>, Event>,
    locks: BTreeMap<Rc<str>, Lock>,
    sems: BTreeMap<Rc<str>, Semaphore>,
}

/// Who runs operations.
pub(super) struct Actor {
    /// The number of a task; none for a callback.
    pub(super) task: Option<usize>,
    pub(super) name: String,
    pub(super) last: Cell<i64>,
    /// The exceptions that are being handled, the innermost last.
    pub(super) handled: RefCell<Vec<Exc>>,
}

impl Actor {
    pub(super) fn new(task: Option<usize>, name: String) -> Self {
        Actor { task, name, last: Cell::new(0), handled: RefCell::default() }
    }

    pub(super) fn number(&self, item: Item) -> i64 {
        match item {
            Item::Number(number) => number,
            Item::Last => self.last.get(),
        }
    }
}

impl Interpreter {
    pub(super) fn new(program: Program, event_loop: EventLoop, run_proc: RunProc) -> Self {
        Interpreter {
            queues: program.queues.iter().map(|(name, max)| (Rc::clone(name), Queue::new(*max))).collect(),
            events: program.events.iter().map(|name| (Rc::clone(name), Event::new())).collect(),
            locks: program.locks.iter().map(|name| (Rc::clone(name), Lock::new())).collect(),
            sems: program
                .sems
                .iter()
                .map(|(name, permits)| (Rc::clone(name), Semaphore::new(*permits)))
                .collect(),
            program,
            event_loop,
            run_proc,
            log: RefCell::default(),
            frozen: Cell::new(false),
            tasks: RefCell::default(),
            callbacks: Cell::new(0),
            ops: Cell::new(0),
            slots: RefCell::default(),
        }
    }

    /// Writes an event down, inside the run.
    pub(super) fn log(&self, who: &str, event: fmt::Arguments<'_>) {
        self.log_at(context::now(), who, event);
    }

    pub(super) fn log_at(&self, at: Instant, who: &str, event: fmt::Arguments<'_>) {
        if !self.frozen.get() {
            let written = writeln!(self.log.borrow_mut(), "{at} {who} {event}");
            assert!(written.is_ok(), "writing to a String cannot fail");
        }
    }

    /// Counts an operation of a task.
    pub(super) fn count_op(&self) -> Result<(), Exc> {
        self.ops.set(self.ops.get() + 1);
        if self.ops.get() > OPS_MAX { Err(self.runaway()) } else { Ok(()) }
    }

    /// Ends the run: the program does not come to an end by itself.
    fn runaway(&self) -> Exc {
        self.frozen.set(true);
        self.event_loop.core().exhaust();
        runaway()
    }

    /// Starts a task with the operations of a procedure; gives its number.
    pub(super) fn start(self: &Rc<Self>, proc: &Rc<str>) -> usize {
        let number = self.tasks.borrow().len();
        let body = (self.run_proc)(Rc::clone(self), number, Rc::clone(proc));
        let task = self.event_loop.create_task(format!("t{number}"), body);
        self.tasks.borrow_mut().push(task);
        if number >= TASKS_MAX {
            let _ = self.runaway();
        }
        number
    }

    pub(super) fn task(&self, number: usize) -> Task<i64> {
        self.tasks.borrow()[number].clone()
    }

    pub(super) fn store(&self, slot: Option<&Rc<str>>, task: usize) {
        if let Some(slot) = slot {
            self.slots.borrow_mut().insert(Rc::clone(slot), task);
        }
    }

    pub(super) fn slot(&self, slot: &str) -> Option<usize> {
        self.slots.borrow().get(slot).copied()
    }

    pub(super) fn next_callback(&self) -> String {
        let number = self.callbacks.get();
        self.callbacks.set(number + 1);
        format!("cb{number}")
    }

    pub(super) fn queue(&self, name: &str) -> &Queue<i64> {
        &self.queues[name]
    }

    pub(super) fn event(&self, name: &str) -> &Event {
        &self.events[name]
    }

    pub(super) async fn acquire(&self, guard: &Guard) -> Result<(), Exc> {
        match guard {
            Guard::Lock(name) => self.locks[name].acquire().await,
            Guard::Semaphore(name) => self.sems[name].acquire().await,
        }
    }

    pub(super) fn release(&self, actor: &Actor, guard: &Guard) {
        let released = match guard {
            Guard::Lock(name) => self.locks[name].release().is_ok(),
            Guard::Semaphore(name) => {
                self.sems[name].release();
                true
            }
        };
        let error = if released { "" } else { " error" };
        self.log(&actor.name, format_args!("release {}{error}", guard.name()));
    }
}

/// What is raised in a task that never suspends; no handler catches it.
fn runaway() -> Exc {
    Exc::raised("Runaway", "")
}

pub(super) fn is_runaway(exc: &Exc) -> bool {
    exc.class() == "Runaway"
}

/// The name of an exception in the language.
pub(super) fn name_of(exc: &Exc) -> &str {
    match exc {
        Exc::Cancelled => "Cancelled",
        Exc::Timeout => "Timeout",
        Exc::Raised { class, .. } => class,
    }
}
