//! What a run has reached, as hashes.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use sim_executor::{
    Access, Fact, FactKinds, Needs, Point, PropertyKind, Ready, ReadyId, Report, Resource, RunEnd, RunInfo,
    Source, TaskId, Value, hash_str, mix,
};

use crate::signature::Signature;

/// Lets another source make a run, and takes note of what is reached.
#[derive(Debug)]
pub(super) struct Reaching<S> {
    source: S,
    reached: Reached,
}

/// What a run has reached; shared with the [`Reaching`] that it has taken.
#[derive(Clone, Debug, Default)]
pub(super) struct Reached(Rc<RefCell<Seen>>);

#[derive(Debug, Default)]
struct Seen {
    hashes: BTreeSet<u64>,
    /// Who has polled last, and under which name.
    polled: Option<(TaskId, u64)>,
    /// Who has touched each resource last, in which poll, and how.
    touched: BTreeMap<Resource, (TaskId, u64, Access)>,
}

impl<S: Source> Reaching<S> {
    pub(super) fn new(source: S) -> (Self, Reached) {
        let reached = Reached::default();
        (Reaching { source, reached: reached.clone() }, reached)
    }
}

impl Reached {
    /// All of it, with what the report of the run tells.
    pub(super) fn with_marks(&self, report: &Report) -> BTreeSet<u64> {
        const MARK: u64 = hash_str("mark");
        const FAILURE: u64 = hash_str("failure");
        let mut hashes = std::mem::take(&mut self.0.borrow_mut().hashes);
        let is_mark = |kind| matches!(kind, PropertyKind::Sometimes | PropertyKind::Reachable);
        let hit = report.properties.iter().filter(|property| is_mark(property.kind) && property.held > 0);
        hashes.extend(hit.map(|property| mix(MARK, hash_str(property.name))));
        hashes.extend(Signature::of(report).map(|failure| mix(FAILURE, hash_str(&failure.to_string()))));
        hashes
    }
}

impl Seen {
    fn see(&mut self, fact: &Fact) {
        const DEEPER: u64 = hash_str("deeper");
        const FOLLOWS: u64 = hash_str("follows");
        const WAKES: u64 = hash_str("wakes");
        const RACES: u64 = hash_str("races");
        match *fact {
            Fact::PollBegun { task, key, .. } => {
                self.hashes.insert(mix(mix(DEEPER, key.stream), u64::from(depth(key.ordinal))));
                if let Some((before, stream)) = self.polled.replace((task, key.stream))
                    && before != task
                {
                    self.hashes.insert(mix(mix(FOLLOWS, stream), key.stream));
                }
            }
            Fact::Woken { task, key, by: Some(by) } if by != task => {
                let stream = self.polled.map_or(0, |(_, stream)| stream);
                self.hashes.insert(mix(mix(WAKES, stream), key.stream));
            }
            Fact::Accessed { task, key, resource, access } => {
                let now = (task, key.stream, access);
                if let Some((before, stream, earlier)) = self.touched.insert(resource, now)
                    && before != task
                    && earlier.races_with(access)
                {
                    self.hashes.insert(mix(mix(mix(RACES, resource.number()), stream), key.stream));
                }
            }
            _ => {}
        }
    }
}

/// How far a task has come at an operation: each of the first polls counts, then as many again as there were.
fn depth(ordinal: u32) -> u32 {
    const EACH: u32 = 16;
    if ordinal < EACH { ordinal } else { EACH + ordinal.ilog2() }
}

impl<S: Source> Source for Reaching<S> {
    fn begin(&mut self, run: &RunInfo) {
        self.source.begin(run);
    }

    fn needs(&self) -> Needs {
        Needs { facts: FactKinds::ALL, ..self.source.needs() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        self.source.decide(point)
    }

    fn pick(&mut self, ready: &mut Ready<'_>) -> Option<ReadyId> {
        self.source.pick(ready)
    }

    fn observe(&mut self, fact: &Fact) {
        self.reached.0.borrow_mut().see(fact);
        self.source.observe(fact);
    }

    fn end(&mut self, end: &RunEnd<'_>) {
        self.source.end(end);
    }

    fn describe(&self) -> String {
        self.source.describe()
    }
}
