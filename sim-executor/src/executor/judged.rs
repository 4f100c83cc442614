//! What the promises of a run make of its outcome.

use super::{Executor, Outcome, RunError};

impl Executor {
    /// The outcome, unless a property says otherwise that did not hold, or is still pending.
    pub(super) fn judged(&self, outcome: Outcome) -> Outcome {
        if self.finished || !outcome.is_done() {
            return outcome;
        }
        {
            let mut core = self.run.core_mut();
            core.polling.set_current(None);
            core.look_at_pending_properties();
            if let Some(violated) = core.verdict.violated() {
                return RunError::Violated(violated.clone()).into();
            }
        }
        match self.run.leaks().map(|allowed| self.check_leaks(allowed)) {
            Some(Err(leaked)) => leaked.into(),
            _ => outcome,
        }
    }
}
