//! The table of tasks: a slot for each that is alive, used again after its end with the next generation.

use std::any::Any;
use std::panic::Location;
use std::task::Waker;
use std::time::Duration;

use super::stage::Memory;
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

/// Who waits for a task's end.
#[derive(Debug)]
pub(crate) enum Joiner {
    Nobody,
    /// Another task, by its own waker.
    Task(TaskId),
    /// A future with a waker of another library.
    Foreign(Waker),
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
    /// Whether `wait` was set in the latest poll.
    pub(crate) waits: bool,
    pub(crate) node: u32,
    pub(crate) kind: u32,
    /// Which of all the times that tasks became ready; counted only for a source that orders tasks.
    pub(crate) stamp: u32,
    pub(crate) lineage: LineageId,
    pub(crate) lineage_hash: u64,
    pub(crate) memory: Option<Memory>,
    pub(crate) wait: Wait,
    pub(crate) key: Key,
    pub(crate) joiner: Joiner,
    pub(crate) failure: Option<Box<Failure>>,
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
    /// In nanoseconds: it is looked at in most polls, and a `Duration` costs a division.
    pub(crate) gap_max: u64,
}

/// What a task is made from.
pub(crate) struct NewTask {
    pub(crate) node: u32,
    pub(crate) kind: u32,
    pub(crate) lineage: LineageId,
    pub(crate) lineage_hash: u64,
    pub(crate) memory: Memory,
    pub(crate) spawned_at: &'static Location<'static>,
}

/// Why a task ended without an output.
pub(crate) enum Failure {
    Cancelled,
    Panicked {
        message: String,
        /// `file:line:column`, if a panic hook noted it.
        location: Option<String>,
        payload: Box<dyn Any + Send>,
    },
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

    /// Adds a task that waits; gives its id, and whether its index is used for the first time.
    #[inline]
    pub(crate) fn insert(&mut self, tasks_max: usize, new: NewTask) -> Result<(TaskId, bool), TooManyTasks> {
        if self.len() >= tasks_max {
            return Err(TooManyTasks);
        }
        let number = self.spawned;
        self.spawned += 1;
        let Some(index) = self.free.pop() else {
            self.slots.push(Slot::new(new, number));
            return Ok((TaskId { index: (self.slots.len() - 1) as u32, generation: 0 }, true));
        };
        let slot = &mut self.slots[index as usize];
        slot.begin(new, number);
        Ok((TaskId { index, generation: slot.generation }, false))
    }

    /// Gives the slot free; what it held was taken out before.
    pub(crate) fn remove(&mut self, id: TaskId) {
        let slot = &mut self.slots[id.index as usize];
        assert_eq!(slot.generation, id.generation, "{id} is gone already");
        assert!(slot.memory.is_none(), "the memory of {id} would be dropped inside the table");
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
    fn new(new: NewTask, number: u64) -> Self {
        Slot {
            generation: 0,
            state: State::Waiting,
            woken: false,
            cancelled: false,
            detached: false,
            waits: false,
            node: new.node,
            kind: new.kind,
            stamp: 0,
            lineage: new.lineage,
            lineage_hash: new.lineage_hash,
            memory: Some(new.memory),
            wait: Wait::UNKNOWN,
            key: Key { stream: 0, ordinal: 0 },
            joiner: Joiner::Nobody,
            failure: None,
            spawned_at: new.spawned_at,
            number,
            polls: 0,
            polled_at: Instant::START,
            ready_since: 0,
            ready_at: Instant::START,
            waited_polls_max: 0,
            waited_polls_total: 0,
            waited_time_max: Duration::ZERO,
            gap_max: 0,
        }
    }

    /// Makes it the slot of the next task. Field by field, as that writes half as much as moving a new one in; what the
    /// task before has left empty (memory, joiner, failure) or what is set before it is read is not written.
    #[inline]
    fn begin(&mut self, new: NewTask, number: u64) {
        self.generation = TaskId::generation_after(self.generation);
        self.state = State::Waiting;
        self.woken = false;
        self.cancelled = false;
        self.detached = false;
        self.waits = false;
        self.node = new.node;
        self.kind = new.kind;
        self.lineage = new.lineage;
        self.lineage_hash = new.lineage_hash;
        self.memory = Some(new.memory);
        self.spawned_at = new.spawned_at;
        self.number = number;
        self.polls = 0;
        self.waited_polls_max = 0;
        self.waited_polls_total = 0;
        self.waited_time_max = Duration::ZERO;
        self.gap_max = 0;
    }

    /// Where it waits.
    #[inline]
    pub(crate) fn waiting_at(&self) -> Wait {
        if self.waits { self.wait } else { Wait::UNKNOWN }
    }

    #[inline]
    fn is(&self, id: TaskId) -> bool {
        self.generation == id.generation && self.state != State::Vacant
    }
}
