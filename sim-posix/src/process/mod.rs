//! A process: its threads, of which one runs at a time, its descriptors, and how it ends.

mod baton;
mod clock;
mod end;
mod environment;
mod futex;
mod output;
mod report;
mod signals;
mod threads;
mod wakes;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use sim_executor::context::Lent;
use sim_executor::{LineageId, NodeId, context};

use crate::descriptor::Table;
use crate::real::{Answers, Entry, Gate, Passing};

pub(crate) use end::End;
pub(crate) use futex::Futexes;
pub(crate) use signals::{Action, CallHandler, Handling, Signals};
pub(crate) use threads::{Outcome, Run, Start, State, Thread};

use environment::Environment;
use output::Output;
use wakes::Wakes;

/// How a process differs from the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessConfig {
    /// How many CPUs the program is told that there are. Default: four.
    pub cpus: u32,
    /// How probable it is that another thread goes on at a call of the C library, although the one that calls need not wait.
    /// Default: never, unless the source of the run wants tasks to stop at decision points.
    pub preempt: sim_executor::Ratio,
    /// Where that other thread goes on: after so many instructions of the program behind the call, at most. So a load of an atomic, and
    /// the store that follows it, may have another thread between them. Each instruction is a trap, of about a microsecond.
    /// Default: 0, at the call itself. Elsewhere than on x86-64 it is always that.
    pub preempt_within: u32,
    /// Whether system calls that do not come through the C library, and reads of the processor's time-stamp counter, are trapped: the run
    /// answers them, or names them as escapes. Where the machine has no such trap, which it has on x86-64 only, a line on the process's standard
    /// error says so. Default: no.
    pub traps: bool,
    /// Variables of its environment, besides those of the test, each with its value. Default: none.
    pub env: &'static [(&'static str, &'static str)],
}

impl Default for ProcessConfig {
    fn default() -> Self {
        ProcessConfig {
            cpus: 4,
            preempt: sim_executor::Ratio::NEVER,
            preempt_within: 0,
            traps: false,
            env: &[],
        }
    }
}

impl ProcessConfig {
    /// How its threads pass the baton: who is trapped, or stopped between two instructions, is so on a thread of the machine that is its own.
    pub(crate) fn passing(&self) -> Passing {
        if self.preempt_within == 0 && !self.traps { Passing::Direct } else { Passing::ByMachine }
    }
}

/// What is called of the layer above, which knows pointers.
#[derive(Clone, Copy)]
pub(crate) struct Upcalls {
    /// Where a thread of the machine begins that is to run one of a process.
    pub(crate) trampoline: Entry,
    pub(crate) call_handler: CallHandler,
    /// What a thread calls that was stopped between two calls.
    pub(crate) stopped: fn(),
    /// What is called for what was trapped.
    pub(crate) answers: Answers,
}

/// A process of a run.
///
/// It is shared by the real threads on which its threads run. Only the one that has the baton looks at it, and while none has
/// it the thread of the executor does.
pub(crate) struct Process {
    pub(crate) name: Rc<str>,
    pub(crate) node: NodeId,
    pub(crate) config: ProcessConfig,
    /// Names its decisions.
    actor: LineageId,
    pub(crate) descriptors: RefCell<Table>,
    pub(crate) environment: Environment,
    pub(crate) futexes: RefCell<Futexes>,
    threads: RefCell<Vec<Thread>>,
    /// The threads that can go on, in the order in which they came to that.
    runnable: RefCell<std::collections::VecDeque<u32>>,
    /// Statics at which it was waited for others in vain: they are the process's own.
    own_statics: RefCell<std::collections::BTreeSet<usize>>,
    /// Which thread is waited for by which.
    joins: RefCell<Vec<(u32, u32)>>,
    wakes: Arc<Wakes>,
    /// The executor's.
    gate: Gate,
    /// The run, on its way from one thread to another.
    lent: RefCell<Option<Lent>>,
    pub(crate) upcalls: Upcalls,
    pub(crate) signals: Signals,
    /// The number in the machine of the thread that has just ended.
    ended: Cell<Option<i32>>,
    /// Times that the baton may still be passed in this poll.
    turns_left: Cell<u32>,
    /// Whether a timerfd was made.
    has_timers: Cell<bool>,
    /// How often in a row a clock was read, and nothing else done.
    clock_reads: Cell<u32>,
    /// CPU time that was used, and that the node has not been charged for, in nanoseconds.
    debt: Cell<u64>,
    end: RefCell<Option<End>>,
    output: [Output; 2],
}

impl Process {
    /// # Panics
    /// Outside a task.
    pub(crate) fn new(name: Rc<str>, main: &str, config: ProcessConfig, upcalls: Upcalls) -> Self {
        Process {
            signals: Signals::new(format!("{name} {main}")),
            name,
            node: context::node(),
            config,
            actor: context::current_actor(),
            descriptors: RefCell::default(),
            environment: Environment::new(config.env),
            futexes: RefCell::default(),
            threads: RefCell::default(),
            runnable: RefCell::default(),
            own_statics: RefCell::default(),
            joins: RefCell::default(),
            wakes: Arc::default(),
            gate: Gate::of_executor(config.passing()),
            lent: RefCell::new(None),
            upcalls,
            ended: Cell::new(None),
            turns_left: Cell::new(0),
            has_timers: Cell::new(false),
            clock_reads: Cell::new(0),
            debt: Cell::new(0),
            end: RefCell::new(None),
            output: [Output::new("stdout"), Output::new("stderr")],
        }
    }

    /// The number that it is told as its own.
    pub(crate) fn id(&self) -> i32 {
        1_000 + context::host_number(self.node) as i32
    }

    /// The number that one of its threads is told as its own: the first one's is that of the process, and none is equal to one of another process.
    pub(crate) fn thread_id(&self, thread: u32) -> i32 {
        self.id().wrapping_add((thread as i32) << 16) & i32::MAX
    }

    /// What a descriptor leads to.
    ///
    /// # Errors
    /// `EBADF` if that is nothing.
    pub(crate) fn file(&self, descriptor: i32) -> crate::descriptor::Result<Rc<crate::descriptor::File>> {
        self.descriptors.borrow_mut().get(descriptor)
    }

    /// Writes to its standard output, or to its standard error.
    pub(crate) fn write_out(&self, descriptor: i32, data: &[u8]) {
        self.output[usize::from(descriptor == 2)].write(data);
    }
}
