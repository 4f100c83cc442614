//! Who is polled when: the tasks, which of them are ready, and which one is at it.

mod background;
mod busy;
mod candidates;
mod count;
mod memory;
mod pick;
mod probed;
mod slots;
mod starved;
mod stats;
mod stopped;
mod wakes;
mod watched;

use std::collections::VecDeque;

use crate::choice::{FactKinds, Needs, Order, TaskId};
use crate::config::Config;
use crate::limits::Limits;
use crate::task::{Kinds, Memory, Origin, ReadyQueue, Slot, TaskStats, TaskTable, Wait};
use crate::trace::TraceLevel;

use busy::Busy;
pub(crate) use wakes::AtWakes;

/// The table of tasks, the ready queue, and the polls so far.
pub(crate) struct Polling {
    ready: ReadyQueue,
    tasks: TaskTable,
    /// The task that is being polled.
    current: Option<TaskId>,
    polls: u64,
    /// The number of polls at which some limit on polls is to be looked at.
    polls_stop: u64,
    /// How many polls there were when virtual time was last moved.
    polls_before: u64,
    /// How many polls of an instant are not watched at least.
    unwatched_polls: u64,
    /// Who is polled when there are too many of them.
    busy: Option<Box<Busy>>,
    /// The memory of tasks for which there was no room, to be dropped with nothing borrowed.
    refused: Vec<Memory>,
    limits: Limits,
    /// Tasks that go on because their hold of a CPU is over.
    resumed: VecDeque<TaskId>,
    /// Where wakes come from just now.
    origin: Origin,
    order: Order,
    /// How the loop polls: see [`manner`].
    manner: u8,
    /// Whether tasks that become ready are named: for who orders them, or for a recording.
    names_polls: bool,
    /// Whether something is done with each poll that is off by default: names, trace, statistics, costs.
    watches_polls: bool,
    /// Whether something is done after every poll.
    watches_each_poll: bool,
    /// The task at whose end the loop comes back.
    awaited: Option<TaskId>,
    kinds: Kinds,
    /// How many times tasks became ready, while a source orders them.
    stamps: u32,
    /// How many tasks the source was told of, less those that it has picked.
    untaken: usize,
    /// Whether something is done when a task becomes ready that is off by default: statistics, trace.
    watches_wakes: bool,
    at_wakes: AtWakes,
    /// Whether the source lets every ready task have its turn.
    is_fair: bool,
    /// How many tasks were ready at one time, at most, where statistics are kept.
    ready_most: usize,
    /// Whether a task is there for others only.
    has_background: bool,
    /// Of tasks that have ended, if statistics are kept.
    stats: Option<Vec<TaskStats>>,
    /// The task that has stopped at a decision point, and in which poll.
    stopped: Option<(TaskId, u64)>,
    /// Operations of futures that keep no account of it themselves, and have stopped at a decision point.
    stops: Vec<stopped::Stop>,
    /// Where the task waits that is polled once more after the run, besides the last that it has said.
    probed: Option<Vec<Wait>>,
}

impl Polling {
    /// Begins a run.
    pub(super) fn configure(&mut self, config: &Config, needs: &Needs) {
        let limits = config.limits;
        let order = match needs.order {
            // So that the decisions, all of them the gentlest, come into the recording.
            Order::Production if config.record => Order::Asked,
            order => order,
        };
        let unwatched_polls = Busy::watched_from(limits.polls_per_instant_max);
        let watches_polls = needs.point_keys
            || needs.facts.has(FactKinds::POLLS)
            // Of which only the common manner of polling tells.
            || needs.facts.has(FactKinds::WAKES)
            || config.record
            || config.stats
            || config.trace >= TraceLevel::All
            || !config.poll_cost.is_zero();
        self.ready.configure(order, needs.batches, needs.holds_max);
        self.polls_stop = limits.polls_max.min(unwatched_polls);
        self.unwatched_polls = unwatched_polls;
        self.limits = limits;
        self.order = order;
        self.manner = match order {
            _ if watches_polls => manner::ANY,
            Order::Production => manner::PRODUCTION,
            Order::Keyed(_) if !needs.batches => manner::KEYED,
            Order::Picked if !needs.batches => manner::PICKED,
            Order::Keyed(_) | Order::Picked | Order::Asked => manner::ANY,
        };
        self.names_polls = matches!(order, Order::Keyed(_) | Order::Asked)
            || needs.facts != FactKinds::NONE
            || config.record;
        self.watches_polls = watches_polls;
        self.watches_wakes =
            config.stats || config.trace >= TraceLevel::Wakes || needs.facts.has(FactKinds::WAKES);
        self.at_wakes = match self.names_polls {
            _ if self.watches_wakes || config.record || order == Order::Asked => AtWakes::Watched,
            true => AtWakes::Named,
            false => AtWakes::Nothing,
        };
        self.is_fair = needs.is_fair;
        self.stats = config.stats.then(Vec::new);
    }

    #[inline]
    pub(crate) fn tasks(&self) -> &TaskTable {
        &self.tasks
    }

    #[inline]
    pub(crate) fn tasks_mut(&mut self) -> &mut TaskTable {
        &mut self.tasks
    }

    #[inline]
    pub(crate) fn ready(&self) -> &ReadyQueue {
        &self.ready
    }

