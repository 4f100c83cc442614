//! What ends a run, or a call that drives it: limits, panics, and who asks for it.

use std::collections::BTreeMap;

use super::outside_panic::OutsidePanic;
use super::panics::Panics;
use super::report::TaskPanic;
use crate::choice::TaskId;
use crate::limits::{LimitReached, Limits};
use crate::property::Violated;
use crate::reuse::Reuse as _;
use crate::task::NodeId;

/// A task that a limit is about.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Culprit {
    /// It goes on and on in one poll.
    Hog(TaskId),
    /// It has waited for so many polls of others while it was ready.
    Starved(TaskId, u64),
}

/// The limits, what was reached of them, and the panics that nobody observed.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    limits: Limits,
    limit: Option<LimitReached>,
    /// The task that has brought the limit about, where it is one.
    culprit: Option<Culprit>,
    /// A task that nobody can wake any more, if that fails the run.
    dead: Option<TaskId>,
    /// The first panic that nobody observed.
    panic: Option<TaskPanic>,
    /// All panics of tasks.
    panics: Panics,
    /// The first panic of code that is no task's.
    outside: Option<OutsidePanic>,
    /// The first property that did not hold, if nothing had failed before.
    violated: Option<Violated>,
    /// Where the latest panic happened, if a hook noted it.
    panic_location: Option<String>,
    /// The functions of panics, by their locations, if they are looked up.
    panicked_in: Option<BTreeMap<String, String>>,
    /// Panics after which a node starts again.
    survived: Vec<TaskPanic>,
    /// The node that asked the loop to come back at the end of its iteration.
    stopping: Option<NodeId>,
    /// Whether the loop has to look why it should come back.
    interrupted: bool,
    /// The polls so far when time was last moved for devices alone, and how often that was since the last poll.
    silence: (u64, u32),
}

impl Verdict {
    /// Begins a run.
    pub(super) fn configure(&mut self, limits: Limits, panic_functions: bool) {
        self.limits = limits;
        self.panicked_in = panic_functions.then(BTreeMap::new);
    }

    /// Makes it as new for the next run, which calls [`Verdict::configure`].
    pub(super) fn renew(&mut self) {
        let Verdict {
            limits: _,
            limit,
            culprit,
            dead,
            panic,
            panics,
            outside,
            violated,
            panic_location,
            panicked_in,
            survived,
            stopping,
            interrupted,
            silence,
        } = self;
        (*limit, *culprit, *dead) = (None, None, None);
        *panic = None;
        panics.renew();
        (*outside, *violated) = (None, None);
        (*panic_location, *panicked_in) = (None, None);
        survived.renew();
        (*stopping, *interrupted, *silence) = (None, false, (0, 0));
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// A limit was reached; of several the first counts.
    pub(super) fn limit_reached(&mut self, limit: impl FnOnce(&Limits) -> LimitReached) {
        self.limit.get_or_insert_with(|| limit(&self.limits));
        self.interrupted = true;
    }

    /// A limit was reached, and it is this task's doing, or its harm.
    pub(crate) fn limit_reached_by(&mut self, culprit: Culprit, limit: impl FnOnce(&Limits) -> LimitReached) {
        if self.limit.is_none() {
            self.culprit = Some(culprit);
        }
        self.limit_reached(limit);
    }

    pub(super) fn culprit(&self) -> Option<Culprit> {
        self.culprit
    }

    /// Nobody can wake this task any more, and that fails the run, unless something has before.
    pub(super) fn fail_by_dead_waker(&mut self, task: TaskId) {
        if !self.has_failed() {
            self.dead = Some(task);
        }
        self.interrupted = true;
    }

    /// The task that nobody can wake any more.
    pub(crate) fn dead(&self) -> Option<TaskId> {
        self.dead
    }

    pub(crate) fn has_limit(&self) -> bool {
        self.limit.is_some()
    }

    /// Whether the run has failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.limit.is_some()
            || self.panic.is_some()
            || self.outside.is_some()
            || self.violated.is_some()
            || self.dead.is_some()
    }

