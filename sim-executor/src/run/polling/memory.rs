//! What the polls of a run keep for those of the next: their memory.

use std::collections::VecDeque;

use super::{AtWakes, Polling, manner};
use crate::choice::Order;
use crate::limits::Limits;
use crate::reuse::Reuse as _;
use crate::task::{Kinds, Origin, ReadyQueue, TaskTable};

impl Polling {
    pub(in crate::run) fn new() -> Self {
        Polling {
            ready: ReadyQueue::new(),
            tasks: TaskTable::default(),
            current: None,
            polls: 0,
            polls_stop: 0,
            polls_before: 0,
            unwatched_polls: 0,
            busy: None,
            refused: Vec::new(),
            limits: Limits::default(),
            resumed: VecDeque::new(),
            origin: Origin::Task,
            order: Order::Production,
            manner: manner::ANY,
            names_polls: false,
            watches_polls: false,
            watches_each_poll: false,
            awaited: None,
            kinds: Kinds::default(),
            stamps: 0,
            untaken: 0,
            watches_wakes: false,
            at_wakes: AtWakes::Watched,
            is_fair: false,
            ready_most: 0,
            has_background: false,
            stats: None,
            stopped: None,
            stops: Vec::new(),
            probed: None,
        }
    }

    /// Makes it as new, when no task is left, and keeps memory for the next run, which calls [`Polling::configure`]. Types of
    /// futures stay known.
    pub(in crate::run) fn renew(&mut self) {
        let Polling {
            ready,
            tasks,
            current,
            polls,
            polls_stop: _,
            polls_before,
            unwatched_polls: _,
            busy,
            refused,
            limits: _,
            resumed,
            origin,
            order: _,
            manner: _,
            names_polls: _,
            watches_polls: _,
            watches_each_poll,
            awaited,
            kinds,
            stamps,
            untaken,
            watches_wakes: _,
            at_wakes: _,
            is_fair: _,
            ready_most,
            has_background,
            stats,
            stopped,
            stops,
            probed,
        } = self;
        ready.renew();
        tasks.give_memory_back(kinds);
        tasks.renew();
        (*current, *awaited) = (None, None);
        (*polls, *polls_before) = (0, 0);
        *busy = None;
        refused.renew();
        resumed.renew();
        *origin = Origin::Task;
        *watches_each_poll = false;
        kinds.shrink();
        (*stamps, *untaken, *ready_most) = (0, 0, 0);
        *has_background = false;
        (*stats, *stopped, *probed) = (None, None, None);
        stops.renew();
    }
}
