//! How the program inside a run reaches it: through the one thread-local.

mod access;
mod ask;
mod clocks;
mod cpu;
mod current_id;
mod entered;
mod iterations;
mod join;
mod join_error;
mod lend;
mod life;
mod local_set;
mod made;
mod node;
mod operations;
mod outside;
mod probed;
mod properties;
mod read_clocks;
mod run_handle;
mod run_tag;
mod settle;
mod span;
mod spawn;
mod timer;
mod waits;
mod waker;
mod wanted;
mod worker;

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::fmt;
use std::mem::ManuallyDrop;
use std::rc::Rc;

use crate::choice::{Key, Label, LineageId, TaskId};
use crate::clock::Instant;
use crate::device::Device;
use crate::run::Run;
use crate::trace::Event;

pub use crate::run::{
    Activity, Clock, CpuHeld, MayCrash, NodeReport, OutsidePanic, PendingTask, RestartOnPanic, RunTag,
    TaskPanic, WaitChain,
};
pub use crate::task::NodeId;
pub(crate) use access::tell_all;
pub use access::{access, access_named, intend, stop_at, stop_once_at, wants_io_points};
pub use ask::Selecting;
pub(crate) use ask::{CANCEL, is_cut_short, is_cut_short_in_select};
pub use ask::{ask_flag, ask_int, note_varied, probabilities_of, probability_of, refuse_fault};
pub(crate) use clocks::{clock_now, is_paused, set_paused, system_now};
pub use cpu::hold_node;
pub(crate) use cpu::{hold_cpu, run_ahead};
pub use current_id::{current_id, try_current_id};
pub(crate) use entered::Entered;
pub use iterations::{is_idle, is_mid_iteration, iterations};
pub use join::{AbortHandle, JoinHandle};
pub use join_error::JoinError;
pub use lend::{Lent, lend};
pub use life::Outage;
pub(crate) use life::set_fate;
pub(crate) use local_set::{local_set, set_local_set};
pub use made::{lineage_of, lineage_with, made};
pub use node::{Node, address_of, host_count, host_number, life_of, node, node_by_name, node_name};
use operations::Turn;
pub(crate) use operations::{Stopped, has_budget_remaining, without_budget};
pub use operations::{count_call, goes_on_at_once, made_progress, may_go_on};
use outside::outside;
use probed::Probed;
pub(crate) use properties::{add_invariant, begin_eventually, end_eventually, look_at_invariants};
pub use properties::{buggify, holds, violated};
pub use read_clocks::{read_clocks, wants_decision_points};
pub use run_handle::RunHandle;
pub use settle::looks_for_leaks;
pub(crate) use settle::{plan_settling, poll_settled, run_in_background, settling_since};
pub(crate) use span::{enter_span, leave_span};
pub(crate) use spawn::{on_node, spawn_named_as, spawn_root};
pub use spawn::{spawn, spawn_named};
pub(crate) use timer::{Alarmed, Timer};
pub(crate) use waits::longest_wait;
pub(crate) use waker::{Polled, Probe, escaped_wake, next_run};
use wanted::Wanted;
pub(crate) use worker::Worker;

/// What this thread is at.
struct Current {
    /// The run that it is in. [`Entered`] takes it out, so that nothing is to be dropped at the thread's end: a thread-local
    /// that has to be dropped costs more in each use.
    run: ManuallyDrop<Cell<Option<Rc<Run>>>>,
    /// What its source wants to be told, or asked.
    wanted: Wanted,
    /// The number of its tag, or zero: for what only has to know whether it is in its own run.
    tag: Cell<u32>,
    /// What the task that is being polled has done in this poll.
    turn: Turn,
    /// The waker of the task that is being polled, or zero.
    polled: Cell<u64>,
    /// Whether that task has woken itself meanwhile.
    has_woken_itself: Cell<bool>,
    /// The local set whose tasks `spawn_local` makes.
    local_set: ManuallyDrop<RefCell<Option<Rc<dyn Any>>>>,
    /// The task whose output is being dropped with its handle, if one is: to that output it is the current task.
    output_of: Cell<Option<TaskId>>,
    /// Whether the thread is or was in some run.
    was_in_run: Cell<bool>,
    /// How a [`Probe`] was taken.
    probed: Probed,
}

