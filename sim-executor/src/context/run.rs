//! The state of one run.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use super::clocks::RUN_AHEAD;
use super::node::NodeState;
use super::operations::Operations;
use super::report::TaskPanic;
use super::timer::Alarm;
use super::waker::{RunId, TASKS_MAX};
use crate::choice::{
    Candidate, Key, Label, LineageId, Lineages, Name, Needs, Recording, RunHash, Source, TaskId,
};
use crate::clock::{EventQueue, Instant};
use crate::device::Device;
use crate::limits::{LimitReached, Limits};
use crate::task::{
    Joiner, Kinds, Memory, NewTask, NodeId, Origin, ReadyLists, State, TaskStats, TaskTable, Wait,
};
use crate::trace::{Trace, TraceLevel};

/// One run: its state, what answers its questions, and what else acts in it. Never borrowed while code of the program
/// runs.
pub(crate) struct Run {
    pub(crate) id: RunId,
    pub(crate) core: RefCell<Core>,
    pub(crate) source: RefCell<Box<dyn Source>>,
    pub(crate) devices: RefCell<Vec<Rc<dyn Device>>>,
    /// Sleeps that were over when they were asked.
    pub(crate) sleeps: Operations,
    #[cfg(feature = "tracing")]
    pub(crate) capture: tracing_core::Dispatch,
}

pub(crate) struct Core {
    /// The world's time; a node may be ahead of it.
    pub(crate) now: Instant,
    /// After this time nothing happens: see [`Limits::virtual_time_max`].
    pub(crate) end: Instant,
    pub(crate) limits: Limits,
    pub(crate) tasks: TaskTable,
    pub(crate) ready: ReadyLists,
    pub(crate) nodes: Vec<NodeState>,
    /// Those of them that are machines, and not workers of one.
    pub(crate) hosts_by_name: BTreeMap<Rc<str>, NodeId>,
    /// How many of them are machines, and not workers of one.
    pub(crate) hosts: u32,
    pub(crate) timers: EventQueue<Alarm>,
    pub(crate) lineages: Lineages,
    pub(crate) kinds: Kinds,
    pub(crate) hash: RunHash,
    pub(crate) trace_level: TraceLevel,
    pub(crate) trace: Trace,
    pub(crate) recording: Option<Recording>,
    pub(crate) misaligned: u64,
    pub(crate) poll_cost: Duration,
    /// The task that is being polled.
    pub(crate) current: Option<TaskId>,
    /// Why the time of a node may differ from the world's: `RUN_AHEAD`, `DRIFTS`.
    pub(crate) own_time: u8,
    /// Where wakes come from just now.
    pub(crate) origin: Origin,
    /// Whether the loop has to look why it should come back: a limit, a panic, or the end of the awaited task.
    pub(crate) interrupted: bool,
    /// The task at whose end the loop comes back.
    pub(crate) awaited: Option<TaskId>,
    /// Whether something is done with each poll that is off by default: names, trace, statistics, costs.
    pub(crate) watches_polls: bool,
    /// Whether tasks that become ready are named: for a source that orders them, or for a recording.
    pub(crate) names_polls: bool,
    /// Whether the question what is polled next is named.
    pub(crate) names_points: bool,
    /// How many times tasks became ready, while they are named.
    pub(crate) stamps: u32,
    pub(crate) polls: u64,
    /// The number of polls at which some limit on polls is reached.
    pub(crate) polls_stop: u64,
    pub(crate) polls_at_instant_start: u64,
    pub(crate) decisions: u64,
    /// Tasks that go on because their hold of a CPU is over.
    pub(crate) resumed: VecDeque<TaskId>,
    /// Became ready since the source last asked; kept only for a source that orders tasks.
    pub(crate) fresh: Vec<Candidate>,
    /// The name of the question what is polled next.
    pub(crate) point: Key,
    /// The name of the question about a value that was asked last.
    pub(crate) asked: Key,
    /// The node that asked the loop to come back at the end of its iteration.
    pub(crate) stopping: Option<NodeId>,
    pub(crate) has_devices: bool,
    /// The polls so far when time was last moved for devices alone, and how often that was since the last poll.
    pub(crate) silence: (u64, u32),
    /// Whether what is left is being dropped: what is asked then is answered with the gentlest, and part of no recording.
    pub(crate) is_over: bool,
    pub(crate) limit: Option<LimitReached>,
    /// The first panic that nobody observed.
    pub(crate) panic: Option<TaskPanic>,
    /// Nodes on which a task has panicked, and which are to start again.
    pub(crate) panicked: Vec<NodeId>,
    /// Those panics.
    pub(crate) survived: Vec<TaskPanic>,
    /// Nodes that are to start when their last task is gone.
    pub(crate) starting: Vec<NodeId>,
    pub(crate) panic_location: Option<String>,
    pub(crate) stats: Option<Vec<TaskStats>>,
    pub(crate) scratch: String,
}

