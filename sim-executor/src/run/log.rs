//! What is kept of a run for people: its trace.

use std::fmt;
use std::rc::Rc;

use super::Core;
use super::cpu_held::CpusHeld;
use crate::choice::{LineageId, TaskId};
use crate::clock::Instant;
use crate::config::Config;
use crate::limits::LimitReached;
use crate::reuse::Reuse as _;
use crate::task::{Origin, Slot};
use crate::trace::{Event, Record, Trace, TraceLevel};
use crate::varied::Varied;

/// Hears of each record when it is made.
struct Follower(Box<dyn FnMut(&Record)>);

impl fmt::Debug for Follower {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Follower").finish_non_exhaustive()
    }
}

/// The trace, with what goes into it.
#[derive(Debug, Default)]
pub(crate) struct Log {
    level: TraceLevel,
    trace: Trace,
    follower: Option<Follower>,
    /// See [`Limits::records_max`](crate::Limits::records_max).
    records_max: usize,
    /// What was drawn for the run that a program may not depend on.
    varied: Vec<Varied>,
    /// Polls that held a CPU for long.
    cpus_held: CpusHeld,
    /// Memory for texts.
    scratch: String,
}

impl Log {
    /// Begins a run.
    pub(super) fn configure(&mut self, config: &Config) {
        self.level = config.trace;
        self.records_max = config.limits.records_max;
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`Log::configure`].
    pub(super) fn renew(&mut self) {
        let Log { level: _, trace, follower, records_max: _, varied, cpus_held, scratch } = self;
        trace.records.renew();
        *follower = None;
        varied.renew();
        cpus_held.renew();
        scratch.renew();
    }

    #[inline]
    pub(crate) fn level(&self) -> TraceLevel {
        self.level
    }

    pub(crate) fn trace(&self) -> &Trace {
        &self.trace
    }

    pub(crate) fn take_trace(&mut self) -> Trace {
        std::mem::take(&mut self.trace)
    }

    pub(crate) fn follow(&mut self, tell: Box<dyn FnMut(&Record)>) {
        self.follower = Some(Follower(tell));
    }

    pub(crate) fn note_varied(&mut self, varied: Varied) {
        self.varied.push(varied);
    }

    pub(crate) fn take_varied(&mut self) -> Vec<Varied> {
        std::mem::take(&mut self.varied)
    }

    pub(super) fn cpus_held_mut(&mut self) -> &mut CpusHeld {
        &mut self.cpus_held
    }

    /// An empty text, which is given back.
    pub(crate) fn take_scratch(&mut self) -> String {
        std::mem::take(&mut self.scratch)
    }

    pub(crate) fn give_scratch_back(&mut self, mut scratch: String) {
        scratch.clear();
        self.scratch = scratch;
    }
}

impl Core {
    pub(crate) fn record(&mut self, at: Instant, lineage: Rc<str>, event: Event) {
        if self.log.trace.records.len() < self.log.records_max {
            let record = Record { at, lineage, event };
            if let Some(Follower(tell)) = &mut self.log.follower {
                tell(&record);
            }
            self.log.trace.records.push(record);
        } else {
            self.limit_reached(LimitReached::records);
        }
    }

    /// Records what happened to a node.
    pub(super) fn record_node(&mut self, lineage: LineageId, event: Event) {
        if self.log.level >= TraceLevel::Events {
            let (at, lineage) = (self.time.now(), self.decisions.lineages_mut().path(lineage));
            self.record(at, lineage, event);
        }
    }

    /// Records what happened to a task, if everything is recorded.
    pub(crate) fn record_task(&mut self, task: TaskId, event: impl FnOnce() -> Event) {
        if !self.traces_all() {
            return;
        }
        if let Some(slot) = self.polling.tasks().get(task) {
            let (at, lineage) = (self.time.ahead_of(slot.node()), slot.lineage());
            let lineage = self.decisions.lineages_mut().path(lineage);
            self.record(at, lineage, event());
        }
    }

    /// Records who makes a task ready that was polled before.
    pub(super) fn record_wake(&mut self, task: TaskId) {
        let slot = self.polling.tasks().at(task.index);
        if self.log.level() < TraceLevel::Wakes || slot.polls() == 0 {
            return;
        }
        let (at, woken, origin) = (self.local_now(), slot.lineage(), self.polling.origin());
        let current = self.polling.current_slot().map(Slot::lineage);
        let lineages = self.decisions.lineages_mut();
        let task = lineages.path(woken);
        let by = match (current, origin) {
            (Some(current), _) => lineages.path(current),
            (None, Origin::Timer) => "a timer".into(),
            (None, Origin::Device) => "a device".into(),
            // At the end of its own poll.
            (None, Origin::Task) => Rc::clone(&task),
        };
        self.record(at, by, Event::Woke { task });
    }

    pub(super) fn record_spawn(&mut self, lineage: LineageId) {
        let (at, actor) = (self.local_now(), self.current_actor());
        let lineages = self.decisions.lineages_mut();
        let (actor, task) = (lineages.path(actor), lineages.path(lineage));
        self.record(at, actor, Event::Spawned { task });
    }

    /// Adds to the hash, and to the trace if it holds such, what the program reports in the current task.
    pub(crate) fn report_event(&mut self, text: &str) {
        let (at, actor) = (self.local_now(), self.current_actor());
        let actor_hash = self.decisions.lineages().hash(actor);
        self.decisions.hash(actor_hash);
        self.decisions.hash(crate::choice::hash_str(text));
        if self.log.level >= TraceLevel::Events {
            let lineage = self.decisions.lineages_mut().path(actor);
            self.record(at, lineage, Event::User { text: text.to_string() });
        }
    }
}
