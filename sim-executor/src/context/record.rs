//! What is kept of a run: decisions if it is recorded, and records of what happened if it is traced.

use std::rc::Rc;

use super::run::Core;
use crate::choice::{Decision, Key, LineageId, TaskId, Value};
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::trace::{Event, Record, TraceLevel};

impl Core {
    /// Keeps a decision, if the run is recorded.
    #[inline]
    pub(crate) fn record_decision(&mut self, key: Key, value: Value, is_default: bool) {
        let Some(recording) = &mut self.recording else { return };
        if recording.decisions.len() < self.limits.decisions_max {
            recording.decisions.push(Decision { key, value, is_default });
        } else {
            self.limit_reached(LimitReached::decisions(&self.limits));
        }
    }

    pub(crate) fn record(&mut self, at: Instant, lineage: Rc<str>, event: Event) {
        if self.trace.records.len() < self.limits.records_max {
            self.trace.records.push(Record { at, lineage, event });
        } else {
            self.limit_reached(LimitReached::records(&self.limits));
        }
    }

    /// Records what happened to a node.
    pub(crate) fn record_node(&mut self, lineage: LineageId, event: Event) {
        if self.trace_level >= TraceLevel::Events {
            let (at, lineage) = (self.now, self.lineages.path(lineage));
            self.record(at, lineage, event);
        }
    }

    /// Records what happened to a task, if everything is recorded.
    pub(crate) fn record_task(&mut self, task: TaskId, event: impl FnOnce() -> Event) {
        if self.trace_level != TraceLevel::All {
            return;
        }
        if let Some(slot) = self.tasks.get(task) {
            let (lineage, cpu) = (slot.lineage, slot.node);
            let at = self.now.max(self.nodes[cpu as usize].ahead);
            let lineage = self.lineages.path(lineage);
            self.record(at, lineage, event());
        }
    }

    pub(crate) fn record_spawn(&mut self, lineage: LineageId) {
        let (at, actor) = (self.local_now(), self.current_actor());
        let (actor, task) = (self.lineages.path(actor), self.lineages.path(lineage));
        self.record(at, actor, Event::Spawned { task });
    }
}
