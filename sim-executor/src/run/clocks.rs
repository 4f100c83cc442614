//! What the clocks of nodes show.

use std::time::Duration;

use super::{Alarm, Clock, Core};
use crate::clock::{DriftingClock, Instant};
use crate::task::NodeId;
use crate::trace::Event;

/// Time since 1970 when a run begins: the start of 2025.
const EPOCH: Duration = Duration::from_secs(1_735_689_600);

impl Core {
    /// The time on the monotonic clock of the current node.
    #[inline]
    pub(crate) fn clock_now(&self) -> Instant {
        if self.time.is_the_worlds() { self.time.now() } else { self.own_clock_now() }
    }

    #[cold]
    fn own_clock_now(&self) -> Instant {
        let now = self.local_now();
        if self.time.drifts() { self.own_clock().local(now) } else { now }
    }

    fn own_clock(&self) -> DriftingClock {
        self.time.monotonic_of(self.host_of_current())
    }

    /// The time since 1970 on the wall clock of the current node.
    pub(crate) fn system_now(&self) -> Duration {
        let offset_ns = i128::from(self.time.wall_offset_ns(self.host_of_current()));
        let nanos = i128::from(self.clock_now().as_nanos()) + EPOCH.as_nanos().cast_signed() + offset_ns;
        Duration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    /// The time of the world at which the monotonic clock of the current node shows that.
    #[inline]
    pub(crate) fn world_time(&self, local: Instant) -> Instant {
        if self.time.drifts() { self.own_clock().world(local) } else { local }
    }

    pub(crate) fn clock_of(&self, node: NodeId) -> Clock {
        self.time.clock_of(node)
    }

    pub(crate) fn set_clock(&mut self, node: NodeId, clock: Clock) {
        self.set_drift(node, clock.drift_ppb);
        self.time.set_wall_offset(node, clock.offset_ns);
        let Clock { drift_ppb, offset_ns, .. } = clock;
        self.record_node(self.nodes.lineage(node), Event::ClockSet { drift_ppb, offset_ns });
    }

    pub(crate) fn step_clock(&mut self, node: NodeId, nanos: i64) {
        let offset_ns = self.time.wall_offset_ns(node).saturating_add(nanos);
        self.time.set_wall_offset(node, offset_ns);
        self.record_node(self.nodes.lineage(node), Event::ClockStepped { nanos });
    }

    fn set_drift(&mut self, node: NodeId, drift_ppb: i32) {
        if self.time.monotonic_of(node).drift_ppb() == drift_ppb {
            return;
        }
        // What the node has seen already stays as it was seen, where its time is ahead of the world's.
        let from = self.nodes.cpus_of(node).map(|cpu| self.time.ahead_of(cpu));
        let from = from.fold(self.time.now(), Instant::max);
        let Core { time, polling, nodes, .. } = self;
        time.set_drift(node, from, drift_ppb, |alarm| {
            let cpu = match alarm {
                Alarm::Task(task) => polling.tasks().get(*task).map(|slot| slot.node()),
                Alarm::Wake { cpu, .. } => Some(*cpu),
                Alarm::Settle | Alarm::Release(_) | Alarm::Fate(..) => None,
            };
            cpu.is_some_and(|cpu| nodes.host_of(cpu) == node)
        });
    }
}
