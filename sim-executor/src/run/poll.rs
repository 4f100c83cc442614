//! From a task's wake to the end of its poll.

use std::task::Waker;

use super::{AtWakes, Core, Culprit, Leftover, manner};
use crate::choice::{FactKinds, Label, LineageId, TaskId};
use crate::limits::LimitReached;
use crate::task::{Failure, Joiner, Memory};
use crate::trace::Event;

/// A task taken out of the table for its poll.
pub(crate) struct Begun {
    pub(crate) task: TaskId,
    pub(crate) memory: Memory,
    /// Its future is to be dropped instead of polled.
    pub(crate) is_cancelled: bool,
}

impl Core {
    /// Makes a waiting task ready; a ready one stays where it is, and one that is being polled will be ready after.
    #[inline(always)]
    pub(crate) fn wake(&mut self, task: TaskId) {
        self.wake_in::<{ manner::ANY }>(task);
    }

    #[inline(always)]
    fn wake_in<const MANNER: u8>(&mut self, task: TaskId) {
        if let Some(slot) = self.polling.tasks_mut().get_mut(task)
            && slot.wake()
        {
            self.make_ready_in::<MANNER>(task);
        }
    }

    /// Makes a task ready that waits.
    #[inline(always)]
    pub(crate) fn make_ready(&mut self, task: TaskId) {
        self.make_ready_in::<{ manner::ANY }>(task);
    }

    #[inline(always)]
    fn make_ready_in<const MANNER: u8>(&mut self, task: TaskId) {
        let at_wakes = match MANNER {
            manner::PRODUCTION => return self.polling.push::<false>(task.index),
            manner::KEYED => AtWakes::Named,
            _ => self.polling.at_wakes(),
        };
        match at_wakes {
            AtWakes::Nothing => self.polling.push::<true>(task.index),
            AtWakes::Named => self.polling.push_named(task, self.decisions.lineages_mut()),
            AtWakes::Watched => self.make_ready_watched(task),
        }
    }

    /// Makes a task ready that was just spawned.
    #[inline(always)]
    pub(super) fn make_new_ready(&mut self, task: TaskId) {
        match self.polling.at_wakes() {
            AtWakes::Nothing => self.polling.push::<true>(task.index),
            AtWakes::Named => self.polling.push_first(task, self.decisions.lineages_mut()),
            AtWakes::Watched => self.make_ready_watched(task),
        }
    }

    #[inline(never)]
    fn make_ready_watched(&mut self, task: TaskId) {
        if self.polling.names_polls() {
            let waker = self.polling.name_next_poll(task, self.decisions.lineages_mut());
            if self.decisions.is_recorded() {
                self.record_name_of_poll(task, waker);
            }
        }
        if self.polling.watches_wakes() {
            self.watch_wake(task);
        }
        self.polling.push::<true>(task.index);
    }

    /// A task becomes ready.
    #[cold]
    fn watch_wake(&mut self, task: TaskId) {
        if self.polling.keeps_stats() {
            self.polling.begin_wait(task.index, self.time.now());
            self.polling.note_ready();
        }
        self.record_wake(task);
        self.note_wake(task);
    }

    /// A task is polled where statistics are kept: whether one that is ready has waited for too many polls.
    #[cold]
    fn look_for_starvation(&mut self, index: u32) {
        if let Some(starved) = self.polling.starved(index, self.time.now()) {
            self.verdict.limit_reached_by(Culprit::Starved(starved.task, starved.polls), |limits| {
                LimitReached::starvation(limits, starved.ready)
            });
        }
    }

    /// Keeps the readable name of the next poll of a task, which that one has woken if it has not said where it waits.
    fn record_name_of_poll(&mut self, task: TaskId, waker: Option<LineageId>) {
        let slot = self.polling.tasks().at(task.index);
        let (key, lineage, label) = (slot.key(), slot.lineage(), slot.waiting_at().label);
        let waker = waker.map(|waker| self.decisions.lineages_mut().path(waker));
        self.decisions.name_stream(key.stream, lineage, || label.full_name(waker.as_deref()));
    }

