//! The loop: poll what is ready; else move time; fire what is due.

use std::rc::Rc;

use super::{Deadlock, Executor, RunError};
use crate::clock::Instant;
use crate::context::{self, Alarm, Core};
use crate::device::Device;
use crate::limits::LimitReached;
use crate::task::{Origin, State};

/// Until when the loop runs.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    /// The awaited task has ended.
    End,
    /// Nothing is left to happen.
    Idle,
    /// Somebody calls `stop`.
    Stop,
    /// All that is due until then has happened.
    Time(Instant),
}

/// Why the loop came back.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    Reached,
    Stopped,
}

/// What one turn of the loop came to.
pub(super) enum Turn {
    GoOn,
    /// Goes on; some node's CPU is free again.
    Released,
    Exit(Exit),
    /// A limit, or a panic that nobody observes.
    Failed,
    Deadlock,
}

/// What the loop does next.
enum Next {
    /// Polls the task with this index, which was taken out of the ready queue.
    Poll { index: u32, ends_iteration: bool },
    /// Asks which task it polls.
    Ask,
    /// Drops tasks of dead nodes.
    Bury,
    /// Moves time.
    Wait,
}

impl Executor {
    pub(super) fn run_loop(&self, goal: Goal) -> Result<Exit, RunError> {
        let exit = self.run_until(goal);
        let mut core = self.run.core.borrow_mut();
        // What was to end this call does not end the next.
        core.awaited = None;
        core.stopping = None;
        exit
    }

    fn run_until(&self, goal: Goal) -> Result<Exit, RunError> {
        // What became due while no call ran goes behind what is ready already, before the first iteration.
        if self.run.core.borrow().ready.all_between_iterations() {
            self.look_around();
        }
        loop {
            let turn = self.poll_ready(goal);
            match turn {
                Turn::GoOn => continue,
                // A device that acts for this node only has waited until its CPU was free. A task that has blocked goes on
                // first: what it makes ready comes before what came from outside.
                Turn::Released if self.run.core.borrow().resumed.is_empty() => self.look_around(),
                _ => {}
            }
            if let Some(exit) = self.exit_of(turn)? {
                return Ok(exit);
            }
        }
    }

    pub(super) fn exit_of(&self, turn: Turn) -> Result<Option<Exit>, RunError> {
        match turn {
            Turn::GoOn | Turn::Released => Ok(None),
            Turn::Exit(exit) => Ok(Some(exit)),
            Turn::Failed => Err(self.failure()),
            Turn::Deadlock => Err(self.deadlock()),
        }
    }

    /// Polls what is ready, until time has to move or something else has to be seen to, and sees to that.
    pub(super) fn poll_ready(&self, goal: Goal) -> Turn {
        let mut core = self.run.core.borrow_mut();
        loop {
            let (index, ends_iteration) = match core.next() {
                Next::Poll { index, ends_iteration } => (index, ends_iteration),
                Next::Ask => {
                    drop(core);
                    let task = context::next_task(&self.run);
                    core = self.run.core.borrow_mut();
                    let node = core.tasks.at_mut(task.index).node;
                    (task.index, core.ready.take(node, task.index))
                }
                Next::Bury => {
                    drop(core);
                    return self.bury();
                }
                Next::Wait => {
                    drop(core);
                    return self.pass_time(goal);
                }
            };
            core = self.poll_task(core, index);
            if core.interrupted {
                drop(core);
                return self.interruption(ends_iteration);
            }
            if ends_iteration {
                core.ready.look_outside();
                let due = core.timers.next_due().is_some_and(|due| due <= core.now);
                if core.stopping.is_some() || due {
                    drop(core);
                    return self.between_iterations();
                }
                if core.has_devices {
                    let now = core.now;
                    drop(core);
                    if self.device_due().is_some_and(|due| due <= now) {
                        return self.between_iterations();
                    }
                    core = self.run.core.borrow_mut();
                }
            }
        }
    }

