//! What is done after each poll where somebody wants that: spurious wakes, crashes, invariants.

use std::cell::RefMut;

use super::{Core, Run};
use crate::choice::{Fault, Label, TaskId};
use crate::task::State;

const SPURIOUS: Label = Label::new("task.spurious");

impl Run {
    /// Polls a task by `poll`, and does then, with nothing borrowed, what is to be done after each poll.
    pub(crate) fn look_after<'run>(
        &'run self,
        mut core: RefMut<'run, Core>,
        index: u32,
        poll: impl FnOnce(RefMut<'run, Core>) -> RefMut<'run, Core>,
    ) -> RefMut<'run, Core> {
        let (task, slot) = (core.polling.tasks().id_at(index), core.polling.tasks().at(index));
        let (cpu, lineage) = (slot.node(), slot.lineage());
        let node = core.nodes.host_of(cpu);
        // Before the poll, since the task may end in it.
        let lineage = self.has_invariants().then(|| core.decisions.lineages_mut().path(lineage));
        drop(poll(core));
        self.land_late_abort(task);
        self.look_for_dead_wakers(task);
        self.look_whether_it_is_polled_again(task);
        self.look_whether_it_crashes(node);
        if let Some(lineage) = lineage {
            self.core_mut().forget_added_invariants();
            self.look_at_invariants(&lineage);
        }
        self.core_mut()
    }

    /// Asks whether a task that waits now is polled once more although nobody has woken it.
    fn look_whether_it_is_polled_again(&self, task: TaskId) {
        let (actor, set) = {
            let core = self.core();
            let Some(slot) = core.polling.tasks().get(task) else { return };
            if slot.state() != State::Waiting || core.verdict.has_failed() {
                return;
            }
            (slot.lineage(), self.spurious)
        };
        let probability = self.probability_of(Fault::Spurious, set);
        if !probability.is_never() && self.ask_flag(actor, SPURIOUS, probability) {
            self.wake(task);
        }
    }
}