    pub(crate) fn take_limit(&mut self) -> Option<LimitReached> {
        self.limit.take()
    }

    /// A panic that nobody observes fails the run, unless something has before.
    pub(super) fn fail(&mut self, panic: TaskPanic) {
        let panic = self.with_causes(panic);
        if !self.has_failed() {
            self.panic = Some(panic);
        }
        self.interrupted = true;
    }

    /// A panic of code that is no task's fails the run, unless something has before.
    pub(super) fn fail_outside(&mut self, panic: OutsidePanic) {
        if !self.has_failed() {
            self.outside = Some(panic);
        }
        self.interrupted = true;
    }

    pub(crate) fn take_outside_panic(&mut self) -> Option<OutsidePanic> {
        self.outside.take()
    }

    /// A property that does not hold fails the run, unless something has before.
    pub(super) fn violate(&mut self, violated: Violated) {
        if !self.has_failed() {
            self.violated = Some(violated);
        }
        self.interrupted = true;
    }

    /// The property that did not hold. It stays, so that a program which drives its run on fails again.
    pub(crate) fn violated(&self) -> Option<&Violated> {
        self.violated.as_ref()
    }

    pub(crate) fn panics_mut(&mut self) -> &mut Panics {
        &mut self.panics
    }

    /// The first panic that led to this one, with all that came of it.
    pub(crate) fn with_causes(&self, panic: TaskPanic) -> TaskPanic {
        self.panics.with_causes(panic)
    }

    pub(crate) fn take_panic(&mut self) -> Option<TaskPanic> {
        self.panic.take()
    }

    /// A panic that nobody observes, and that its node survives.
    pub(super) fn survive(&mut self, panic: TaskPanic) {
        self.survived.push(panic);
        self.interrupted = true;
    }

    pub(crate) fn take_survived(&mut self) -> Vec<TaskPanic> {
        std::mem::take(&mut self.survived)
    }

    pub(crate) fn note_panic_location(&mut self, location: Option<String>, function: Option<String>) {
        const FUNCTIONS_MAX: usize = 64;
        if let (Some(functions), Some(location), Some(function)) =
            (&mut self.panicked_in, &location, function)
            && functions.len() < FUNCTIONS_MAX
        {
            functions.insert(location.clone(), function);
        }
        self.panic_location = location;
    }

    pub(crate) fn wants_panic_functions(&self) -> bool {
        self.panicked_in.is_some()
    }

    /// Takes the functions of panics, by their locations.
    pub(crate) fn take_panicked_in(&mut self) -> BTreeMap<String, String> {
        self.panicked_in.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn take_panic_location(&mut self) -> Option<String> {
        self.panic_location.take()
    }

    /// Asks the loop to look why it should come back.
    #[inline]
    pub(crate) fn interrupt(&mut self) {
        self.interrupted = true;
    }

    #[inline]
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    pub(crate) fn end_interruption(&mut self) {
        self.interrupted = false;
    }

    /// Asks the loop to come back at the end of the node's iteration.
    pub(crate) fn stop(&mut self, node: NodeId) {
        self.stopping = Some(node);
    }

    #[inline]
    pub(crate) fn stopping(&self) -> Option<NodeId> {
        self.stopping
    }

    pub(crate) fn forget_stop(&mut self) {
        self.stopping = None;
    }

    /// Notes that time is moved for devices alone, after so many polls; whether that was so several times with no poll in
    /// between.
    #[inline]
    pub(super) fn is_silent(&mut self, polls: u64) -> bool {
        const SILENCE_MIN: u32 = 4;
        let (before, times) = self.silence;
        self.silence = (polls, if polls == before { times + 1 } else { 0 });
        self.silence.1 >= SILENCE_MIN
    }
}
