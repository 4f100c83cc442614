//! Where tasks wait that are polled once more after the run.

use super::Polling;
use crate::task::{Origin, Wait};

impl Polling {
    /// Keeps the places where tasks wait, or no longer; gives those of before.
    pub(in crate::run) fn set_probed(&mut self, probed: Option<Vec<Wait>>) -> Option<Vec<Wait>> {
        std::mem::replace(&mut self.probed, probed)
    }

    /// The current task has said a second time in one poll where it waits.
    #[inline]
    pub(in crate::run) fn keep_wait(&mut self, before: Wait) {
        if let Some(probed) = &mut self.probed {
            probed.push(before);
        }
    }

    /// Whether something is done when a task becomes ready that is off by default.
    pub(in crate::run) fn watches_wakes(&self) -> bool {
        self.watches_wakes
    }

    /// Where wakes come from just now.
    pub(in crate::run) fn origin(&self) -> Origin {
        self.origin
    }
}
