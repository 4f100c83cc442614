//! The panics of a run, and which of them came of which.

use super::Core;
use super::report::TaskPanic;
use crate::choice::TaskId;
use crate::reuse::Reuse as _;
use crate::task::Failure;

/// So many are kept.
const PANICS_MAX: usize = 16;

/// The first panics of tasks, in their order.
#[derive(Debug, Default)]
pub(crate) struct Panics {
    all: Vec<Panicked>,
    /// The panic that a handle gave last: to whom, and in which poll of the run.
    handed: Option<Handed>,
}

#[derive(Debug)]
struct Panicked {
    panic: TaskPanic,
    /// Its place among all of that which the task had been handed when it panicked.
    cause: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Handed {
    place: usize,
    to: TaskId,
    poll: u64,
}

impl Panics {
    /// Makes it as new.
    pub(super) fn renew(&mut self) {
        let Panics { all, handed } = self;
        all.renew();
        *handed = None;
    }

    fn place(&self, lineage: &str, message: &str) -> Option<usize> {
        self.all.iter().rposition(|known| &*known.panic.lineage == lineage && known.panic.message == message)
    }

    /// The first panic that led to this one, with all that came of it.
    pub(super) fn with_causes(&self, panic: TaskPanic) -> TaskPanic {
        let mut chain = vec![panic];
        let mut cause =
            self.place(&chain[0].lineage, &chain[0].message).and_then(|place| self.all[place].cause);
        while let Some(place) = cause {
            chain.push(self.all[place].panic.clone());
            cause = self.all[place].cause;
        }
        let mut first = chain.pop().expect("it has one at least");
        chain.reverse();
        first.then = chain;
        first
    }

    /// All of them.
    pub(crate) fn take(&mut self) -> Vec<TaskPanic> {
        std::mem::take(&mut self.all).into_iter().map(|known| known.panic).collect()
    }
}

impl Core {
    /// The current task has panicked.
    #[cold]
    pub(crate) fn note_panic_of(&mut self, task: TaskId, failure: &Failure) {
        let Failure::Panicked { message, location, .. } = failure else { return };
        let poll = self.polling.polls();
        let (slot, background) = self.polling.whole_mut(task.index);
        let (lineage, spawned_at) = (slot.lineage(), background.spawned_at());
        let lineage = self.decisions.lineages_mut().path(lineage);
        let (message, location) = (message.clone(), location.clone());
        let panic = TaskPanic { lineage, spawned_at, message, location, then: Vec::new() };
        let panics = self.verdict.panics_mut();
        if panics.all.len() == PANICS_MAX {
            return;
        }
        // As a handle's error is unwrapped, or its payload thrown again, in the poll that got it.
        let handed = panics.handed.filter(|handed| handed.to == task && handed.poll == poll);
        let cause = handed.map(|handed| handed.place).filter(|&place| {
            let cause = &panics.all[place].panic.message;
            let quoted = format!("{cause:?}");
            ["JoinError", cause, quoted.trim_matches('"')].iter().any(|part| panic.message.contains(part))
        });
        panics.all.push(Panicked { panic, cause });
    }

    /// A handle gives its error to the current task.
    #[cold]
    pub(super) fn note_handed(&mut self, lineage: &str, failure: &Failure) {
        let Failure::Panicked { message, .. } = failure else { return };
        let (poll, current) = (self.polling.polls(), self.polling.current());
        let panics = self.verdict.panics_mut();
        panics.handed = match (panics.place(lineage, message), current) {
            (Some(place), Some(to)) => Some(Handed { place, to, poll }),
            _ => None,
        };
    }
}
