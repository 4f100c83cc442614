//! The second phase of a run that is to come to rest: no faults, no choices, and progress.

use std::task::Waker;
use std::time::Duration;

use super::{Alarm, Core, Fate, Run};
use crate::choice::LineageId;
use crate::clock::Instant;
use crate::limits::LimitReached;
use crate::property::PropertyKind;
use crate::task::{Life, NodeId};

/// What is known of that phase.
#[derive(Debug, Default)]
pub(crate) struct Settling {
    plan: Option<Plan>,
    /// Who decides when it begins.
    actor: Option<LineageId>,
    /// Since when it goes on.
    since: Option<Instant>,
    /// Until when what is pending has to hold.
    response_due: Option<Instant>,
    /// The limit that ends it without progress, if that is not one of the whole run.
    livelock: Option<LimitReached>,
    /// Who waits for its begin.
    wakers: Vec<Waker>,
}

/// What a program asks for.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) timeout_max: Duration,
    pub(crate) response_max: Option<Duration>,
    /// The nodes that are well then; all, if none are named.
    pub(crate) nodes: Vec<NodeId>,
}

impl Settling {
    /// Whether it was asked for.
    pub(crate) fn is_planned(&self) -> bool {
        self.plan.is_some()
    }

    /// Since when the phase goes on.
    pub(crate) fn since(&self) -> Option<Instant> {
        self.since
    }

    /// The limit that ends a run without progress, if it is that of this phase.
    pub(crate) fn livelock(&self) -> Option<LimitReached> {
        self.livelock
    }

    /// Has this waker woken at the begin.
    pub(crate) fn enlist(&mut self, waker: Waker) -> Option<Waker> {
        match self.wakers.iter_mut().find(|known| known.will_wake(&waker)) {
            Some(known) => Some(std::mem::replace(known, waker)),
            None => {
                self.wakers.push(waker);
                None
            }
        }
    }
}

impl Core {
    /// Begins the phase after that time.
    pub(crate) fn plan_settling(&mut self, plan: Plan, after: Duration) {
        self.settling.plan = Some(plan);
        let due = self.local_now() + after;
        self.set_alarm(due, Alarm::Settle);
    }

    fn begin_settling(&mut self) -> Option<Vec<NodeId>> {
        if self.settling.since.is_some() || self.decisions.is_over() {
            return None;
        }
        let plan = self.settling.plan.clone()?;
        let now = self.time.now();
        self.settling.since = Some(now);
        self.decisions.settle();
        self.polling.settle();
        let (bound, livelock) = self.verdict.limits().livelock_of(plan.timeout_max);
        if self.time.set_progress_max(bound) {
            self.settling.livelock = Some(livelock);
        }
        if let Some(response_max) = plan.response_max {
            self.settling.response_due = Some(now + response_max);
            self.time.stop_at(now + response_max);
        }
        let all = (0..self.nodes.count()).map(NodeId).filter(|&node| self.nodes.host_of(node.0) == node);
        let nodes: Vec<NodeId> = if plan.nodes.is_empty() { all.collect() } else { plan.nodes };
        self.forget_fates(&nodes);
        if self.records_events() {
            let lineage = self.settling_actor();
            let text = "the faults are over, the run settles".to_string();
            self.record_node(lineage, crate::trace::Event::Device { text });
        }
        Some(nodes)
    }

    /// The actor that decides when the phase begins.
    pub(crate) fn settling_actor(&mut self) -> LineageId {
        let Core { settling, decisions, .. } = self;
        *settling.actor.get_or_insert_with(|| decisions.lineages_mut().root("settle"))
    }

    /// Takes back what was set for these nodes.
    fn forget_fates(&mut self, nodes: &[NodeId]) {
        let is_theirs = |alarm: &Alarm| match alarm {
            Alarm::Fate(node, Fate::Crash(_) | Fate::Start | Fate::Thaw) => nodes.contains(node),
            _ => false,
        };
        for alarm in self.time.alarms_where(is_theirs) {
            self.time.remove_alarm(alarm);
        }
    }

    /// The time after which nothing happens is there. Whether the run goes on all the same: all that had to hold in the phase does.
    pub(crate) fn goes_on_after_response(&mut self, due: Instant) -> bool {
        let Some(response_due) = self.settling.response_due.filter(|&response| due > response) else {
            return false;
        };
        if !self.time.go_on_after(response_due) {
            return false;
        }
        self.settling.response_due = None;
        if let Some((name, _)) = self.properties.pending() {
            let detail = format!("its settle phase ended at {response_due}");
            self.violate(PropertyKind::Eventually, name, detail);
        }
        true
    }
}

impl Run {
    /// Begins the phase: from now on tasks run in production order and nothing is asked; nodes come up and links are whole.
    pub(crate) fn begin_to_settle(&self) {
        let Some(nodes) = self.core_mut().begin_settling() else { return };
        self.decision_points.set(false);
        for &node in &nodes {
            let life = self.core().nodes.life(node);
            match life {
                Life::Running => {}
                Life::Frozen => self.thaw(node),
                Life::Killed | Life::Off => self.start(node),
            }
        }
        self.devices.for_each(|device| device.settle(&nodes));
        let wakers = std::mem::take(&mut self.core_mut().settling.wakers);
        wakers.into_iter().for_each(Waker::wake);
    }
}