    /// Says at which operation the current task waits.
    #[inline]
    pub(crate) fn wait_at(&mut self, label: Label, resource: u64) {
        if let Some(task) = self.polling.current()
            && self.polling.tasks().get(task).is_some()
        {
            self.let_wait_at(task, label, resource);
        }
    }

    /// The same for the current task, where it is known that this is it.
    #[inline(always)]
    pub(super) fn let_wait_at(&mut self, task: TaskId, label: Label, resource: u64) {
        let slot = self.polling.tasks_mut().at_mut(task.index);
        if let Some(before) = slot.wait_at(label, resource) {
            self.polling.keep_wait(before);
        }
    }

    /// Makes the current task ready again after its poll, in which it waits at `label`.
    #[inline]
    pub(crate) fn wake_again(&mut self, task: TaskId, label: Label) {
        let slot = self.polling.tasks_mut().at_mut(task.index);
        slot.wait_at(label, 0);
        slot.wake();
    }

    /// Begins the poll of a task that was taken out of the ready queue.
    #[inline(always)]
    pub(crate) fn begin_poll<const MANNER: u8>(&mut self, index: u32) -> Begun {
        let now = self.time.now();
        if MANNER == manner::ANY && self.polling.keeps_stats() {
            self.look_for_starvation(index);
            self.polling.end_wait(index, now);
        }
        let slot = self.polling.tasks_mut().at_mut(index);
        let task = slot.id(index);
        let (memory, is_cancelled) = slot.begin_poll(now);
        let lineage_hash = slot.lineage_hash();
        self.begin_turn(task, lineage_hash);
        if MANNER == manner::ANY && self.polling.watches_polls() {
            self.record_task(task, || Event::Polled);
            self.note_poll(task);
        }
        Begun { task, memory, is_cancelled }
    }

    /// Makes a task the current one, and counts that as a poll.
    #[inline(always)]
    pub(super) fn begin_turn(&mut self, task: TaskId, lineage_hash: u64) {
        self.polling.set_current(Some(task));
        self.time.begin_poll();
        self.decisions.hash(lineage_hash);
        if let Some(limit) = self.polling.count_poll() {
            self.limit_reached(limit);
        }
    }

    /// After a poll that was not the task's last; `has_woken_itself` if it has.
    #[inline(always)]
    pub(crate) fn end_poll<const MANNER: u8>(
        &mut self,
        task: TaskId,
        memory: Memory,
        has_woken_itself: bool,
    ) {
        self.polling.set_current(None);
        if has_woken_itself && !self.time.has_run_ahead() {
            let lineages = self.decisions.lineages_mut();
            match MANNER {
                manner::PRODUCTION => return self.polling.push_again::<false>(task.index, memory, lineages),
                manner::KEYED => return self.polling.push_again::<true>(task.index, memory, lineages),
                _ => {}
            }
        }
        let slot = self.polling.tasks_mut().at_mut(task.index);
        let is_woken = slot.end_poll(memory) | has_woken_itself;
        let cpu = slot.node();
        if MANNER == manner::ANY && self.polling.watches_polls() {
            self.watch_poll(task, cpu);
            self.note_poll_end(task, is_woken, false);
        }
        if self.time.has_run_ahead() {
            self.end_blocking_poll(task, cpu, is_woken);
        } else if is_woken {
            self.make_ready_in::<MANNER>(task);
        }
    }

    /// After a poll that has used the CPU.
    #[cold]
    fn end_blocking_poll(&mut self, task: TaskId, cpu: u32, is_woken: bool) {
        // A task that holds the CPU goes on by itself.
        let goes_on = self.nodes.holder(cpu) == Some(task) && !self.polling.ready().is_dead(cpu);
        if is_woken && !goes_on {
            self.make_ready(task);
        }
        self.note_hold(task, cpu);
        self.hold_if_ahead(cpu);
    }

    /// Names the poll's end, and takes the time that it has cost.
    #[cold]
    fn watch_poll(&mut self, task: TaskId, cpu: u32) {
        if self.decisions.names_points()
            && let Some(slot) = self.polling.tasks().get(task)
        {
            self.decisions.name_point(task, slot.lineage(), slot.waiting_at().label);
        }
        if !self.nodes.poll_cost().is_zero() {
            self.time.run_ahead(cpu, self.nodes.poll_cost());
        }
    }