thread_local! {
    static CURRENT: Current = const {
        Current {
            run: ManuallyDrop::new(Cell::new(None)),
            wanted: Wanted::new(),
            tag: Cell::new(0),
            turn: Turn::new(),
            polled: Cell::new(0),
            has_woken_itself: Cell::new(false),
            local_set: ManuallyDrop::new(RefCell::new(None)),
            output_of: Cell::new(None),
            was_in_run: Cell::new(false),
            probed: Probed::new(),
        }
    };
}

/// The run that this thread is in. A clone, so that what is done with it is compiled where it is asked for, and not in a
/// closure that the thread-local calls: that costs more than the count.
#[inline(always)]
fn current() -> Option<Rc<Run>> {
    CURRENT.with(|current| {
        let run = current.run.take();
        let clone = run.clone();
        // It was just taken out, so there is nothing to be dropped, and nothing to be looked at for that.
        std::mem::forget(current.run.replace(run));
        clone
    })
}

/// Calls `what` with the current run.
///
/// # Panics
/// Outside a run.
#[inline(always)]
#[track_caller]
pub(crate) fn with<R>(what: impl FnOnce(&Rc<Run>) -> R) -> R {
    match current() {
        Some(run) => what(&run),
        None => outside(),
    }
}

/// Calls `what` with the current run if there is one.
#[inline(always)]
pub(crate) fn try_with<R>(what: impl FnOnce(&Rc<Run>) -> R) -> Option<R> {
    current().as_ref().map(what)
}

/// Whether this thread is inside a run.
#[must_use]
pub fn in_run() -> bool {
    try_with(|_| ()).is_some()
}

/// The world's virtual time, ahead of it by what the current task has cost its CPU. A node's own clock may drift from it: that
/// is [`time::now`](crate::time::now).
///
/// # Panics
/// Outside a run.
#[inline]
#[must_use]
pub fn now() -> Instant {
    with(|run| run.core().local_now())
}

/// The current task, if one is being polled.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn current_task() -> Option<TaskId> {
    with(|run| run.core().polling.current())
}

/// The lineage of the current task as text; between tasks, that of the node `main`.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn current_lineage() -> Rc<str> {
    with(|run| {
        let mut core = run.core_mut();
        let lineage = core.current_actor();
        core.decisions.lineages_mut().path(lineage)
    })
}

/// The device of this type, if one is installed.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn device<D: Device>() -> Option<Rc<D>> {
    with(|run| run.devices().find())
}

/// Adds a device to the run. Devices that want to act at one instant do so in the order of their installation.
///
/// # Panics
/// Outside a run.
pub fn install_device(device: Rc<dyn Device>) {
    with(|run| run.devices().install(device));
}

/// Takes what a device of an earlier run in the same [`World`](crate::World) has left of this type, if one has: see
/// [`Device::leave`].
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn take_left<T: std::any::Any>() -> Option<Rc<T>> {
    with(|run| run.devices().take_left())
}

/// Says at which operation the current task waits, for the names of its decisions and for reports. A leaf future calls
/// it before it returns `Pending`. `resource` is a number of the device's own, which [`Device::describe`] gets back;
/// zero is none.
///
/// # Panics
/// Outside a run.
#[inline]
pub fn wait_at(label: Label, resource: u64) {
    with(|run| run.core_mut().wait_at(label, resource));
}

/// Makes the current task, which waits at `label`, ready again.
#[inline]
pub(crate) fn wake_again(label: Label, waker: &std::task::Waker) {
    let own = waker::own_task(waker);
    if let Some(task) = own {
        return with(|run| run.core_mut().wake_again(task, label));
    }
    // Outside of a run only the waker counts, as for tokio's.
    try_with(|run| run.core_mut().wait_at(label, 0));
    waker.wake_by_ref();
}

/// A new actor that is no task, such as a link of the network, for the names of its decisions.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn actor(name: impl Into<std::borrow::Cow<'static, str>>) -> LineageId {
    with(|run| run.core_mut().decisions.lineages_mut().root(name))
}

