//! The table of tasks: a slot for each that is alive, used again after its end with the next generation.

use super::background::Background;
use super::ready::{Link, Links};
use super::slot::{NewTask, Slot, State};
use crate::choice::TaskId;
use crate::reuse::Reuse as _;

/// The table is full.
pub(crate) struct TooManyTasks;

/// What is looked at in each poll lies close together, apart from the rest.
#[derive(Default)]
pub(crate) struct TaskTable {
    slots: Vec<Slot>,
    backgrounds: Vec<Background>,
    free: Vec<u32>,
    spawned: u64,
}

impl TaskTable {
    /// A table without tasks, with the memory of this one.
    pub(crate) fn renewed(self) -> TaskTable {
        let TaskTable { slots, backgrounds, free, spawned: _ } = self;
        TaskTable {
            slots: slots.renewed(),
            backgrounds: backgrounds.renewed(),
            free: free.renewed(),
            spawned: 0,
        }
    }

    /// How many tasks are alive, or have ended and may still be joined.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Adds a task that waits.
    #[inline(always)]
    pub(crate) fn insert(&mut self, tasks_max: usize, new: NewTask) -> Result<TaskId, TooManyTasks> {
        let number = self.spawned;
        let Some(index) = self.free.pop() else { return self.push(tasks_max, new) };
        self.spawned += 1;
        let slot = &mut self.slots[index as usize];
        slot.begin(&mut self.backgrounds[index as usize], new, number);
        Ok(slot.id(index))
    }

    #[inline(never)]
    fn push(&mut self, tasks_max: usize, new: NewTask) -> Result<TaskId, TooManyTasks> {
        if self.slots.len() >= tasks_max {
            return Err(TooManyTasks);
        }
        let (slot, background) = Slot::new(new, self.spawned);
        self.spawned += 1;
        self.slots.push(slot);
        self.backgrounds.push(background);
        Ok(TaskId { index: (self.slots.len() - 1) as u32, generation: 0 })
    }

    /// Gives the slot free; what it held was taken out before.
    #[inline]
    pub(crate) fn remove(&mut self, id: TaskId) {
        let slot = &mut self.slots[id.index as usize];
        assert_eq!(slot.generation(), id.generation, "{id} is gone already");
        slot.vacate();
        self.free.push(id.index);
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
        let slots = (0_u32..).zip(&self.slots).zip(&self.backgrounds);
        let mut found: Vec<(u64, TaskId)> = slots
            .filter(|((_, slot), _)| is_wanted(slot.state()))
            .map(|((index, slot), background)| {
                (background.number(), TaskId { index, generation: slot.generation() })
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id).collect()
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