    /// After the poll in which a task came to its end: its slot is kept for who holds its handle, if anyone does. Gives what is to
    /// be done with nothing borrowed, if there is something. To be followed by [`Core::hold_after_last_poll`].
    #[inline(always)]
    pub(crate) fn end_last_poll<const MANNER: u8>(
        &mut self,
        task: TaskId,
        memory: Memory,
    ) -> Option<Leftover> {
        if (MANNER == manner::ANY && self.polling.watches_polls()) || self.facts.has(FactKinds::ACCESSES) {
            self.watch_end(task, None);
        }
        let (slot, background) = self.polling.whole_mut(task.index);
        slot.end();
        if slot.is_detached() {
            return Some(self.end_with_leftover(task, memory));
        }
        slot.keep(memory);
        match background.take_joiner() {
            Joiner::Nobody => None,
            Joiner::Task(joiner) => {
                self.wake_in::<MANNER>(joiner);
                None
            }
            Joiner::Foreign(waker) => Some(Leftover { joiner: Some(waker), ..Leftover::default() }),
        }
    }

    /// The same for a task that has failed, whose memory was vacated.
    #[cold]
    #[inline(never)]
    pub(crate) fn end_by_failure(&mut self, task: TaskId, memory: Memory, failure: Failure) -> Leftover {
        if self.polling.watches_polls() || self.facts.has(FactKinds::ACCESSES) {
            self.watch_end(task, Some(&failure));
        }
        let (slot, background) = self.polling.whole_mut(task.index);
        slot.end();
        background.fail(failure);
        self.end_with_leftover(task, memory)
    }

    /// Holds the CPU for the time that the last poll of a task has used it, if it has.
    #[inline(always)]
    pub(crate) fn hold_after_last_poll(&mut self, task: TaskId) {
        if self.time.has_run_ahead() {
            let cpu = self.polling.tasks().at(task.index).node();
            self.note_hold(task, cpu);
            self.hold_if_ahead(cpu);
        }
    }

    /// The end of a task that has failed, or whose output nobody will ask for.
    #[inline(never)]
    fn end_with_leftover(&mut self, task: TaskId, memory: Memory) -> Leftover {
        let (slot, _) = self.polling.whole_mut(task.index);
        let mut leftover = Leftover { detached: slot.is_detached(), ..Leftover::default() };
        if leftover.detached {
            leftover.memory = Some(memory);
            self.note_unobserved_panic(task);
            leftover.failure = self.polling.tasks_mut().background_mut(task.index).take_failure();
        } else {
            slot.keep(memory);
        }
        leftover.joiner = self.wake_joiner(task);
        leftover
    }

    #[cold]
    fn watch_end(&mut self, task: TaskId, failure: Option<&Failure>) {
        if self.polling.watches_polls() {
            self.watch_last_poll(task, failure);
        }
        if self.facts.has(FactKinds::ACCESSES) {
            self.note_end(task);
        }
    }

    fn watch_last_poll(&mut self, task: TaskId, failure: Option<&Failure>) {
        let cpu = self.polling.tasks().at(task.index).node();
        self.watch_poll(task, cpu);
        self.note_poll_end(task, false, true);
        self.record_task(task, || match failure {
            None => Event::Done,
            Some(Failure::Cancelled) => Event::Cancelled,
            Some(Failure::Panicked { message, .. }) => Event::Panicked { message: message.clone() },
        });
        if self.polling.keeps_stats() {
            let ended = self.polling.stats_of(task.index, self.decisions.lineages_mut());
            self.polling.keep_stats(ended);
        }
    }

    /// Wakes who waits for a task's end; gives the waker of another library, to be woken when nothing is borrowed.
    fn wake_joiner(&mut self, task: TaskId) -> Option<Waker> {
        match self.polling.tasks_mut().background_mut(task.index).take_joiner() {
            Joiner::Nobody => None,
            Joiner::Task(joiner) => {
                self.wake(joiner);
                None
            }
            Joiner::Foreign(waker) => Some(waker),
        }
    }
}
