//! The loop: poll what is ready; else move time; fire what is due.

use std::cell::RefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Executor, RunError};
use crate::clock::Instant;
use crate::run::{Alarm, Core, IN_THE_LOOP, Next, manner};
use crate::task::Origin;

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

impl Executor {
    pub(super) fn run_loop(&self, goal: Goal) -> Result<Exit, RunError> {
        let exit = self.guarded(|| self.run_until(goal));
        let mut core = self.run.core_mut();
        // What was to end this call does not end the next.
        core.polling.set_awaited(None);
        core.verdict.forget_stop();
        exit
    }

    /// Drives the run. Code of devices, packet hooks and foreign wakers runs in there; a panic of theirs ends the run.
    pub(super) fn guarded<T>(&self, drive: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
        let driven = catch_unwind(AssertUnwindSafe(drive));
        driven.unwrap_or_else(|payload| {
            Err(RunError::PanickedOutside(self.run.outside_panic(payload, IN_THE_LOOP)))
        })
    }

    fn run_until(&self, goal: Goal) -> Result<Exit, RunError> {
        // What became due while no call ran goes behind what is ready already, before the first iteration.
        if self.run.core().polling.ready().all_between_iterations() {
            self.look_around();
        }
        loop {
            let turn = self.poll_ready(goal);
            match turn {
                Turn::GoOn => continue,
                // A device that acts for this node only has waited until its CPU was free. A task that has blocked goes on
                // first: what it makes ready comes before what came from outside.
                Turn::Released if !self.run.core().polling.has_resumed() => self.look_around(),
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
            // Such as a node whose program could not be spawned.
            Turn::Deadlock if self.run.core().verdict.has_failed() => Err(self.failure()),
            Turn::Deadlock => Err(self.deadlock()),
        }
    }

    /// Polls what is ready, until time has to move or something else has to be seen to, and sees to that.
    pub(super) fn poll_ready(&self, goal: Goal) -> Turn {
        let manner = self.run.core().polling.manner();
        match (manner, self.run.around().is_some()) {
            (manner::PRODUCTION, false) => self.poll_ready_in::<{ manner::PRODUCTION }, false>(goal),
            (manner::PRODUCTION, true) => self.poll_ready_in::<{ manner::PRODUCTION }, true>(goal),
            (manner::KEYED, false) => self.poll_ready_in::<{ manner::KEYED }, false>(goal),
            (manner::KEYED, true) => self.poll_ready_in::<{ manner::KEYED }, true>(goal),
            (manner::PICKED, false) => self.poll_ready_in::<{ manner::PICKED }, false>(goal),
            (manner::PICKED, true) => self.poll_ready_in::<{ manner::PICKED }, true>(goal),
            _ => self.poll_ready_in::<{ manner::ANY }, true>(goal),
        }
    }

    /// The same, compiled for each manner of polling, and for whether something may stand around each poll, so that the common
    /// ones look at no switches.
    #[inline(never)]
    fn poll_ready_in<const MANNER: u8, const AROUND: bool>(&self, goal: Goal) -> Turn {
        let mut core = self.run.core_mut();
        loop {
            let (index, ends_iteration) = if let Some(task) = core.polling.pop_resumed() {
                // In no list, since it has kept the CPU all the time.
                let cpu = core.polling.tasks().at(task.index).node();
                (task.index, core.polling.ready().is_between_iterations(cpu))
            } else {
                if core.polling.look_outside() {
                    drop(core);
                    return self.bury();
                }
                let taken = if MANNER == manner::PRODUCTION {
                    core.polling.take_gentlest()
                } else {
                    match core.take_next::<MANNER>() {
                        Next::Poll(index, ends_iteration) => Some((index, ends_iteration)),
                        Next::Asked => {
                            drop(core);
                            let task = self.run.ask_next();
                            core = self.run.core_mut();
                            Some((task.index, core.polling.take(task.index)))
                        }
                        Next::Picked => Some(self.run.pick_next::<MANNER>(&mut core)),
                        Next::Nothing => None,
                    }
                };
                match taken {
                    Some(taken) => taken,
                    None => {
                        drop(core);
                        match self.pass_time(goal) {
                            Turn::GoOn => {
                                core = self.run.core_mut();
                                continue;
                            }
                            turn => return turn,
                        }
                    }
                }
            };
            core = if MANNER == manner::ANY && core.polling.watches_each_poll() {
                self.run.look_after(core, index, |core| self.poll_task::<MANNER, AROUND>(core, index))
            } else {
                self.poll_task::<MANNER, AROUND>(core, index)
            };
            if (MANNER == manner::ANY || MANNER == manner::PICKED) && core.facts.are_untold() {
                self.run.tell_facts(&mut core);
            }
            if core.verdict.is_interrupted() {
                drop(core);
                return self.interruption(ends_iteration);
            }
            if ends_iteration {
                core.polling.look_outside();
                let now = core.time.now();
                if core.verdict.stopping().is_some()
                    || core.time.is_alarm_due()
                    || self.run.devices().is_due(now)
                {
                    drop(core);
                    return self.between_iterations();
                }
                if self.run.devices().has_to_be_asked() {
                    // With nothing borrowed, since a device may look at the run.
                    drop(core);
                    if self.run.devices().next_due().is_some_and(|due| due <= now) {
                        return self.between_iterations();
                    }
                    core = self.run.core_mut();
                }
            }
        }
    }

    /// Drops tasks of dead nodes.
    #[cold]
    fn bury(&self) -> Turn {
        self.run.bury();
        let core = self.run.core();
        if !core.verdict.is_interrupted() && !core.verdict.has_limit() {
            return Turn::GoOn;
        }
        drop(core);
        self.interruption(false)
    }

    /// Sees why the loop was to come back.
    #[cold]
    fn interruption(&self, ends_iteration: bool) -> Turn {
        self.run.look_at_added_invariants();
        let mut core = self.run.core_mut();
        core.verdict.end_interruption();
        if core.verdict.has_failed() {
            return Turn::Failed;
        }
        if core.nodes.is_any_panicked() {
            drop(core);
            self.run.restart_panicked();
            core = self.run.core_mut();
        }
        if core.nodes.is_any_starting() {
            drop(core);
            self.run.start_waiting();
            core = self.run.core_mut();
        }
        if core.polling.awaited().is_some_and(|task| core.has_ended(task)) {
            return Turn::Exit(Exit::Reached);
        }
        if ends_iteration {
            core.polling.look_outside();
            drop(core);
            return self.between_iterations();
        }
        Turn::GoOn
    }

    /// What an event loop does between two iterations: looks whether it should stop, and at what is due.
    fn between_iterations(&self) -> Turn {
        if self.run.core_mut().take_stop() {
            return Turn::Exit(Exit::Stopped);
        }
        self.look_at_due();
        Turn::GoOn
    }

    /// Sees to what came from outside while a CPU was held, then to what is due now.
    #[cold]
    fn look_around(&self) {
        self.run.core_mut().polling.look_outside();
        self.look_at_due();
    }

    /// Fires what is due now, if anything is.
    #[inline]
    fn look_at_due(&self) {
        let device = self.run.devices().next_due();
        let (alarm, now) = {
            let core = self.run.core();
            (core.time.next_alarm(), core.time.now())
        };
        if device.into_iter().chain(alarm).any(|due| due <= now) {
            self.fire_due(self.run.core_mut(), device);
        }
    }

    /// Nothing is ready: moves time to what is due first.
    #[inline(never)]
    fn pass_time(&self, goal: Goal) -> Turn {
        let device = self.run.devices().next_due();
        let mut core = self.run.core_mut();
        let alarm = core.time.next_alarm();
        if core.verdict.stopping().is_some() && core.take_stop() {
            return Turn::Exit(Exit::Stopped);
        }
        if core.polling.has_background() {
            drop(core);
            return self.pass_time_beside_background(goal, device);
        }
        if alarm.is_none() && core.is_silent() {
            drop(core);
            return self.pass_silence(goal, device);
        }
        let due = match (device, alarm) {
            (Some(device), Some(alarm)) => Some(device.min(alarm)),
            (device, alarm) => device.or(alarm),
        };
        self.pass_time_to(goal, core, due, device)
    }

    /// Moves time for devices alone, as it was several times by now: that goes on only if it can come to something.
    #[cold]
    fn pass_silence(&self, goal: Goal, device: Option<Instant>) -> Turn {
        // With nothing borrowed, since a device may look at the run.
        let due = device.filter(|_| self.run.devices().may_wake());
        self.pass_time_to(goal, self.run.core_mut(), due, device)
    }

    /// The same where some tasks are there for others only: if nothing but they have anything to wait for, nobody whom they serve goes on.
    #[cold]
    fn pass_time_beside_background(&self, goal: Goal, device: Option<Instant>) -> Turn {
        let may_device_wake = device.is_some() && self.run.devices().may_wake();
        let core = self.run.core_mut();
        let is_awaited = matches!(goal, Goal::End | Goal::Stop);
        if is_awaited && !may_device_wake && core.waits_for_background_only() {
            return Turn::Deadlock;
        }
        let alarm = core.time.next_alarm();
        let due = device.into_iter().chain(alarm).min();
        self.pass_time_to(goal, core, due, device)
    }

    #[inline(always)]
    fn pass_time_to<'run>(
        &'run self,
        goal: Goal,
        mut core: RefMut<'run, Core>,
        due: Option<Instant>,
        device: Option<Instant>,
    ) -> Turn {
        if let Goal::Time(until) = goal
            && due.is_none_or(|due| due > until)
        {
            core.advance_to(until);
            return Turn::Exit(Exit::Reached);
        }
        let Some(due) = due else {
            return if matches!(goal, Goal::Idle) { Turn::Exit(Exit::Reached) } else { Turn::Deadlock };
        };
        if core.time.is_over_at(due) && self.is_over(&mut core, due) {
            core.verdict.end_interruption();
            return Turn::Failed;
        }
        let to = core.time.now().max(due);
        core.advance_to(to);
        if !self.fire_due(core, device) {
            return Turn::GoOn;
        }
        // A node that was to stop, and whose CPU was held after its iteration.
        if self.run.core_mut().take_stop() {
            return Turn::Exit(Exit::Stopped);
        }
        Turn::Released
    }