impl Core {
    pub(crate) fn new(limits: Limits, needs: Needs) -> Self {
        let limits = Limits { tasks_max: limits.tasks_max.min(TASKS_MAX), ..limits };
        let mut core = Core {
            now: Instant::START,
            end: Instant::from_nanos(u64::try_from(limits.virtual_time_max.as_nanos()).unwrap_or(u64::MAX)),
            limits,
            tasks: TaskTable::default(),
            ready: ReadyLists::new(needs.batches),
            nodes: Vec::new(),
            hosts_by_name: BTreeMap::new(),
            hosts: 0,
            timers: EventQueue::new(limits.timers_max),
            lineages: Lineages::default(),
            kinds: Kinds::default(),
            hash: RunHash::EMPTY,
            trace_level: TraceLevel::Off,
            trace: Trace::default(),
            recording: None,
            misaligned: 0,
            poll_cost: Duration::ZERO,
            current: None,
            own_time: 0,
            origin: Origin::Task,
            interrupted: false,
            awaited: None,
            watches_polls: false,
            names_polls: needs.task_order,
            names_points: needs.point_keys,
            stamps: 0,
            polls: 0,
            polls_stop: limits.polls_max.min(limits.polls_per_instant_max),
            polls_at_instant_start: 0,
            decisions: 0,
            resumed: VecDeque::new(),
            fresh: Vec::new(),
            point: Key { stream: 0, ordinal: 0 },
            asked: Key { stream: 0, ordinal: 0 },
            stopping: None,
            has_devices: false,
            silence: (0, 0),
            is_over: false,
            limit: None,
            panic: None,
            panicked: Vec::new(),
            survived: Vec::new(),
            starting: Vec::new(),
            panic_location: None,
            stats: None,
            scratch: String::new(),
        };
        core.add_node("main".into(), None);
        core
    }

    /// Moves the world's time.
    pub(crate) fn advance_to(&mut self, to: Instant) {
        assert!(to >= self.now, "time would go back: {} -> {to}", self.now);
        if to > self.now {
            self.now = to;
            self.hash.add(to.as_nanos());
            self.polls_at_instant_start = self.polls;
            self.polls_stop =
                self.limits.polls_max.min(self.polls.saturating_add(self.limits.polls_per_instant_max));
        }
    }

    /// Whether the loop is to come back now: somebody asked for it, and the iteration in which that was is over, with all
    /// the time that its polls have cost.
    pub(crate) fn take_stop(&mut self) -> bool {
        let Some(node) = self.stopping else { return false };
        let is_over = self.ready.is_between_iterations(node.0) && !self.ready.is_cpu_held(node.0);
        if is_over {
            self.stopping = None;
        }
        is_over
    }

    /// The limit on polls that was reached, now that `polls` equals `polls_stop`.
    pub(crate) fn polls_limit(&self) -> LimitReached {
        if self.polls >= self.limits.polls_max {
            LimitReached::polls(&self.limits)
        } else {
            LimitReached::polls_per_instant(&self.limits)
        }
    }

    pub(crate) fn limit_reached(&mut self, limit: LimitReached) {
        self.limit.get_or_insert(limit);
        self.interrupted = true;
    }

    /// The node of the current task as the ready queue numbers it: for a worker the worker.
    pub(crate) fn current_cpu(&self) -> u32 {
        self.current.and_then(|id| self.tasks.get(id)).map_or(0, |slot| slot.node)
    }

    pub(crate) fn host_of_current(&self) -> NodeId {
        self.nodes[self.current_cpu() as usize].host
    }

    #[inline]
    pub(crate) fn local_now(&self) -> Instant {
        if self.own_time & RUN_AHEAD == 0 || self.current.is_none() {
            return self.now;
        }
        self.now.max(self.nodes[self.current_cpu() as usize].ahead)
    }

    /// The lineage of the current task; between tasks, of the node `main`.
    pub(crate) fn current_actor(&self) -> LineageId {
        self.current.and_then(|id| self.tasks.get(id)).map_or(self.nodes[0].lineage, |slot| slot.lineage)
    }

    pub(crate) fn wait_at(&mut self, label: Label, resource: u64) {
        if let Some(slot) = self.current.and_then(|id| self.tasks.get_mut(id)) {
            slot.waits = true;
            slot.wait = Wait { label, resource };
        }
    }

    /// Adds a task, which is not ready yet.
    #[inline]
    pub(crate) fn spawn(&mut self, new: NewTask) -> TaskId {
        let lineage = new.lineage;
        self.hash.add(new.lineage_hash);
        let Ok((task, is_first)) = self.tasks.insert(self.limits.tasks_max, new) else {
            let limit = LimitReached::tasks(&self.limits);
            panic!("{limit}");
        };
        if is_first {
            self.ready.add_task(task.index);
        }
        if self.trace_level == TraceLevel::All {
            self.record_spawn(lineage);
        }
        task
    }

