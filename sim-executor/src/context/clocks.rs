//! The clocks of nodes: how they differ from the world's.

use std::time::Duration;

use super::node::Node;
use super::run::Core;
use super::timer::Alarm;
use super::with;
use crate::clock::{DRIFT_PPB_MAX, DriftingClock, Instant};
use crate::task::NodeId;

/// Time since 1970 when a run begins: the start of 2025.
const EPOCH: Duration = Duration::from_secs(1_735_689_600);

/// In [`Core::own_time`]: the task that is being polled, or was last, has put its node's time ahead of the world's.
pub(crate) const RUN_AHEAD: u8 = 1;
/// In [`Core::own_time`]: the clock of some node drifts, or did.
pub(crate) const DRIFTS: u8 = 2;

/// The clocks of one node.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Clocks {
    monotonic: DriftingClock,
    /// By how much the wall clock is ahead of what it would be without steps.
    wall_offset_ns: i64,
}

/// How a node's clocks differ from the world's: see [`Node::set_clock`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// By how many nanoseconds the wall clock is ahead; a negative number says that it is behind. Default: 0.
    pub offset_ns: i64,
    /// How many nanoseconds in a second both clocks, wall and monotonic, are too fast; a negative number says too slow. At
    /// most a tenth, 100 million, either way. Default: 0.
    pub drift_ppb: i32,
}

impl Node {
    /// Sets how the node's clocks differ from the world's. The monotonic clock, [`time::now`](crate::time::now), does not
    /// jump: it drifts from now on, and the node's timers are due by it, those that are set already too. The wall clock,
    /// [`time::system_now`](crate::time::system_now), drifts with it and has the offset besides.
    ///
    /// ```
    /// use sim_executor::{Clock, Executor, Node, ProductionOrder, context, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let slow = executor.block_on(async {
    ///     let node = Node::named("slow");
    ///     node.set_clock(Clock { drift_ppb: -1_000_000, ..Clock::default() });
    ///     node.spawn(async {
    ///         time::sleep(Duration::from_secs(999)).await;
    ///         context::now()
    ///     }).await.unwrap()
    /// });
    /// assert_eq!(slow.unwrap().to_string(), "1000.000", "of the world's time");
    /// ```
    ///
    /// # Panics
    /// Outside a run, or if the drift is out of its bounds.
    pub fn set_clock(&self, clock: Clock) {
        let Clock { offset_ns, drift_ppb } = clock;
        assert!(
            drift_ppb.unsigned_abs() <= DRIFT_PPB_MAX.unsigned_abs(),
            "drift_ppb {drift_ppb} is more than {DRIFT_PPB_MAX} either way"
        );
        with(|run| {
            let mut core = run.core.borrow_mut();
            core.set_drift(self.id(), drift_ppb);
            core.nodes[self.id().index()].clocks.wall_offset_ns = offset_ns;
        });
    }

    /// Lets the node's wall clock jump by so many nanoseconds, back if that is negative. Timers are not concerned.
    ///
    /// # Panics
    /// Outside a run.
    pub fn step_clock(&self, nanos: i64) {
        with(|run| {
            let clocks = &mut run.core.borrow_mut().nodes[self.id().index()].clocks;
            clocks.wall_offset_ns = clocks.wall_offset_ns.saturating_add(nanos);
        });
    }

    /// How the node's clocks differ from the world's, with all steps since.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn clock(&self) -> Clock {
        with(|run| {
            let Clocks { monotonic, wall_offset_ns } = run.core.borrow().nodes[self.id().index()].clocks;
            Clock { offset_ns: wall_offset_ns, drift_ppb: monotonic.drift_ppb() }
        })
    }
}

/// The time on the monotonic clock of the current node.
#[inline]
pub(crate) fn clock_now() -> Instant {
    with(|run| run.core.borrow().clock_now())
}

/// The time since 1970 on the wall clock of the current node.
pub(crate) fn system_now() -> Duration {
    with(|run| {
        let core = run.core.borrow();
        let host = core.host_of_current();
        let offset_ns = i128::from(core.nodes[host.index()].clocks.wall_offset_ns);
        let nanos = i128::from(core.clock_now().as_nanos()) + EPOCH.as_nanos().cast_signed() + offset_ns;
        Duration::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    })
}

impl Core {
    /// The time on the monotonic clock of the current node.
    #[inline]
    pub(crate) fn clock_now(&self) -> Instant {
        if self.own_time == 0 { self.now } else { self.own_clock_now() }
    }

    #[cold]
    fn own_clock_now(&self) -> Instant {
        let now = self.local_now();
        if self.own_time & DRIFTS == 0 { now } else { self.own_clock().local(now) }
    }

    fn own_clock(&self) -> DriftingClock {
        self.nodes[self.host_of_current().index()].clocks.monotonic
    }

    /// The time of the world at which the monotonic clock of the current node shows that.
    #[inline]
    pub(crate) fn world_time(&self, local: Instant) -> Instant {
        if self.own_time & DRIFTS == 0 { local } else { self.own_clock().world(local) }
    }

    fn set_drift(&mut self, node: NodeId, drift_ppb: i32) {
        let before = self.nodes[node.index()].clocks.monotonic;
        if before.drift_ppb() == drift_ppb {
            return;
        }
        // What the node has seen already stays as it was seen, where its time is ahead of the world's.
        let from = self.nodes.iter().filter(|state| state.host == node).map(|state| state.ahead);
        let from = from.fold(self.now, Instant::max);
        let mut after = before;
        after.set_drift(from, drift_ppb);
        self.nodes[node.index()].clocks.monotonic = after;
        self.own_time |= DRIFTS;
        let Core { timers, tasks, nodes, now, .. } = self;
        timers.reschedule(|due, alarm| {
            let cpu = match alarm {
                Alarm::Task(task) => tasks.get(*task).map(|slot| slot.node),
                Alarm::Wake { cpu, .. } => Some(*cpu),
                Alarm::Release(_) | Alarm::Fate(..) => None,
            };
            let is_its_own = cpu.is_some_and(|cpu| nodes[cpu as usize].host == node);
            if is_its_own { after.world(before.local(due)).max(*now) } else { due }
        });
    }
}
