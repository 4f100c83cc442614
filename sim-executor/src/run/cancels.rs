//! How a run drops futures at other moments than its clock or its program say.

use super::Run;
use crate::choice::{Fault, Label, Ratio, TaskId};
use crate::config::Config;

/// An abort that lands a poll later.
const ABORT: Label = Label::new("cancel.abort");

/// Of what it is asked, with which probability: also where that is zero, if the source asks about it anyway.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cancels {
    /// Of [`Config::cancel_timeouts`].
    pub(crate) timeouts: Option<Ratio>,
    /// Of [`Config::cancel_selects`].
    pub(crate) selects: Option<Ratio>,
    /// Of [`Config::late_aborts`].
    pub(crate) aborts: Option<Ratio>,
}

impl Cancels {
    pub(super) fn new(config: &Config, is_asked_anyway: bool) -> Self {
        let asked = |set: Ratio| (is_asked_anyway || !set.is_never()).then_some(set);
        Cancels {
            timeouts: asked(config.cancel_timeouts),
            selects: asked(config.cancel_selects),
            aborts: asked(config.late_aborts),
        }
    }
}

impl Run {
    /// Whether the abort of this task lands only at its next await, as if the task were being polled by another thread just now. So it can be
    /// if the task is ready; one that waits is dropped where it is.
    pub(crate) fn aborts_late(&self, task: TaskId) -> bool {
        let Some(set) = self.cancels.aborts else { return false };
        if self.late_aborts.borrow().contains(&task) {
            return true;
        }
        let actor = {
            let core = self.core();
            let Some(slot) = core.polling.tasks().get(task) else { return false };
            let is_blocking = core.nodes.host_of(slot.node()).0 != slot.node();
            if !slot.is_ready() || slot.is_cancelled() || is_blocking {
                return false;
            }
            slot.lineage()
        };
        let probability = self.probability_of(Fault::Cancel, set);
        let is_late = !probability.is_never() && self.ask_flag(actor, ABORT, probability);
        if is_late {
            self.late_aborts.borrow_mut().push(task);
        }
        is_late
    }

    /// After a poll of this task: an abort that was late lands now.
    pub(super) fn land_late_abort(&self, task: TaskId) {
        if self.cancels.aborts.is_none() {
            return;
        }
        let mut late = self.late_aborts.borrow_mut();
        let before = late.len();
        late.retain(|other| *other != task);
        let is_due = late.len() < before;
        drop(late);
        if is_due {
            self.core_mut().cancel(task);
        }
    }
}
