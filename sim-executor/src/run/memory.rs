//! The memory that one run leaves to the next: collections without anything in them.

use super::devices::DevicesMemory;
use super::nodes::NodesMemory;
use super::polling::PollingMemory;
use super::time::TimeMemory;
use super::{Alarm, Run};
use crate::choice::Lineages;
use crate::clock::EventQueue;

/// The memory of each room. What is not named here begins anew in each run.
#[derive(Default)]
pub(crate) struct RunMemory {
    pub(super) time: TimeMemory,
    pub(super) lineages: Lineages,
    pub(super) polling: PollingMemory,
    pub(super) nodes: NodesMemory,
    pub(super) scratch: String,
    pub(super) devices: DevicesMemory,
}

impl Run {
    /// Takes the memory out at the end of the run, with that of the alarms, whose program's code was dropped before. Of a run
    /// whose program could not be dropped, nothing is kept.
    pub(crate) fn take_memory(&mut self, alarms: Option<EventQueue<Alarm>>) -> RunMemory {
        let core = self.core.get_mut();
        if core.polling.tasks().len() > 0 {
            return RunMemory::default();
        }
        RunMemory {
            time: core.time.take_memory(alarms),
            lineages: core.decisions.take_memory(),
            polling: core.polling.take_memory(),
            nodes: core.nodes.take_memory(),
            scratch: core.log.take_memory(),
            devices: self.devices.take_memory(),
        }
    }
}
