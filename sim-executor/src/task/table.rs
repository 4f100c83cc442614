//! The table of tasks: a slot for each that is alive, used again after its end with the next generation.

use std::future::Future;

use super::background::Background;
use super::kinds::Kinds;
use super::ready::{Link, Links};
use super::slot::{NewTask, Slot, State};
use super::stage::Memory;
use crate::choice::{GENERATION_MAX, LineageId, Lineages, TaskId};
use crate::reuse::Reuse as _;

/// How many slots there can be: a waker has so many bits for their number.
pub(crate) const TASKS_MAX: usize = 1 << 22;

/// What is looked at in each poll lies close together, apart from the rest.
#[derive(Default)]
pub(crate) struct TaskTable {
    slots: Vec<Slot>,
    backgrounds: Vec<Background>,
    free: Vec<u32>,
    spawned: u64,
    /// Slots that are not used again, since all their generations are used up: a handle or waker of an old task would be taken
    /// for one of a new.
    retired: usize,
}

impl TaskTable {
    /// Makes it as new, and keeps memory for the next run.
    pub(crate) fn renew(&mut self) {
        let TaskTable { slots, backgrounds, free, spawned, retired } = self;
        slots.renew();
        backgrounds.renew();
        free.renew();
        (*spawned, *retired) = (0, 0);
    }

    /// Gives the memory of ended tasks to the kinds, when no task is left.
    pub(crate) fn give_memory_back(&mut self, kinds: &mut Kinds) {
        for (slot, background) in self.slots.iter_mut().zip(&self.backgrounds) {
            if let Some(memory) = slot.take_memory() {
                kinds.give_back(background.kind(), memory);
            }
        }
    }

    /// How many tasks were spawned, those too for which there was no room.
    pub(crate) fn spawned(&self) -> u64 {
        self.spawned
    }

    /// How many tasks were in the table at one time.
    pub(crate) fn most(&self) -> usize {
        self.slots.len() - self.retired
    }

    /// How many tasks are alive, or have ended and may still be joined.
    pub(crate) fn len(&self) -> usize {
        self.most() - self.free.len()
    }

    /// Adds a task that waits, with this future.
    ///
    /// # Errors
    /// With the task's memory, if the table is full.
    #[inline(always)]
    pub(crate) fn insert<F>(
        &mut self,
        tasks_max: usize,
        kinds: &mut Kinds,
        new: NewTask,
        future: F,
    ) -> Result<TaskId, Memory>
    where
        F: Future + 'static,
    {
        let number = self.spawned;
        self.spawned += 1;
        let Some(index) = self.free.pop().or_else(|| self.grow(tasks_max)) else {
            return Err(kinds.memory_for(new.kind, future));
        };
        let (slot, background) = (&mut self.slots[index as usize], &mut self.backgrounds[index as usize]);
        kinds.refill(slot.memory_mut(), background.kind(), new.kind, future);
        slot.begin(background, new, number);
        Ok(slot.id(index))
    }

    /// Adds a vacant slot, if there may be more.
    #[inline(never)]
    fn grow(&mut self, tasks_max: usize) -> Option<u32> {
        if self.most() >= tasks_max || self.slots.len() >= TASKS_MAX {
            return None;
        }
        self.slots.push(Slot::new());
        self.backgrounds.push(Background::new());
        Some((self.slots.len() - 1) as u32)
    }

    /// Gives the slot free, whose memory was vacated before. Gives the lineage that the task bore.
    #[inline(always)]
    pub(crate) fn remove(&mut self, id: TaskId, lineages: &mut Lineages) -> LineageId {
        let slot = &mut self.slots[id.index as usize];
        if slot.is_root() {
            slot.share_lineage(&mut self.backgrounds[id.index as usize], lineages);
        }
        slot.vacate();
        let lineage = slot.lineage();
        if id.generation < GENERATION_MAX {
            self.free.push(id.index);
        } else {
            self.retired += 1;
        }
        lineage
    }

    /// The slot, unless the task is gone.
    #[inline]
    pub(crate) fn get(&self, id: TaskId) -> Option<&Slot> {
        self.slots.get(id.index as usize).filter(|slot| slot.is(id))
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: TaskId) -> Option<&mut Slot> {
        self.slots.get_mut(id.index as usize).filter(|slot| slot.is(id))
    }

    /// The slot with this index, which the ready queue says is in use.
    #[inline]
    pub(crate) fn at(&self, index: u32) -> &Slot {
        &self.slots[index as usize]
    }

    #[inline]
    pub(crate) fn at_mut(&mut self, index: u32) -> &mut Slot {
        &mut self.slots[index as usize]
    }

    /// The rest of a task that is in use.
    #[inline]
    pub(crate) fn background(&self, index: u32) -> &Background {
        &self.backgrounds[index as usize]
    }

    #[inline]
    pub(crate) fn background_mut(&mut self, index: u32) -> &mut Background {
        &mut self.backgrounds[index as usize]
    }

    /// All of a task that is in use.
    #[inline]
    pub(crate) fn whole_mut(&mut self, index: u32) -> (&mut Slot, &mut Background) {
        (&mut self.slots[index as usize], &mut self.backgrounds[index as usize])
    }

    /// Names the next poll of a task that waits at another operation than before.
    #[inline(never)]
    pub(crate) fn switch_key(&mut self, index: u32, lineages: &mut Lineages) -> &mut Slot {
        let (slot, background) = self.whole_mut(index);
        slot.switch_key(background, lineages);
        slot
    }

    #[inline]
    pub(crate) fn id_at(&self, index: u32) -> TaskId {
        TaskId { index, generation: self.slots[index as usize].generation() }
    }

    /// The tasks that have not ended, in the order of their spawns.
    pub(crate) fn alive(&self) -> Vec<TaskId> {
        self.all(|state| !matches!(state, State::Vacant | State::Ended))
    }

    /// Tasks that have ended but can still be joined, in the order of their spawns.
    pub(crate) fn ended(&self) -> Vec<TaskId> {
        self.all(|state| state == State::Ended)
    }

    fn all(&self, is_wanted: impl Fn(State) -> bool) -> Vec<TaskId> {
        let slots = (0_u32..).zip(&self.slots).filter(|(_, slot)| is_wanted(slot.state()));
        let mut found: Vec<TaskId> =
            slots.map(|(index, slot)| TaskId { index, generation: slot.generation() }).collect();
        found.sort_unstable_by_key(|task| self.backgrounds[task.index as usize].number());
        found
    }
}

impl Links for TaskTable {
    #[inline(always)]
    fn link(&self, task: u32) -> &Link {
        self.slots[task as usize].link()
    }

    #[inline(always)]
    fn link_mut(&mut self, task: u32) -> &mut Link {
        self.slots[task as usize].link_mut()
    }

    #[inline(always)]
    fn node_of(&self, task: u32) -> u32 {
        self.slots[task as usize].node()
    }

    #[inline(always)]
    fn key_of(&self, task: u32) -> crate::choice::Key {
        self.slots[task as usize].key()
    }
}
