//! The table of tasks: a slot for each that is alive, used again after its end with the next generation.

use std::any::Any;
use std::panic::Location;
use std::pin::Pin;
use std::task::Waker;
use std::time::Duration;

use super::stage::Pollable;
use crate::choice::{Key, Label, LineageId, TaskId};
use crate::clock::Instant;

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The slot is free.
    Vacant,
    /// Waits for a wake.
    Waiting,
    /// In the ready queue.
    Ready,
    /// Being polled.
    Polled,
    /// Holds its node's CPU, and goes on when that is over.
    Blocking,
    /// Has ended; the slot is kept for who joins it.
    Ended,
}

/// Where a task waits, as far as the simulator was told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    pub(crate) label: Label,
    pub(crate) resource: u64,
}

impl Wait {
    pub(crate) const UNKNOWN: Wait = Wait { label: Label::POLL, resource: 0 };
}

pub(crate) struct Slot {
    pub(crate) generation: u32,
    pub(crate) state: State,
    /// Woken while it was polled.
    pub(crate) woken: bool,
    /// Aborted: the next poll drops the future instead.
    pub(crate) cancelled: bool,
    /// Nobody holds its `JoinHandle`.
    pub(crate) detached: bool,
    pub(crate) node: u32,
    pub(crate) lineage: LineageId,
    pub(crate) wait: Wait,
    pub(crate) key: Key,
    pub(crate) future: Option<Pin<Box<dyn Pollable>>>,
    pub(crate) joiner: Option<Waker>,
    pub(crate) failure: Option<Failure>,
    pub(crate) spawned_at: &'static Location<'static>,
    /// In the order of spawns over the whole run.
    pub(crate) number: u64,
    pub(crate) polls: u64,
    pub(crate) polled_at: Instant,
    /// How many polls the run had seen when this task became ready, and when that was.
    pub(crate) ready_since: u64,
    pub(crate) ready_at: Instant,
    pub(crate) waited_polls_max: u64,
    pub(crate) waited_polls_total: u64,
    pub(crate) waited_time_max: Duration,
}

/// Why a task ended without an output.
pub(crate) enum Failure {
    Cancelled,
    Panicked { message: String, payload: Box<dyn Any + Send> },
}

/// The table is full.
pub(crate) struct TooManyTasks;

#[derive(Default)]
pub(crate) struct TaskTable {
    slots: Vec<Slot>,
    free: Vec<u32>,
    spawned: u64,
}

impl TaskTable {
    /// How many tasks are alive, or have ended and may still be joined.
    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    pub(crate) fn insert(
        &mut self,
        tasks_max: usize,
        node: u32,
        lineage: LineageId,
        future: Pin<Box<dyn Pollable>>,
        spawned_at: &'static Location<'static>,
    ) -> Result<TaskId, TooManyTasks> {
        if self.len() >= tasks_max {
            return Err(TooManyTasks);
        }
        let number = self.spawned;
        self.spawned += 1;
        let vacant = |generation| Slot {
            generation,
            state: State::Waiting,
            woken: false,
            cancelled: false,
            detached: false,
            node,
            lineage,
            wait: Wait::UNKNOWN,
            key: Key { stream: 0, ordinal: 0 },
            future: Some(future),
            joiner: None,
            failure: None,
            spawned_at,
            number,
            polls: 0,
            polled_at: Instant::START,
            ready_since: 0,
            ready_at: Instant::START,
            waited_polls_max: 0,
            waited_polls_total: 0,
            waited_time_max: Duration::ZERO,
        };
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            let generation = TaskId::generation_after(slot.generation);
            *slot = vacant(generation);
            return Ok(TaskId { index, generation });
        }
        self.slots.push(vacant(0));
        Ok(TaskId { index: (self.slots.len() - 1) as u32, generation: 0 })
    }

    /// Gives the slot free; what it held was taken out before.
    pub(crate) fn remove(&mut self, id: TaskId) {
        let slot = &mut self.slots[id.index as usize];
        assert_eq!(slot.generation, id.generation, "{id} is gone already");
        assert!(slot.future.is_none(), "the future of {id} would be dropped inside the table");
        slot.state = State::Vacant;
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
    pub(crate) fn at_mut(&mut self, index: u32) -> &mut Slot {
        &mut self.slots[index as usize]
    }

    #[inline]
    pub(crate) fn id_at(&self, index: u32) -> TaskId {
        TaskId { index, generation: self.slots[index as usize].generation }
    }

    /// The tasks that have not ended, in the order of their spawns.
    pub(crate) fn alive(&self) -> Vec<TaskId> {
        let mut alive: Vec<(u64, TaskId)> = (0_u32..)
            .zip(&self.slots)
            .filter(|(_, slot)| !matches!(slot.state, State::Vacant | State::Ended))
            .map(|(index, slot)| (slot.number, TaskId { index, generation: slot.generation }))
            .collect();
        alive.sort_unstable();
        alive.into_iter().map(|(_, id)| id).collect()
    }

    /// Tasks that have ended but can still be joined, in the order of their spawns.
    pub(crate) fn ended(&self) -> Vec<TaskId> {
        let mut ended: Vec<(u64, TaskId)> = (0_u32..)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.state == State::Ended)
            .map(|(index, slot)| (slot.number, TaskId { index, generation: slot.generation }))
            .collect();
        ended.sort_unstable();
        ended.into_iter().map(|(_, id)| id).collect()
    }
}

impl Slot {
    #[inline]
    fn is(&self, id: TaskId) -> bool {
        self.generation == id.generation && self.state != State::Vacant
    }
}
