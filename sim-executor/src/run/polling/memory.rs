//! The memory that the polls of a run leave to those of the next.

use std::collections::VecDeque;
use std::mem::take;

use super::Polling;
use crate::choice::TaskId;
use crate::reuse::Reuse as _;
use crate::task::{Kinds, ReadyMemory, TaskTable};

/// The collections of [`Polling`], all of them empty, except that types of futures stay known.
#[derive(Default)]
pub(crate) struct PollingMemory {
    pub(super) ready: ReadyMemory,
    pub(super) tasks: TaskTable,
    pub(super) resumed: VecDeque<TaskId>,
    pub(super) kinds: Kinds,
}

impl Polling {
    /// Takes the memory out at the end of the run, when no task is left.
    pub(in crate::run) fn take_memory(&mut self) -> PollingMemory {
        PollingMemory {
            ready: self.ready.take_memory(),
            tasks: take(&mut self.tasks).renewed(),
            resumed: take(&mut self.resumed).renewed(),
            kinds: take(&mut self.kinds).kept(),
        }
    }
}