    /// Makes a waiting task ready; a ready one stays where it is, and one that is being polled will be ready after.
    #[inline]
    pub(crate) fn wake(&mut self, task: TaskId) {
        let Some(slot) = self.tasks.get_mut(task) else { return };
        match slot.state {
            State::Waiting => self.make_ready(task),
            State::Polled => slot.woken = true,
            State::Ready | State::Blocking | State::Ended | State::Vacant => {}
        }
    }

    #[inline(always)]
    pub(crate) fn make_ready(&mut self, task: TaskId) {
        let slot = self.tasks.at_mut(task.index);
        slot.state = State::Ready;
        slot.ready_since = self.polls;
        slot.ready_at = self.now;
        let node = slot.node;
        self.ready.push(node, task.index, self.origin);
        if self.names_polls {
            self.name_next_poll(task);
        }
    }

    /// Gives the next poll of a task its key.
    #[inline(never)]
    fn name_next_poll(&mut self, task: TaskId) {
        let slot = self.tasks.at_mut(task.index);
        let mut waker = None;
        if !slot.waits && slot.polls > 0 {
            waker = self.current.filter(|&current| current != task);
        }
        let waker = waker.and_then(|id| self.tasks.get(id)).map(|slot| slot.lineage);
        let slot = self.tasks.at_mut(task.index);
        if let Some(waker) = waker {
            slot.waits = true;
            slot.wait = Wait { label: Label::woken_by(self.lineages.hash(waker)), resource: 0 };
        }
        let (lineage, label) = (slot.lineage, slot.waiting_at().label);
        slot.key = self.lineages.next_poll_key(lineage, label);
        slot.stamp = self.stamps;
        self.stamps = self.stamps.wrapping_add(1);
        let key = slot.key;
        let (stamp, ready_since) = (slot.stamp, slot.ready_since);
        self.fresh.push(Candidate { task, key, stamp, ready_since });
        if self.recording.is_some() {
            let waker = waker.map(|waker| self.lineages.path(waker));
            self.name_stream(key.stream, lineage, label.full_name(waker.as_deref()));
        }
        if self.fresh.len() > 2 * self.tasks.len() + 64 {
            let tasks = &self.tasks;
            self.fresh.retain(|fresh| {
                let slot = tasks.get(fresh.task);
                slot.is_some_and(|slot| slot.state == State::Ready && slot.stamp == fresh.stamp)
            });
        }
    }

    /// Names the question what is polled after `task`.
    pub(crate) fn name_point(&mut self, task: TaskId) {
        let Some(slot) = self.tasks.get(task) else { return };
        let (lineage, label) = (slot.lineage, slot.waiting_at().label);
        self.point = self.lineages.next_point_key(lineage, label);
        let label = label.full_name(None);
        self.name_stream(self.point.stream, lineage, Cow::Owned(format!("after {label}")));
    }

    pub(crate) fn name_stream(&mut self, stream: u64, lineage: LineageId, label: Cow<'static, str>) {
        if let Some(recording) = &mut self.recording
            && !recording.names.contains_key(&stream)
        {
            let lineage = self.lineages.path(lineage);
            recording.names.insert(stream, Name { lineage, label: label.into() });
        }
    }

    pub(crate) fn candidate(&mut self, index: u32) -> Candidate {
        let task = self.tasks.id_at(index);
        let slot = self.tasks.at_mut(index);
        Candidate { task, key: slot.key, stamp: slot.stamp, ready_since: slot.ready_since }
    }

    /// Takes a task out of the table; its memory was taken out before.
    #[inline]
    pub(crate) fn remove_task(&mut self, task: TaskId) {
        let Some(slot) = self.tasks.get_mut(task) else { return };
        let lineage = slot.lineage;
        self.tasks.remove(task);
        self.lineages.release(lineage);
    }

    /// Keeps the memory of a task that was taken out and vacated, for the next task of its kind, and removes the task.
    #[inline]
    pub(crate) fn recycle_task(&mut self, task: TaskId, memory: Option<Memory>) {
        if let (Some(memory), Some(slot)) = (memory, self.tasks.get(task)) {
            let kind = slot.kind;
            self.kinds.give_back(kind, memory);
        }
        self.remove_task(task);
    }

    /// Wakes who waits for a task's end; gives the waker of another library, to be woken when nothing is borrowed.
    #[inline]
    pub(crate) fn wake_joiner(&mut self, task: TaskId) -> Option<std::task::Waker> {
        let slot = self.tasks.at_mut(task.index);
        match std::mem::replace(&mut slot.joiner, Joiner::Nobody) {
            Joiner::Nobody => None,
            Joiner::Task(joiner) => {
                self.wake(joiner);
                None
            }
            Joiner::Foreign(waker) => Some(waker),
        }
    }
}

impl Run {
    pub(crate) fn wake(&self, task: TaskId) {
        self.core.borrow_mut().wake(task);
    }
}
