//! What the tasks of a program share: its objects, its slots, its log.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;

use sim_executor::{Instant, context};

use super::objects::Objects;
use super::op::Item;
use super::program::Program;
use super::raised::Raised;
use crate::context_var::VarToken;
use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::task::{AnyTask, Task};

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
    /// By number; one that was started eagerly is in its first step before it is here.
    pub(super) tasks: RefCell<Vec<Option<Task<i64>>>>,
    callbacks: Cell<u64>,
    ops: Cell<u64>,
    slots: RefCell<BTreeMap<Rc<str>, usize>>,
    pub(super) objects: Objects,
}

/// Who runs operations.
pub(super) struct Actor {
    /// The number of a task; none for a callback.
    pub(super) task: Option<usize>,
    pub(super) name: String,
    pub(super) last: Cell<i64>,
    /// The exceptions that are being handled, the innermost last.
    pub(super) handled: RefCell<Vec<Raised>>,
    /// Those of variables that it has set, with the variables' names.
    pub(super) tokens: RefCell<Vec<(Rc<str>, VarToken<i64>)>>,
}

impl Actor {
    pub(super) fn new(task: Option<usize>, name: String) -> Self {
        Actor { task, name, last: Cell::new(0), handled: RefCell::default(), tokens: RefCell::default() }
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
            objects: Objects::new(&program),
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
        let number = self.next_task();
        let task = self.event_loop.create_task(format!("t{number}"), self.body(number, proc));
        self.put_task(number, task);
        number
    }

    /// The number of the next task, which gets a place.
    pub(super) fn next_task(&self) -> usize {
        let number = self.tasks.borrow().len();
        self.tasks.borrow_mut().push(None);
        if number >= TASKS_MAX {
            let _ = self.runaway();
        }
        number
    }

    /// Takes the place of the last task back: it did not come to be.
    pub(super) fn forget_task(&self) {
        self.tasks.borrow_mut().pop();
    }

    pub(super) fn put_task(&self, number: usize, task: Task<i64>) {
        self.tasks.borrow_mut()[number] = Some(task);
    }

    /// The operations of a procedure as a body.
    pub(super) fn body(
        self: &Rc<Self>,
        number: usize,
        proc: &Rc<str>,
    ) -> Pin<Box<dyn StdFuture<Output = Result<i64, Exc>>>> {
        (self.run_proc)(Rc::clone(self), number, Rc::clone(proc))
    }

    pub(super) fn task(&self, number: usize) -> Task<i64> {
        self.tasks.borrow()[number].clone().expect("only a task in its first, eager step is not here")
    }

    /// The task in a slot, or the one that runs.
    pub(super) fn any_task(&self, actor: &Actor, slot: &str) -> Option<(usize, AnyTask)> {
        if slot == "self" {
            return actor.task.zip(self.event_loop.current_task());
        }
        let number = self.slot(slot)?;
        Some((number, self.task(number).erased()))
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
}

/// What is raised in a task that never suspends; no handler catches it.
fn runaway() -> Exc {
    Exc::raised("Runaway", "")
}

pub(super) fn is_runaway(exc: &Exc) -> bool {
    exc.class() == "Runaway"
}