/// A new actor below another, such as a connection on a link. It keeps the names above it until [`end_actor`].
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn actor_below(parent: LineageId, name: impl Into<std::borrow::Cow<'static, str>>) -> LineageId {
    with(|run| run.core_mut().decisions.lineages_mut().child(parent, name))
}

/// An actor that is no task has ended: its id may be used again. Does nothing outside a run.
pub fn end_actor(actor: LineageId) {
    try_with(|run| run.core_mut().decisions.lineages_mut().release(actor));
}

/// The name of the value that was asked for last.
pub(crate) fn last_asked() -> Key {
    with(|run| run.core().decisions.last_asked())
}

/// The actor for the current task's own decisions: the part of the workload in which it is ([`span`](fn@crate::span)), else the task; between tasks,
/// that of the node `main`.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn current_actor() -> LineageId {
    with(|run| run.core().drawing_actor())
}

/// Adds a word to the run's rolling hash.
///
/// # Panics
/// Outside a run.
#[inline]
pub fn hash(word: u64) {
    with(|run| run.core_mut().decisions.hash(word));
}

/// Whether what devices do is to be recorded.
///
/// # Panics
/// Outside a run.
#[inline]
#[must_use]
pub fn tracing_all() -> bool {
    with(|run| run.core().traces_all())
}

/// Records what a device did, if [`tracing_all`]. It is the device's business to add to the [`hash`] what it did.
///
/// # Panics
/// Outside a run.
pub fn record_device(name: Rc<str>, text: String) {
    with(|run| {
        let mut core = run.core_mut();
        if core.traces_all() {
            let at = core.time.now();
            core.record(at, name, Event::Device { text });
        }
    });
}

/// Records what was done to a device, such as a partition, if the run's events are recorded. The text is made only then.
///
/// # Panics
/// Outside a run.
pub fn record_fault(name: Rc<str>, text: impl FnOnce() -> String) {
    let records = with(|run| run.core().records_events());
    if records {
        let text = text();
        with(|run| {
            let mut core = run.core_mut();
            let at = core.time.now();
            core.record(at, name, Event::Device { text });
        });
    }
}

/// Reports an event of the program: what `event!` calls. The text is part of the run's hash; it is kept only if the run
/// is traced.
///
/// # Panics
/// Outside a run.
pub fn event(text: fmt::Arguments<'_>) {
    count_call();
    // Formatted with nothing borrowed, since the arguments' own code may call us.
    let mut buffer = with(|run| run.core_mut().log.take_scratch());
    // A text of which a part could not be formatted is reported as far as it came.
    let _ = fmt::write(&mut buffer, text);
    with(|run| {
        let mut core = run.core_mut();
        core.report_event(&buffer);
        core.log.give_scratch_back(buffer);
    });
}

/// Ends the current [`Executor`](crate::Executor) call at the end of this iteration of the node, as `loop.stop()` does in
/// asyncio: what is ready and in the batch still runs, what that makes ready stays for the next call.
///
/// # Panics
/// Outside a run.
pub fn stop() {
    with(|run| {
        let mut core = run.core_mut();
        let node = core.host_of_current();
        core.verdict.stop(node);
    });
}

/// Notes where a panic happened, for the report of the task that panicked. A panic hook calls it, if one is installed.
/// Outside a run it does nothing and says so with `false`.
#[must_use = "where it says `false`, the panic is not of a run"]
pub fn note_panic(location: Option<&std::panic::Location<'_>>) -> bool {
    note_panic_in(location, || None)
}

/// The same, with the function in which the panic happened, which is asked for only if the run's
/// [`Config::panic_functions`](crate::Config) says so.
#[must_use = "where it says `false`, the panic is not of a run"]
pub fn note_panic_in(
    location: Option<&std::panic::Location<'_>>,
    function: impl FnOnce() -> Option<String>,
) -> bool {
    try_with(|run| {
        let wants_function = run.try_core_mut().is_some_and(|core| core.verdict.wants_panic_functions());
        // With nothing borrowed: to look at the stack may run code of others, such as an allocator.
        let function = if wants_function { function() } else { None };
        if let Some(mut core) = run.try_core_mut() {
            let location = location.map(|at| format!("{}:{}:{}", at.file(), at.line(), at.column()));
            core.verdict.note_panic_location(location, function);
        }
    })
    .is_some()
}
