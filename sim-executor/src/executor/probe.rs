//! Where tasks wait, found by polling each once more when the run is over.
//!
//! A task may wait at several things, and only its next poll goes past all of them. A poll without a wake is always allowed, and
//! in a run that stands still it changes nothing, as every operation would wait again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll};

use super::Executor;
use crate::await_site::AwaitSite;
use crate::choice::TaskId;
use crate::context::Probe;
use crate::run::{Activity, PendingTask};
use crate::task::Wait;

/// More tasks are not asked, since nobody would read of them.
const TASKS_MAX: usize = 1_000;

/// More waits of one task are not told.
const WAITS_MAX: usize = 16;

/// What came of the poll of one task.
struct Probed {
    waits: Vec<Wait>,
    /// How many wakers were taken by what has not said what it waits for.
    unknown: usize,
    /// Where the wakers were taken, if that is looked at.
    awaits: Vec<AwaitSite>,
    /// It is not pending: it could go on, and nothing had woken it.
    goes_on: bool,
}

impl Executor {
    /// The tasks that have not ended, in the order of their spawns, with all that each waits for. The run is over after it. If it
    /// `stands_still`, a task that goes on then was not woken when it should have been.
    pub(super) fn probe(&self, stands_still: bool) -> Vec<PendingTask> {
        let mut pending = self.run.pending();
        let alive = self.run.core().polling.tasks().alive();
        for (task, pending) in alive.into_iter().zip(&mut pending).take(TASKS_MAX) {
            if pending.is_frozen {
                continue;
            }
            let Some(mut probed) = self.probe_task(task) else { continue };
            pending.awaits = std::mem::take(&mut probed.awaits);
            pending.goes_on = probed.goes_on && stands_still;
            if !probed.goes_on {
                self.tell_waits(pending, probed);
            }
        }
        pending
    }

    /// The stack that is looked at ends here: who reads it looks for this name.
    #[inline(never)]
    fn probe_task(&self, task: TaskId) -> Option<Probed> {
        let mut memory = self.run.core_mut().begin_probe(task)?;
        let probe = Probe::begin(self.run.awaits());
        let polled =
            catch_unwind(AssertUnwindSafe(|| memory.as_mut().poll(&mut Context::from_waker(probe.waker()))));
        let (taken, awaits) = probe.end();
        let waits = self.run.core_mut().end_probe(task, memory);
        let goes_on = !matches!(polled, Ok(Poll::Pending));
        let unknown = taken.saturating_sub(waits.len());
        Some(Probed { waits, unknown, awaits, goes_on })
    }

    /// Tells all that a task waits for. One that has named nothing and taken no waker waits where it said so before.
    fn tell_waits(&self, pending: &mut PendingTask, probed: Probed) {
        let mut told: Vec<Activity> = Vec::new();
        for wait in probed.waits {
            let activity = self.run.activity_at(wait);
            if !told.contains(&activity) && told.len() < WAITS_MAX {
                told.push(activity);
            }
        }
        if probed.unknown > 0 {
            // A set of futures polls only those of its futures that were woken: what they wait for was said before.
            let known_before = told.is_empty().then_some(&pending.activity);
            told.push(Activity::unknown(known_before));
        }
        if !told.is_empty() {
            pending.activity = told.remove(0);
            pending.also = told;
        }
    }
}
