//! Tasks that become ready, with the names of their next polls.

use super::Polling;
use crate::choice::{Label, LineageId, Lineages, Order, TaskId};
use crate::task::{Links as _, Memory, Origin, ReadyQueue, Slot};

/// What is done when a task becomes ready, besides that it comes into the ready queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AtWakes {
    Nothing,
    /// Its next poll is named.
    Named,
    /// Any of what is off by default.
    Watched,
}

impl Polling {
    pub(in crate::run) fn names_polls(&self) -> bool {
        self.names_polls
    }

    /// What is done when a task becomes ready.
    #[inline]
    pub(in crate::run) fn at_wakes(&self) -> AtWakes {
        self.at_wakes
    }

    /// Puts a task into the ready queue, which in production order `KEEPS` no more than its list.
    #[inline(always)]
    pub(in crate::run) fn push<const KEEPS: bool>(&mut self, index: u32) {
        let slot = self.tasks.at_mut(index);
        let before = make_ready::<KEEPS>(&mut self.ready, slot, index, self.origin);
        self.tasks.follow(before, index);
    }

    /// Gives a task that was polled its memory back, and puts it into the ready queue at once; its next poll is named if it is to be.
    #[inline(always)]
    pub(in crate::run) fn push_again<const NAMED: bool>(
        &mut self,
        index: u32,
        memory: Memory,
        lineages: &mut Lineages,
    ) {
        let mut slot = self.tasks.at_mut(index);
        slot.keep(memory);
        if NAMED && !slot.count_key() {
            slot = self.tasks.switch_key(index, lineages);
        }
        let before = make_ready::<NAMED>(&mut self.ready, slot, index, Origin::Task);
        self.tasks.follow(before, index);
    }

    /// Names the next poll of a task, and puts it into the ready queue.
    #[inline(always)]
    pub(in crate::run) fn push_named(&mut self, task: TaskId, lineages: &mut Lineages) {
        let TaskId { index, .. } = task;
        let mut slot = self.tasks.at_mut(index);
        if slot.waits_for_unknown() {
            self.note_waker(task);
            slot = self.tasks.at_mut(index);
        }
        if !slot.count_key() {
            slot = self.tasks.switch_key(index, lineages);
        }
        let before = make_ready::<true>(&mut self.ready, slot, index, self.origin);
        self.tasks.follow(before, index);
    }

    /// Names the first poll of a task that was just spawned, and puts it into the ready queue.
    #[inline(always)]
    pub(in crate::run) fn push_first(&mut self, task: TaskId, lineages: &mut Lineages) {
        let TaskId { index, .. } = task;
        let mut slot = self.tasks.at_mut(index);
        if !slot.name_first_poll() {
            slot = self.tasks.switch_key(index, lineages);
        }
        let before = make_ready::<true>(&mut self.ready, slot, index, self.origin);
        self.tasks.follow(before, index);
    }

    /// A task that has not said where it waits, and was woken by another, waits for that one, which it gives.
    #[inline(never)]
    pub(in crate::run) fn note_waker(&mut self, task: TaskId) -> Option<LineageId> {
        let waker = self.current.filter(|&current| current != task)?;
        let waker = self.tasks.get(waker)?;
        let (lineage, label) = (waker.lineage(), Label::woken_by(waker.lineage_hash()));
        self.tasks.at_mut(task.index).wait_at(label, 0);
        Some(lineage)
    }

    /// Gives the next poll of a task its name, and keeps it for a source that orders tasks. Gives who has woken it, if it has not
    /// said where it waits.
    pub(in crate::run) fn name_next_poll(
        &mut self,
        task: TaskId,
        lineages: &mut Lineages,
    ) -> Option<LineageId> {
        let waits_for_unknown = self.tasks.at(task.index).waits_for_unknown();
        let waker = if waits_for_unknown { self.note_waker(task) } else { None };
        if !self.tasks.at_mut(task.index).count_key() {
            self.tasks.switch_key(task.index, lineages);
        }
        if self.order == Order::Asked {
            self.stamp_for_source(task);
        }
        waker
    }

    fn stamp_for_source(&mut self, task: TaskId) {
        self.tasks.background_mut(task.index).stamp(self.stamps, self.polls);
        self.stamps = self.stamps.wrapping_add(1);
        self.ready.tidy_fresh(&self.tasks);
    }
}

/// Puts a task that has its slot at hand into the ready queue; gives the one before it, as [`ReadyQueue::enlist`] does.
#[inline(always)]
fn make_ready<const KEEPS: bool>(ready: &mut ReadyQueue, slot: &mut Slot, index: u32, origin: Origin) -> u32 {
    slot.set_ready();
    let (node, link) = slot.node_and_link_mut();
    ready.enlist::<KEEPS>(node, link, index, origin)
}
