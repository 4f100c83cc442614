//! What is kept of a task besides its slot: looked at when the task begins or ends, and for reports.

use std::any::Any;
use std::panic::Location;
use std::task::Waker;

use super::stats::Waits;
use crate::choice::TaskId;

/// Who waits for a task's end.
#[derive(Debug)]
pub(crate) enum Joiner {
    Nobody,
    /// Another task, by its own waker.
    Task(TaskId),
    /// A future with a waker of another library.
    Foreign(Waker),
}

/// Why a task ended without an output.
pub(crate) enum Failure {
    Cancelled,
    Panicked {
        message: String,
        /// `file:line:column`, if a panic hook noted it.
        location: Option<String>,
        payload: Box<dyn Any + Send>,
    },
}

/// Kept apart from the slots, so that more of those fit into a cache.
pub(crate) struct Background {
    joiner: Joiner,
    failure: Option<Box<Failure>>,
    spawned_at: &'static Location<'static>,
    /// In the order of spawns over the whole run.
    number: u64,
    kind: u32,
    /// Whether it is there for others only: it is not missed when nothing else goes on, nor when it is left at the end.
    is_background: bool,
    /// How many polls the task has had at the operation at which it waited before the present one, and the hash of its label;
    /// zero is none.
    previous_polls: u32,
    previous_label: u64,
    /// Which of all the times that tasks became ready; counted only for a source that orders tasks.
    stamp: u32,
    /// How many polls there had been in the run when it became ready; noted only for a source that orders tasks.
    ready_since: u64,
    /// Only where statistics are kept.
    waits: Option<Box<Waits>>,
}

impl Background {
    /// That of a vacant slot.
    pub(super) fn new() -> Self {
        Background {
            joiner: Joiner::Nobody,
            failure: None,
            spawned_at: Location::caller(),
            number: 0,
            kind: u32::MAX,
            is_background: false,
            previous_polls: 0,
            previous_label: 0,
            stamp: 0,
            ready_since: 0,
            waits: None,
        }
    }

    /// Makes it that of the next task; what the task before has left empty is not written.
    #[inline]
    pub(super) fn begin(&mut self, kind: u32, spawned_at: &'static Location<'static>, number: u64) {
        (self.kind, self.spawned_at, self.number) = (kind, spawned_at, number);
        self.previous_label = 0;
        self.is_background = false;
        if self.waits.is_some() {
            self.waits = None;
        }
    }

    #[inline]
    pub(super) fn previous_polls(&self) -> (u64, u32) {
        (self.previous_label, self.previous_polls)
    }

    #[inline]
    pub(super) fn set_previous_polls(&mut self, label_hash: u64, polls: u32) {
        (self.previous_label, self.previous_polls) = (label_hash, polls);
    }

    /// How many tasks were spawned before.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    #[inline]
    pub(crate) fn kind(&self) -> u32 {
        self.kind
    }

    pub(crate) fn is_background(&self) -> bool {
        self.is_background
    }

    pub(crate) fn set_background(&mut self) {
        self.is_background = true;
    }

    /// Whether this task waits for the end of it, by its own waker.
    pub(crate) fn is_joined_by(&self, task: TaskId) -> bool {
        matches!(self.joiner, Joiner::Task(joiner) if joiner == task)
    }

    pub(crate) fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// Sets who waits for the task's end; gives who did.
    #[inline]
    pub(crate) fn set_joiner(&mut self, joiner: Joiner) -> Joiner {
        std::mem::replace(&mut self.joiner, joiner)
    }

    /// Lets a task wait for the task's end in place of who did. If that has a waker of another library nothing happens, as that is
    /// to be dropped with nothing borrowed: `false`.
    #[inline(always)]
    pub(crate) fn join_by(&mut self, task: TaskId) -> bool {
        if matches!(self.joiner, Joiner::Foreign(_)) {
            return false;
        }
        self.joiner = Joiner::Task(task);
        true
    }

    /// Who waits for the task's end, and nobody does from now on.
    #[inline(always)]
    pub(crate) fn take_joiner(&mut self) -> Joiner {
        self.set_joiner(Joiner::Nobody)
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        self.failure = Some(Box::new(failure));
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_deref()
    }

    #[inline]
    pub(crate) fn take_failure(&mut self) -> Option<Box<Failure>> {
        self.failure.take()
    }

    /// Notes that the task became ready, for a source that orders tasks.
    pub(crate) fn stamp(&mut self, stamp: u32, polls: u64) {
        (self.stamp, self.ready_since) = (stamp, polls);
    }

    /// Which of all the times that tasks became ready it was, and after how many polls of the run.
    pub(crate) fn stamped(&self) -> (u32, u64) {
        (self.stamp, self.ready_since)
    }

    /// How long the task waited for its polls, where statistics are kept.
    pub(crate) fn waits_mut(&mut self) -> &mut Waits {
        self.waits.get_or_insert_default()
    }
}
