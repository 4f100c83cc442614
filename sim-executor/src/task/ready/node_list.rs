//! The ready tasks of one node, in the order of their wakes.

use super::Origin;
use super::link::{Link, Links, NONE, UNLISTED};
use super::priorities::Ranked;
use super::stopped::Stop;

#[derive(Debug, Default)]
pub(super) struct NodeList {
    /// The first task, or [`NONE`].
    pub(super) head: u32,
    pub(super) tail: u32,
    pub(super) len: u32,
    pub(super) batch_left: u32,
    /// How many iterations have begun.
    pub(super) iterations: u64,
    pub(super) has_turn: bool,
    /// Whether it polls nothing: the CPU is held, or the node is stopped.
    pub(super) held: bool,
    pub(super) is_cpu_held: bool,
    pub(super) stop: Stop,
    /// How often its CPU was held.
    pub(super) holds: u32,
    /// Whether it is among the nodes whose longest ready task is overdue.
    pub(super) is_overdue: bool,
    /// What few nodes ever have; kept once it was needed.
    aside: Option<Box<Aside>>,
}

/// Of ten thousand nodes the lists fit into a cache.
const _: () = assert!(size_of::<NodeList>() <= 48);

/// What has to wait while a node is held.
#[derive(Debug, Default)]
struct Aside {
    devices: Vec<u32>,
    timers: Vec<u32>,
    /// Priorities that came up while it was held.
    parked: Vec<Ranked>,
}

impl NodeList {
    pub(super) fn new() -> Self {
        NodeList { head: NONE, tail: NONE, ..NodeList::default() }
    }

    /// Keeps a task that came from outside until the node looks there.
    #[cold]
    pub(super) fn defer(&mut self, link: &mut Link, task: u32, origin: Origin) {
        if self.is_cpu_held {
            // It is ready within the hold, which counts therefore.
            link.holds = self.holds.wrapping_sub(1);
        }
        match origin {
            Origin::Timer => self.aside_mut().timers.push(task),
            Origin::Device | Origin::Task => self.aside_mut().devices.push(task),
        }
    }

    fn aside_mut(&mut self) -> &mut Aside {
        self.aside.get_or_insert_default()
    }

    /// Takes the tasks that came from outside: those of devices first, then those of timers.
    pub(super) fn take_deferred(&mut self) -> Vec<u32> {
        let Some(aside) = &mut self.aside else { return Vec::new() };
        let mut deferred = std::mem::take(&mut aside.devices);
        deferred.append(&mut aside.timers);
        deferred
    }

    /// The tasks that came from outside, in that order.
    pub(super) fn deferred(&self) -> impl Iterator<Item = u32> {
        self.aside.iter().flat_map(|aside| aside.devices.iter().chain(&aside.timers).copied())
    }

    /// Keeps a priority until the node is held no more.
    #[cold]
    pub(super) fn park(&mut self, ranked: Ranked) {
        self.aside_mut().parked.push(ranked);
    }

    /// Takes the priorities that were kept.
    pub(super) fn take_parked(&mut self) -> Vec<Ranked> {
        self.aside.as_mut().map_or_else(Vec::new, |aside| std::mem::take(&mut aside.parked))
    }

    /// Forgets all that waits.
    pub(super) fn clear_aside(&mut self) {
        self.aside = None;
    }

    /// Puts a task behind the others, and gives the one that was last.
    #[inline(always)]
    pub(super) fn append(&mut self, link: &mut Link, task: u32) -> u32 {
        let tail = std::mem::replace(&mut self.tail, task);
        (link.next, link.previous) = (NONE, tail);
        self.len += 1;
        if tail == NONE {
            self.head = task;
        }
        tail
    }

    /// Whether it has tasks that may be polled now.
    #[inline(always)]
    pub(super) fn may_be_polled(&self) -> bool {
        self.len > 0 && !self.held
    }

    /// Begins an iteration, if none is under way: of all that is ready, or of one task.
    #[inline(always)]
    pub(super) fn begin_iteration(&mut self, of_all: bool) {
        if self.batch_left == 0 {
            self.iterations += 1;
            self.batch_left = if of_all { self.len } else { 1 };
        }
    }

    /// Takes any task out.
    #[inline(always)]
    pub(super) fn take(&mut self, links: &mut impl Links, task: u32) {
        let link = links.link_mut(task);
        let (next, previous) = (std::mem::replace(&mut link.next, UNLISTED), link.previous);
        assert!(next != UNLISTED, "task {task} is taken from the list of its node, where it is not");
        self.len -= 1;
        let previous = if self.head == task {
            self.head = next;
            NONE
        } else {
            links.link_mut(previous).next = next;
            previous
        };
        if next == NONE {
            self.tail = previous;
        } else {
            links.link_mut(next).previous = previous;
        }
    }

    /// Takes a task out for an iteration of its own.
    #[inline(always)]
    pub(super) fn take_alone(&mut self, links: &mut impl Links, task: u32) {
        self.take(links, task);
        self.iterations += 1;
    }

    /// Takes the first task out.
    #[inline(always)]
    pub(super) fn take_first(&mut self, links: &mut impl Links) -> u32 {
        let task = self.head;
        // Nobody looks at the `previous` of the first.
        let next = std::mem::replace(&mut links.link_mut(task).next, UNLISTED);
        self.head = next;
        if next == NONE {
            self.tail = NONE;
        }
        self.len -= 1;
        task
    }

    /// Whether it has not looked at something that came from outside.
    pub(super) fn defers(&self) -> bool {
        self.aside.as_ref().is_some_and(|aside| !aside.devices.is_empty() || !aside.timers.is_empty())
    }
}