    /// Drops tasks of dead nodes.
    #[cold]
    fn bury(&self) -> Turn {
        self.run.bury();
        let core = self.run.core.borrow();
        if !core.interrupted && core.limit.is_none() {
            return Turn::GoOn;
        }
        drop(core);
        self.interruption(false)
    }

    /// Sees why the loop was to come back.
    #[cold]
    fn interruption(&self, ends_iteration: bool) -> Turn {
        let mut core = self.run.core.borrow_mut();
        core.interrupted = false;
        if core.limit.is_some() || core.panic.is_some() {
            return Turn::Failed;
        }
        if !core.panicked.is_empty() {
            drop(core);
            self.run.restart_panicked();
            core = self.run.core.borrow_mut();
        }
        if !core.starting.is_empty() {
            drop(core);
            self.run.start_waiting();
            core = self.run.core.borrow_mut();
        }
        let has_ended = |task| core.tasks.get(task).is_none_or(|slot| slot.state == State::Ended);
        if core.awaited.is_some_and(has_ended) {
            return Turn::Exit(Exit::Reached);
        }
        if ends_iteration {
            core.ready.look_outside();
            drop(core);
            return self.between_iterations();
        }
        Turn::GoOn
    }

    /// What an event loop does between two iterations: looks whether it should stop, and at what is due.
    fn between_iterations(&self) -> Turn {
        if self.run.core.borrow_mut().take_stop() {
            return Turn::Exit(Exit::Stopped);
        }
        self.look_at_due();
        Turn::GoOn
    }

    /// Sees to what came from outside while a CPU was held, then to what is due now.
    #[cold]
    fn look_around(&self) {
        self.run.core.borrow_mut().ready.look_outside();
        self.look_at_due();
    }

    /// Fires what is due now, if anything is.
    #[inline]
    fn look_at_due(&self) {
        let device = self.device_due();
        let (timer, now) = {
            let core = self.run.core.borrow();
            (core.timers.next_due(), core.now)
        };
        if device.into_iter().chain(timer).any(|due| due <= now) {
            self.fire_due(now, device);
        }
    }

    /// When a device wants to act first.
    #[inline]
    fn device_due(&self) -> Option<Instant> {
        self.run.devices.borrow().iter().filter_map(|device| device.next_due()).min()
    }

    /// Whether a device has something to do that can wake a task.
    #[cold]
    fn may_wake(&self) -> bool {
        self.run.devices.borrow().iter().any(|device| device.next_due().is_some() && device.may_wake())
    }

    /// Nothing is ready: moves time to what is due first.
    fn pass_time(&self, goal: Goal) -> Turn {
        let device = self.device_due();
        let mut core = self.run.core.borrow_mut();
        let due = device.into_iter().chain(core.timers.next_due()).min();
        if core.take_stop() {
            return Turn::Exit(Exit::Stopped);
        }
        if let Goal::Time(until) = goal
            && due.is_none_or(|due| due > until)
        {
            core.advance_to(until);
            return Turn::Exit(Exit::Reached);
        }
        let is_silent = core.timers.next_due().is_none() && core.is_silent();
        let mut due = due;
        if is_silent {
            // With nothing borrowed, since a device may look at the run.
            drop(core);
            due = due.filter(|_| self.may_wake());
            core = self.run.core.borrow_mut();
        }
        let Some(due) = due else {
            return if matches!(goal, Goal::Idle) { Turn::Exit(Exit::Reached) } else { Turn::Deadlock };
        };
        if due > core.end {
            let limit = LimitReached::virtual_time(&core.limits);
            core.limit_reached(limit);
            core.interrupted = false;
            return Turn::Failed;
        }
        let to = core.now.max(due);
        core.advance_to(to);
        drop(core);
        if self.fire_due(to, device) {
            // A node that was to stop, and whose CPU was held after its iteration.
            if self.run.core.borrow_mut().take_stop() {
                return Turn::Exit(Exit::Stopped);
            }
            return Turn::Released;
        }
        Turn::GoOn
    }

