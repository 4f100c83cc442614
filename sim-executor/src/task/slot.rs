//! A task in the table: where it is, where it waits, and what its next poll is called.

mod poll_name;

use std::any::Any;
use std::panic::Location;

use super::background::Background;
use super::ready::Link;
use super::stage::Memory;
use super::wait::Wait;
use crate::choice::{Label, LineageId, TaskId};
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

/// What a task is made from.
pub(crate) struct NewTask {
    pub(crate) node: u32,
    pub(crate) kind: u32,
    pub(crate) lineage: LineageId,
    pub(crate) lineage_hash: u64,
    /// Whether others bear the same lineage, one after the other: the node's own.
    pub(crate) is_root: bool,
    /// Whether another does so now.
    pub(crate) shares_lineage: bool,
    pub(crate) spawned_at: &'static Location<'static>,
}

/// What is looked at in each poll and wake; the rest is in [`Background`].
pub(crate) struct Slot {
    /// Taken out while it is polled. After the task's end it stays, vacated, for the next task here.
    memory: Option<Memory>,
    /// Of the task that is here; of the next one, if the slot is vacant.
    generation: u32,
    node: u32,
    state: State,
    /// Woken while it was polled.
    woken: bool,
    /// Aborted: the next poll drops the future instead.
    cancelled: bool,
    /// Nobody holds its `JoinHandle`.
    detached: bool,
    /// Whether `wait` was set in the latest poll.
    waits: bool,
    is_root: bool,
    /// Another task that is alive bears its lineage too, so that neither may keep its own count of polls.
    shares_lineage: bool,
    lineage: LineageId,
    /// The name of the next poll, where polls are named: the ordinal, and the stream.
    key_ordinal: u32,
    key_stream: u64,
    /// The hash of the label in that name; zero where that is not known. While it stays the same only the ordinal changes.
    key_label: u64,
    lineage_hash: u64,
    polls: u64,
    polled_at: Instant,
    link: Link,
    wait: Wait,
}

/// A thousand tasks fit into the second cache of common processors.
const _: () = assert!(size_of::<Slot>() <= 128);

impl Slot {
    /// A vacant slot.
    pub(super) fn new() -> Slot {
        Slot {
            memory: None,
            generation: 0,
            node: 0,
            state: State::Vacant,
            woken: false,
            cancelled: false,
            detached: false,
            waits: false,
            is_root: false,
            shares_lineage: false,
            lineage: LineageId::NONE,
            lineage_hash: 0,
            polls: 0,
            polled_at: Instant::START,
            link: Link::NONE,
            wait: Wait::UNKNOWN,
            key_stream: 0,
            key_ordinal: 0,
            key_label: 0,
        }
    }

    /// Makes it the slot of the next task, except for the memory. Field by field, as that writes half as much as moving a new one
    /// in; what the task before has left empty, or what is set before it is read, is not written.
    #[inline(always)]
    pub(super) fn begin(&mut self, background: &mut Background, new: NewTask, number: u64) {
        self.state = State::Waiting;
        self.woken = false;
        self.cancelled = false;
        self.detached = false;
        self.waits = false;
        self.is_root = new.is_root;
        self.shares_lineage = new.shares_lineage;
        self.node = new.node;
        self.lineage = new.lineage;
        self.lineage_hash = new.lineage_hash;
        self.polls = 0;
        self.key_label = 0;
        background.begin(new.kind, new.spawned_at, number);
    }

    /// Gives the slot free, whose memory was vacated before: the task's id is nobody's from now on.
    #[inline]
    pub(super) fn vacate(&mut self) {
        self.state = State::Vacant;
        self.generation += 1;
    }

    /// The memory that the task before has left, for the next one.
    #[inline(always)]
    pub(super) fn memory_mut(&mut self) -> &mut Option<Memory> {
        &mut self.memory
    }

    #[inline]
    pub(super) fn is(&self, id: TaskId) -> bool {
        self.generation == id.generation
    }

    /// Which task it is, at that index of the table.
    #[inline(always)]
    pub(crate) fn id(&self, index: u32) -> TaskId {
        TaskId { index, generation: self.generation }
    }

    #[inline]
    pub(super) fn generation(&self) -> u32 {
        self.generation
    }

    #[inline(always)]
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// What the ready queue needs of it.
    #[inline(always)]
    pub(crate) fn node_and_link_mut(&mut self) -> (u32, &mut Link) {
        (self.node, &mut self.link)
    }

    #[inline(always)]
    pub(super) fn link_mut(&mut self) -> &mut Link {
        &mut self.link
    }

    #[inline]
    pub(crate) fn state(&self) -> State {
        self.state
    }

    #[inline]
    pub(crate) fn is_ready(&self) -> bool {
        self.state == State::Ready
    }

    pub(crate) fn is_blocking(&self) -> bool {
        self.state == State::Blocking
    }

