//! A poll that held the CPU of its node for long, with whom it kept waiting.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::Core;
use super::blame::some;
use crate::choice::TaskId;
use crate::clock::Instant;
use crate::reuse::Reuse as _;

/// A poll in which a task held the CPU of its node for longer than [`Limits::hold_max`](crate::Limits::hold_max).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CpuHeld {
    /// The task's path of names.
    pub lineage: Rc<str>,
    /// The name of its node.
    pub node: Rc<str>,
    /// When the poll was.
    pub at: Instant,
    /// For how long the CPU was held.
    pub lasted: Duration,
    /// The tasks of the node that were ready at its end, and so have waited.
    pub kept_waiting: Vec<Rc<str>>,
    /// The bound that is exceeded.
    pub hold_max: Duration,
}

impl fmt::Display for CpuHeld {
    /// `at 0.500: main/work held the CPU of main for 2.000 s (more than Limits::hold_max = 0.100 s) and kept main/heart waiting`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CpuHeld { lineage, node, at, lasted, kept_waiting, hold_max } = self;
        let seconds = |time: Duration| Instant::START + time;
        write!(out, "at {at}: {lineage} held the CPU of {node} for {} s in one poll ", seconds(*lasted))?;
        write!(out, "(more than Limits::hold_max = {} s)", seconds(*hold_max))?;
        if kept_waiting.is_empty() {
            out.write_str(", when nobody else was ready there")
        } else {
            write!(out, ", and kept waiting: {}", some(kept_waiting))
        }
    }
}

/// The holds of a run that were too long.
#[derive(Debug, Default)]
pub(crate) struct CpusHeld {
    /// Those that go on, by their CPUs.
    now: BTreeMap<u32, CpuHeld>,
    /// The longest of those that are over.
    over: Vec<CpuHeld>,
}

/// So many are told.
const TOLD_MAX: usize = 16;

impl CpusHeld {
    /// Makes it as new.
    pub(super) fn renew(&mut self) {
        let CpusHeld { now, over } = self;
        now.renew();
        over.renew();
    }

    fn keep(&mut self, held: CpuHeld) {
        if self.over.len() < TOLD_MAX {
            return self.over.push(held);
        }
        let shortest = self.over.iter_mut().min_by_key(|held| held.lasted);
        if let Some(shortest) = shortest.filter(|shortest| shortest.lasted < held.lasted) {
            *shortest = held;
        }
    }
}

impl Core {
    /// After a poll that has put its CPU ahead: notes that if it is for too long. Of a CPU that is a worker's, nothing is noted: nobody else waits
    /// for it.
    pub(super) fn note_hold(&mut self, task: TaskId, cpu: u32) {
        let (now, hold_max) = (self.time.now(), self.verdict.limits().hold_max);
        let lasted = self.time.ahead_of(cpu).saturating_duration_since(now);
        if lasted <= hold_max || self.nodes.host_of(cpu).0 != cpu {
            return;
        }
        let (lineage, node) = (self.name_of(task), self.nodes.name(self.nodes.host_of(cpu)));
        let held = CpuHeld { lineage, node, at: now, lasted, kept_waiting: Vec::new(), hold_max };
        self.log.cpus_held_mut().now.insert(cpu, held);
    }

    /// The hold of a CPU is over.
    pub(super) fn end_hold(&mut self, cpu: u32) {
        let Some(mut held) = self.log.cpus_held_mut().now.remove(&cpu) else { return };
        let holder = self.nodes.holder(cpu);
        held.kept_waiting = self.ready_on(cpu, holder);
        self.log.cpus_held_mut().keep(held);
    }

    /// The hold of a CPU has ended in a crash: nobody there has waited to the end of it.
    pub(super) fn forget_hold(&mut self, cpu: u32) {
        self.log.cpus_held_mut().now.remove(&cpu);
    }

    /// Takes the longest of the holds that were too long, in the order of their times; those that go on are among them.
    pub(crate) fn take_cpus_held(&mut self) -> Vec<CpuHeld> {
        while let Some((&cpu, _)) = self.log.cpus_held_mut().now.first_key_value() {
            self.end_hold(cpu);
        }
        let mut over = std::mem::take(&mut self.log.cpus_held_mut().over);
        over.sort_by_key(|held| held.at);
        over
    }
}