    /// Lets everything act that is due now: devices first, then timers in the order (due, creation). Says whether a CPU was
    /// released.
    fn fire_due(&self, now: Instant, device: Option<Instant>) -> bool {
        let mut released = false;
        if device.is_some_and(|due| due <= now) {
            self.fire_devices(now);
        }
        self.run.core.borrow_mut().origin = Origin::Timer;
        loop {
            let mut core = self.run.core.borrow_mut();
            let Some((_, alarm)) = core.timers.pop_due(now) else {
                core.origin = Origin::Task;
                return released;
            };
            match alarm {
                Alarm::Task(task) => core.wake(task),
                Alarm::Release(cpu) => {
                    released = true;
                    core.release_cpu(cpu);
                }
                Alarm::Wake { waker, .. } => {
                    drop(core);
                    waker.wake();
                }
                Alarm::Fate(node, fate) => {
                    drop(core);
                    self.run.meet_fate(node, fate);
                }
            }
        }
    }

    fn fire_devices(&self, now: Instant) {
        let mut position = 0;
        loop {
            // Cloned one by one, since a device that acts may have another one installed.
            let device: Option<Rc<dyn Device>> = self.run.devices.borrow().get(position).map(Rc::clone);
            let Some(device) = device else { return };
            if device.next_due().is_some_and(|due| due <= now) {
                self.run.core.borrow_mut().origin = Origin::Device;
                device.fire(now);
                self.run.core.borrow_mut().origin = Origin::Task;
            }
            position += 1;
        }
    }

    /// What ends the run at once: a limit, or a panic that nobody observes.
    fn failure(&self) -> RunError {
        let mut core = self.run.core.borrow_mut();
        if let Some(panic) = core.panic.take() {
            return RunError::Panicked(panic);
        }
        let limit = core.limit.take().expect("a run fails at a limit or by a panic");
        let (at, nodes) = (core.now, core.nodes_not_running());
        drop(core);
        RunError::Limit { limit, at, pending: self.run.pending(), nodes }
    }

    fn deadlock(&self) -> RunError {
        let escaped = self.run.id.escaped_wake();
        let mut core = self.run.core.borrow_mut();
        let escaped = escaped.and_then(|task| core.tasks.get(task).map(|slot| slot.lineage));
        let escaped = escaped.map(|lineage| core.lineages.path(lineage));
        let (at, nodes) = (core.now, core.nodes_not_running());
        drop(core);
        let pending = self.run.pending();
        RunError::Deadlock(Deadlock { at, pending, nodes, woken_from_outside: escaped })
    }
}

impl Core {
    #[inline(always)]
    /// Notes that time is moved for devices alone; whether that was so several times with no poll in between.
    fn is_silent(&mut self) -> bool {
        const SILENCE_MIN: u32 = 4;
        let (polls, times) = self.silence;
        self.silence = (self.polls, if polls == self.polls { times + 1 } else { 0 });
        self.silence.1 >= SILENCE_MIN
    }

    fn next(&mut self) -> Next {
        if !self.resumed.is_empty()
            && let Some(task) = self.resumed.pop_front()
        {
            let node = self.tasks.at_mut(task.index).node;
            // In no list, since it has kept the CPU all the time.
            return Next::Poll { index: task.index, ends_iteration: self.ready.is_between_iterations(node) };
        }
        if self.ready.look_outside() {
            return Next::Bury;
        }
        if self.names_polls && self.ready.total() > 1 {
            return Next::Ask;
        }
        let Some((index, ends_iteration)) = self.ready.take_gentlest() else { return Next::Wait };
        if self.names_polls && self.fresh.last().is_some_and(|fresh| fresh.task.index == index) {
            self.fresh.pop();
        }
        Next::Poll { index, ends_iteration }
    }
}