    #[inline]
    pub(crate) fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// Its CPU: the number of its node, or of the worker of a node.
    #[inline]
    pub(crate) fn node(&self) -> u32 {
        self.node
    }

    #[inline]
    pub(crate) fn lineage(&self) -> LineageId {
        self.lineage
    }

    #[inline]
    pub(crate) fn lineage_hash(&self) -> u64 {
        self.lineage_hash
    }

    #[inline]
    pub(crate) fn polls(&self) -> u64 {
        self.polls
    }

    /// When it was last polled, if it ever was.
    pub(crate) fn polled_at(&self) -> Option<Instant> {
        (self.polls > 0).then_some(self.polled_at)
    }

    #[inline]
    pub(crate) fn is_detached(&self) -> bool {
        self.detached
    }

    pub(crate) fn detach(&mut self) {
        self.detached = true;
    }

    /// Whether its future is to be dropped when its turn comes.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// Its future is to be dropped when its turn comes.
    pub(crate) fn cancel(&mut self) {
        self.cancelled = true;
    }
}

/// The way from a wake over a poll to the next.
impl Slot {
    /// Notes a wake; whether the task is to be made ready. A ready one stays where it is, and one that is being polled will be
    /// ready after.
    #[inline(always)]
    pub(crate) fn wake(&mut self) -> bool {
        match self.state {
            State::Waiting => true,
            State::Polled => {
                self.woken = true;
                false
            }
            State::Ready | State::Blocking | State::Ended | State::Vacant => false,
        }
    }

    #[inline(always)]
    pub(crate) fn set_ready(&mut self) {
        self.state = State::Ready;
    }

    /// Takes the memory out, since polling it may spawn; also says whether the future is to be dropped instead.
    #[inline(always)]
    pub(crate) fn begin_poll(&mut self, now: Instant) -> (Memory, bool) {
        self.state = State::Polled;
        self.polls += 1;
        self.polled_at = now;
        self.woken = false;
        self.waits = false;
        (self.memory.take().expect("a ready task has its future"), self.cancelled)
    }

    /// Takes the memory out for a poll that counts for nothing, if the task waits for a wake.
    pub(crate) fn begin_probe(&mut self) -> Option<Memory> {
        let memory =
            self.memory.take_if(|_| self.state == State::Waiting && self.polls > 0 && !self.cancelled)?;
        (self.state, self.waits) = (State::Polled, false);
        Some(memory)
    }

    /// After a poll that was not the last; whether it was woken meanwhile.
    #[inline(always)]
    pub(crate) fn end_poll(&mut self, memory: Memory) -> bool {
        self.keep(memory);
        self.state = State::Waiting;
        self.woken
    }

    /// After the last poll.
    #[inline]
    pub(crate) fn end(&mut self) {
        self.state = State::Ended;
    }

    /// Puts the memory back that was taken out.
    #[inline(always)]
    pub(crate) fn keep(&mut self, memory: Memory) {
        // There is none, so there is nothing to be dropped, and nothing to be looked at for that.
        std::mem::forget(self.memory.replace(memory));
    }

    /// Moves the output of a task that has ended into an `Option` of its type, and leaves its memory vacant.
    #[inline]
    pub(crate) fn take_output(&mut self, into: &mut dyn Any) {
        let memory = self.memory.as_mut().expect("the memory of an ended task is kept");
        memory.as_mut().take_output(into);
    }

    #[inline]
    pub(crate) fn take_memory(&mut self) -> Option<Memory> {
        self.memory.take()
    }

    /// Takes the memory out for its end, with the task as the one that is polled.
    pub(crate) fn begin_end(&mut self) -> Option<Memory> {
        self.state = State::Polled;
        self.memory.take()
    }

    /// The task keeps the CPU after its poll, if it waits.
    pub(crate) fn set_blocking(&mut self) {
        if self.state == State::Waiting {
            self.state = State::Blocking;
        }
    }

    /// Says where it waits; gives where it said so before in this poll, if it did.
    #[inline]
    pub(crate) fn wait_at(&mut self, label: Label, resource: u64) -> Option<Wait> {
        let before = self.waits.then_some(self.wait);
        self.waits = true;
        self.wait = Wait { label, resource };
        before
    }

    /// Where it waits.
    #[inline]
    pub(crate) fn waiting_at(&self) -> Wait {
        if self.waits { self.wait } else { Wait::UNKNOWN }
    }

    /// Where it waited when it was last known to wait, also while it is polled.
    pub(crate) fn last_wait(&self) -> Wait {
        self.wait
    }

    /// The hash of the label of that.
    #[inline(always)]
    fn label_hash(&self) -> u64 {
        if self.waits { self.wait.label.hash() } else { Wait::UNKNOWN.label.hash() }
    }

    /// Whether nothing but a wake can tell where it waits: it has been polled, and has not said so.
    #[inline]
    pub(crate) fn waits_for_unknown(&self) -> bool {
        !self.waits && self.polls > 0
    }
}