    /// The ready queue, with the tasks in it.
    #[inline]
    pub(crate) fn ready_mut(&mut self) -> (&mut ReadyQueue, &mut TaskTable) {
        (&mut self.ready, &mut self.tasks)
    }

    pub(super) fn kinds_mut(&mut self) -> &mut Kinds {
        &mut self.kinds
    }

    /// The task that is being polled.
    #[inline]
    pub(crate) fn current(&self) -> Option<TaskId> {
        self.current
    }

    #[inline]
    pub(crate) fn set_current(&mut self, task: Option<TaskId>) {
        self.current = task;
    }

    #[inline]
    pub(crate) fn current_slot(&self) -> Option<&Slot> {
        self.current.and_then(|task| self.tasks.get(task))
    }

    /// The CPU of the current task: its node's, or that of a worker.
    #[inline]
    pub(crate) fn current_cpu(&self) -> Option<u32> {
        self.current_slot().map(Slot::node)
    }

    #[inline]
    pub(super) fn watches_polls(&self) -> bool {
        self.watches_polls
    }

    /// Where wakes come from from now on.
    #[inline]
    pub(crate) fn set_origin(&mut self, origin: Origin) {
        self.origin = origin;
    }

    /// Keeps the memory of a task for which there was no room: dropping it may run code.
    pub(super) fn refuse(&mut self, memory: Memory) {
        self.refused.push(memory);
    }

    /// Takes the memory of the tasks for which there was no room.
    pub(crate) fn take_refused(&mut self) -> Vec<Memory> {
        std::mem::take(&mut self.refused)
    }

    pub(crate) fn awaited(&self) -> Option<TaskId> {
        self.awaited
    }

    pub(crate) fn set_awaited(&mut self, task: Option<TaskId>) {
        self.awaited = task;
    }
}

/// What comes next.
impl Polling {
    /// Tasks that go on because their hold of a CPU is over.
    pub(crate) fn has_resumed(&self) -> bool {
        !self.resumed.is_empty()
    }

    #[inline]
    pub(crate) fn pop_resumed(&mut self) -> Option<TaskId> {
        if self.resumed.is_empty() { None } else { self.resumed.pop_front() }
    }

    pub(super) fn resume(&mut self, task: TaskId) {
        self.resumed.push_back(task);
    }

    pub(super) fn forget_resumed(&mut self, is_gone: impl Fn(&TaskTable, TaskId) -> bool) {
        let Polling { resumed, tasks, .. } = self;
        resumed.retain(|&task| !is_gone(tasks, task));
    }

    /// Lets nodes that are between two iterations see what came from outside while their CPU was held; whether there are
    /// tasks to be buried.
    #[inline]
    pub(crate) fn look_outside(&mut self) -> bool {
        self.ready.look_outside(&mut self.tasks)
    }

    /// Takes the task that production order polls next: its index, and whether an iteration of its node ends with its poll.
    #[inline(always)]
    pub(crate) fn take_gentlest(&mut self) -> Option<(u32, bool)> {
        self.ready.take_gentlest(&mut self.tasks)
    }

    /// Takes the only ready task.
    #[inline]
    pub(super) fn take_only(&mut self) -> Option<(u32, bool)> {
        if let Order::Keyed(_) = self.order {
            self.highest();
        }
        let only = self.take_gentlest();
        if let Some((index, _)) = only {
            self.ready.forget_fresh(&self.tasks, index);
        }
        only
    }

    /// Takes the ready task with the highest priority, of at least one, where nobody asks for the gentlest.
    #[inline(always)]
    pub(super) fn take_highest(&mut self) -> u32 {
        self.ready.take_highest(&mut self.tasks).expect("a ready task has a priority")
    }

    /// Takes a ready task out of its list; whether an iteration of its node ends with its poll.
    #[inline]
    pub(crate) fn take(&mut self, index: u32) -> bool {
        self.ready.take(&mut self.tasks, index)
    }

    /// The task that has its turn before all others, since it has waited for too many holds of its CPU.
    #[inline]
    pub(super) fn overdue(&mut self) -> Option<u32> {
        self.ready.overdue(&self.tasks)
    }

    /// The ready task with the highest priority, of at least one.
    pub(super) fn highest(&mut self) -> u32 {
        self.ready.pop_highest(&self.tasks).expect("a ready task has a priority")
    }

    #[inline]
    pub(super) fn order(&self) -> Order {
        self.order
    }

    /// How the loop polls: see [`manner`].
    #[inline]
    pub(crate) fn manner(&self) -> u8 {
        self.manner
    }
}

/// How the loop polls, as a constant that it is compiled for.
pub(crate) mod manner {
    /// In production order, and nobody watches.
    pub(crate) const PRODUCTION: u8 = 0;
    /// In the order of priorities that are drawn by key, and nobody watches.
    pub(crate) const KEYED: u8 = 1;
    /// The source picks, and nobody watches.
    pub(crate) const PICKED: u8 = 2;
    /// In any order, with any of what is off by default.
    pub(crate) const ANY: u8 = 3;
}

/// What is polled next.
pub(crate) enum Next {
    /// The task with this index, which was taken out of the ready queue; whether an iteration of its node ends with its poll.
    Poll(u32, bool),
    /// That is asked.
    Asked,
    /// The source picks that.
    Picked,
    /// Nothing is ready.
    Nothing,
}
