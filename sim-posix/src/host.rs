//! How the executor polls a process: as one task, whose poll lets its threads run until all of them wait.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use sim_executor::time::{Sleep, sleep_until};
use sim_executor::{Device, Instant, Label, NodeId, context};

use crate::process::{End, Process, ProcessConfig, Run, Upcalls};
use crate::real::Turn;

const POLL: Label = Label::new("posix.process");

/// Sockets have resource numbers whose upper bits name a host; no run has so many hosts.
const RESOURCE: u64 = 0xff_ffff << 40;

/// Whether a run of this process of the machine has or had processes.
static HAD_PROCESSES: AtomicBool = AtomicBool::new(false);

thread_local! {
    static WAS_REHEARSAL: Cell<bool> = const { Cell::new(false) };
}

/// Whether, since this was asked last on this thread, a run had the first processes of all that this process of the machine has
/// made. What programs make once and keep in a static was made in that run, so the same choices made it another run than they make
/// of all that follow. Make it again, and take the second.
#[must_use]
pub fn was_rehearsal() -> bool {
    WAS_REHEARSAL.take()
}

/// This process of the machine has had processes of a run, if not before, then now; whether before.
pub(crate) fn had_processes() -> bool {
    HAD_PROCESSES.swap(true, Ordering::Relaxed)
}

/// The processes of a run, for reports.
struct Processes {
    all: RefCell<Vec<Weak<Process>>>,
    /// Given back with the run.
    _turn: Turn,
}

impl Processes {
    fn current() -> Rc<Processes> {
        if let Some(processes) = context::device::<Processes>() {
            return processes;
        }
        let processes = Rc::new(Processes { all: RefCell::default(), _turn: Turn::take() });
        context::install_device(Rc::clone(&processes) as Rc<dyn Device>);
        if !had_processes() {
            WAS_REHEARSAL.set(true);
        }
        processes
    }

    /// A number for what is told of this process.
    fn add(&self, process: &Rc<Process>) -> u64 {
        let mut all = self.all.borrow_mut();
        all.push(Rc::downgrade(process));
        RESOURCE | all.len() as u64
    }
}

/// Wakes threads that wait at a word of memory in processes of this run, but not in `but`: at most so many; how many.
///
/// # Panics
/// Outside a run.
pub(crate) fn wake_elsewhere(but: Option<&Process>, address: usize, count_max: usize, bits: u32) -> usize {
    let Some(processes) = context::device::<Processes>() else { return 0 };
    let mut woken = 0;
    for process in processes.all.borrow().iter().filter_map(Weak::upgrade) {
        if woken < count_max && but.is_none_or(|but| !std::ptr::eq(but, &raw const *process)) {
            woken += process.wake_at_from_outside(address, count_max - woken, bits);
        }
    }
    woken
}

/// The process that runs and has this number; the numbers are those of the nodes.
///
/// # Panics
/// Outside a run.
pub(crate) fn process_of(id: i32) -> Option<Rc<Process>> {
    let processes = context::device::<Processes>()?;
    let all = processes.all.borrow();
    all.iter().rev().filter_map(Weak::upgrade).find(|it| it.id() == id && it.how_ended().is_none())
}

/// The process that runs on a node.
///
/// # Panics
/// Outside a run.
pub(crate) fn process_on(node: NodeId) -> Option<Rc<Process>> {
    let processes = context::device::<Processes>()?;
    let all = processes.all.borrow();
    all.iter().rev().filter_map(Weak::upgrade).find(|it| it.node == node && it.how_ended().is_none())
}

impl Device for Processes {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn fire(&self, _now: Instant) {}

    fn describe(&self, resource: u64) -> String {
        let Some(number) = (resource ^ RESOURCE).checked_sub(1) else { return String::new() };
        let all = self.all.borrow();
        let process = usize::try_from(number).ok().and_then(|place| all.get(place)?.upgrade());
        process.map_or_else(String::new, |process| process.describe())
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}

/// How a process begins.
pub(crate) struct Begin {
    pub(crate) config: ProcessConfig,
    /// Its main function's name.
    pub(crate) main_name: &'static str,
    pub(crate) upcalls: Upcalls,
    pub(crate) main: Box<dyn FnOnce() + Send>,
}

/// A process while it runs. Dropping it ends the process without running more of its code.
pub(crate) struct Hosted {
    begin: Option<Begin>,
    running: Option<Running>,
}

struct Running {
    process: Rc<Process>,
    resource: u64,
    /// What wakes the task when the first wait with a deadline is over.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Hosted {
    pub(crate) fn new(begin: Begin) -> Self {
        Hosted { begin: Some(begin), running: None }
    }
}

impl Running {
    /// # Panics
    /// If the machine has no room for a thread.
    fn begin(begin: Begin) -> Self {
        let Begin { config, main_name, upcalls, main } = begin;
        // Before any of its code runs: only one run at a time has processes.
        let processes = Processes::current();
        let name = context::node_name(context::node());
        let process = Rc::new(Process::new(name, main_name, config, upcalls));
        let started = process.start_thread(std::ptr::null(), 0, Run::Main(main));
        started.unwrap_or_else(|errno| panic!("no thread for a process: error {errno}"));
        let resource = processes.add(&process);
        Running { process, resource, alarm: None }
    }

    /// Sees that the task is woken when the first deadline has come; whether that is so already.
    fn is_due(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.process.next_deadline() else {
            self.alarm = None;
            return false;
        };
        let alarm = match &mut self.alarm {
            Some(alarm) if alarm.deadline() == deadline => return false,
            Some(alarm) => {
                alarm.as_mut().reset(deadline);
                alarm
            }
            alarm => alarm.insert(Box::pin(sleep_until(deadline))),
        };
        alarm.as_mut().poll(context).is_ready()
    }
}

impl Future for Hosted {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<End> {
        if let Some(begin) = self.begin.take() {
            self.running = Some(Running::begin(begin));
        }
        let running = self.running.as_mut().expect("a process that has ended is not polled");
        let can_go_on = running.process.run_threads(context.waker());
        if let Some(end) = running.process.how_ended() {
            running.process.shut_down();
            self.running = None;
            return Poll::Ready(end);
        }
        if running.process.is_stopped() {
            running.alarm = None;
        } else if can_go_on || running.is_due(context) {
            running.alarm = None;
            context.waker().wake_by_ref();
        }
        context::wait_at(POLL, running.resource);
        Poll::Pending
    }
}

impl Drop for Hosted {
    fn drop(&mut self) {
        if let Some(running) = &self.running {
            running.process.shut_down();
        }
    }
}