    /// Lets everything act that is due now: devices first, then timers in the order (due, creation). Says whether a CPU was
    /// released.
    #[inline(always)]
    fn fire_due<'run>(&'run self, mut core: RefMut<'run, Core>, device: Option<Instant>) -> bool {
        let now = core.time.now();
        if device.is_some_and(|due| due <= now) {
            core.polling.set_origin(Origin::Device);
            drop(core);
            self.run.devices().fire(now);
            core = self.run.core_mut();
            core.polling.set_origin(Origin::Task);
        }
        core.time.is_alarm_due() && self.fire_alarms(core)
    }

    fn fire_alarms<'run>(&'run self, mut core: RefMut<'run, Core>) -> bool {
        let mut released = false;
        core.polling.set_origin(Origin::Timer);
        loop {
            let Some(alarm) = core.time.pop_alarm() else {
                core.polling.set_origin(Origin::Task);
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
                    core = self.run.core_mut();
                }
                Alarm::Settle => {
                    // The loop is to come back: it polls in another manner from here on.
                    released = true;
                    drop(core);
                    self.run.begin_to_settle();
                    core = self.run.core_mut();
                }
                Alarm::Fate(node, fate) => {
                    drop(core);
                    self.run.meet_fate(node, fate);
                    core = self.run.core_mut();
                }
            }
        }
    }
}
