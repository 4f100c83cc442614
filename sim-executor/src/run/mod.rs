//! The state of one run, in rooms: each keeps its own fields true, and is entered through its methods only.
//!
//! What concerns several rooms is a method of [`Core`], which has them all, or of [`Run`], which also has what must not be
//! borrowed while the core is: the source of answers, and the devices.

mod alarm;
mod ask;
mod blame;
mod cancels;
mod clocks;
mod cpu;
mod cpu_held;
mod crash;
mod dead_wakers;
mod decisions;
mod devices;
mod end;
mod facts;
mod faults;
mod log;
mod look_after;
mod may_crash;
mod memory;
mod node_report;
mod nodes;
mod outside_panic;
mod panics;
mod poll;
mod polling;
mod probed;
mod properties;
mod report;
mod run_tag;
mod settling;
mod spawn;
mod start;
mod time;
mod users;
mod verdict;
mod waits_for;

use std::cell::{Cell, Ref, RefCell, RefMut};

use crate::around::Around;
use crate::await_site::AwaitLook;
use crate::choice::{FactKinds, Fault, LineageId, Needs, Order, Ratio, RunInfo, Source, TaskId};
use crate::clock::Instant;
use crate::config::{Buggify, Config};
use crate::leaks::Leaks;
use crate::limits::{LimitReached, Limits};
use crate::trace::TraceLevel;

pub(crate) use alarm::{Alarm, Fate};
pub(crate) use cancels::Cancels;
pub use cpu_held::CpuHeld;
pub(crate) use dead_wakers::WakerCounts;
pub(crate) use decisions::Decisions;
pub(crate) use devices::Devices;
pub(crate) use end::{Failed, Joined, Leftover};
pub(crate) use facts::Facts;
pub(crate) use faults::FaultsAsked;
pub(crate) use log::Log;
pub use may_crash::MayCrash;
pub use node_report::NodeReport;
pub(crate) use nodes::Nodes;
pub use outside_panic::OutsidePanic;
pub(crate) use outside_panic::{AT_THE_END, IN_A_REPORT, IN_THE_LOOP, text_of};
pub(crate) use poll::Begun;
pub(crate) use polling::{AtWakes, Next, Polling, manner};
pub(crate) use properties::{Invariant, Properties};
pub use report::{Activity, PendingTask, TaskPanic};
pub(crate) use report::{JOIN, SLEEP};
pub use run_tag::RunTag;
pub(crate) use settling::{Plan, Settling};
pub(crate) use start::Program;
pub use start::RestartOnPanic;
pub use time::Clock;
pub(crate) use time::Time;
pub(crate) use users::Users;
pub(crate) use verdict::{Culprit, Verdict};
pub use waits_for::WaitChain;

/// One run: its state, what answers its questions, and what else acts in it. Never borrowed while code of the program
/// runs.
pub(crate) struct Run {
    tag: RunTag,
    id: RunId,
    /// Of [`Config::budget`].
    budget: Option<u32>,
    /// Of [`Config::around`].
    around: Option<Around>,
    /// Of [`Config::awaits`].
    awaits: Option<AwaitLook>,
    /// Whether somebody is told what tasks touch.
    tells_accesses: bool,
    /// Of [`Needs::decision_points`](crate::Needs).
    decision_points: Cell<bool>,
    /// Of [`Config::io_points`].
    io_points: bool,
    core: RefCell<Core>,
    source: RefCell<Box<dyn Source>>,
    devices: Devices,
    /// What is looked at after every poll.
    invariants: RefCell<Vec<Invariant>>,
    /// How many wakers of each task there are, where that is counted.
    wakers: Option<WakerCounts>,
    /// Of [`Config::leaks`].
    leaks: Option<Leaks>,
    /// Of [`Config::buggify`].
    buggify: Buggify,
    /// Of [`Config::spurious_polls`].
    spurious: Ratio,
    /// Where futures are dropped at other moments.
    cancels: Cancels,
    /// Tasks that were aborted, and go on to their next await.
    late_aborts: RefCell<Vec<TaskId>>,
}

/// The rooms. Those above know nothing of those below.
pub(crate) struct Core {
    pub(crate) time: Time,
    pub(crate) decisions: Decisions,
    pub(crate) polling: Polling,
    pub(crate) nodes: Nodes,
    pub(crate) log: Log,
    pub(crate) verdict: Verdict,
    pub(crate) facts: Facts,
    pub(crate) users: Users,
    pub(crate) faults: FaultsAsked,
    pub(crate) properties: Properties,
    /// The part of the workload in which the current task is; none between tasks.
    pub(crate) span: Option<LineageId>,
    pub(crate) settling: Settling,
}

/// Tells the wakers of the runs of a process apart, so that one that outlives its run wakes nobody in another. It is the high
/// bits of the run's wakers, and never zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RunId(pub(crate) u64);

impl Run {
    /// Begins a run that is new, or as new.
    pub(crate) fn configure(&mut self, tag: RunTag, id: RunId, config: &Config, mut source: Box<dyn Source>) {
        source.begin(&RunInfo { recorded: config.record });
        let needs = needs_of(config, &*source);
        *self.source.get_mut() = source;
        let core = self.core.get_mut();
        core.configure(config, &needs);
        (self.tag, self.id) = (tag, id);
        self.budget = config.budget;
        self.around = config.around;
        self.awaits = config.awaits;
        self.tells_accesses = needs.facts.has(FactKinds::ACCESSES) || config.awaits.is_some();
        self.decision_points.set(needs.decision_points);
        self.io_points = config.io_points;
        self.wakers = WakerCounts::new(config.dead_wakers);
        self.leaks = config.leaks;
        self.buggify = config.buggify;
        self.spurious = config.spurious_polls;
        self.cancels = Cancels::new(config, core.faults.has_anyway(Fault::Cancel));
        let is_spurious = !config.spurious_polls.is_never() || core.faults.has_anyway(Fault::Spurious);
        if is_spurious || self.cancels.aborts.is_some() || self.wakers.is_some() {
            core.polling.watch_each_poll();
        }
    }

    #[inline]
    pub(crate) fn tag(&self) -> RunTag {
        self.tag
    }

    #[inline]
    pub(crate) fn id(&self) -> RunId {
        self.id
    }

    /// What stands around each poll.
    #[inline]
    pub(crate) fn around(&self) -> Option<Around> {
        self.around
    }

    /// What looks where tasks await.
    pub(crate) fn awaits(&self) -> Option<AwaitLook> {
        self.awaits
    }

    /// Whether tasks stop at decision points.
    pub(crate) fn has_decision_points(&self) -> bool {
        self.decision_points.get()
    }

    /// Whether they also stop before operations of sockets and timers.
    pub(crate) fn has_io_points(&self) -> bool {
        self.io_points && self.decision_points.get()
    }

    /// How many wakers of each task there are, where that is counted.
    #[inline]
    pub(crate) fn wakers(&self) -> Option<&WakerCounts> {
        self.wakers.as_ref()
    }

    /// What may be left at the end, if that is asked.
    pub(crate) fn leaks(&self) -> Option<Leaks> {
        self.leaks
    }

    /// Of what it is asked whether a future is dropped at another moment than its own.
    #[inline]
    pub(crate) fn cancels(&self) -> Cancels {
        self.cancels
    }

    /// After how many operations in one poll a task has to yield.
    pub(crate) fn budget(&self) -> Option<u32> {
        self.budget
    }

    #[inline]
    pub(crate) fn core(&self) -> Ref<'_, Core> {
        self.core.borrow()
    }

    #[inline]
    pub(crate) fn core_mut(&self) -> RefMut<'_, Core> {
        self.core.borrow_mut()
    }

    /// The core, unless it is borrowed: for what may happen anywhere, such as a panic.
    pub(crate) fn try_core_mut(&self) -> Option<RefMut<'_, Core>> {
        self.core.try_borrow_mut().ok()
    }

    pub(crate) fn devices(&self) -> &Devices {
        &self.devices
    }

    /// What answers the questions of the run, for people.
    pub(crate) fn describe_source(&self) -> String {
        self.source.borrow().describe()
    }

    #[inline]
    pub(crate) fn wake(&self, task: TaskId) {
        self.core_mut().wake(task);
    }
}

/// What the source asks for, and the configuration in its place.
fn needs_of(config: &Config, source: &dyn Source) -> Needs {
    let mut needs = source.needs();
    if needs.order == Order::Production {
        needs.holds_max = u32::MAX;
    } else if let Some(holds_max) = config.holds_max {
        needs.holds_max = holds_max;
    }
    needs
}

impl Core {
    /// Begins a run.
    fn configure(&mut self, config: &Config, needs: &Needs) {
        self.time.configure(&config.limits);
        self.decisions.configure(config, needs);
        self.polling.configure(config, needs);
        self.nodes.configure(config.poll_cost);
        self.log.configure(config);
        self.verdict.configure(config.limits, config.panic_functions);
        self.facts.configure(needs.facts);
        self.users = Users::new(config.awaits.is_some());
        self.faults = FaultsAsked::new(needs.asked_anyway, config.swarm);
        self.add_node("main".into(), None);
    }

    /// Moves the world's time.
    #[inline]
    pub(crate) fn advance_to(&mut self, to: Instant) {
        if self.time.advance_to(to) {
            self.decisions.hash(to.as_nanos());
            self.polling.begin_instant();
        }
    }

    /// The time of the current task's node, which may be ahead of the world's.
    #[inline]
    pub(crate) fn local_now(&self) -> Instant {
        if self.time.is_the_worlds() { self.time.now() } else { self.time.of_cpu(self.polling.current_cpu()) }
    }

    pub(crate) fn limit_reached(&mut self, limit: impl FnOnce(&Limits) -> LimitReached) {
        self.verdict.limit_reached(limit);
    }

    /// Sets an alarm; if there is no room for it, the run ends after this poll.
    #[inline]
    pub(crate) fn set_alarm(&mut self, due: Instant, alarm: Alarm) -> Option<crate::clock::EventId> {
        let set = self.time.set_alarm(due, alarm);
        if set.is_none() {
            self.limit_reached(LimitReached::timers);
        }
        set
    }

    /// Whether there is room for another alarm; if not, the run ends after this poll.
    pub(crate) fn has_room_for_alarm(&mut self) -> bool {
        let has_room = self.time.has_room_for_alarm();
        if !has_room {
            self.limit_reached(LimitReached::timers);
        }
        has_room
    }

    /// Notes that time is moved for devices alone; whether that was so several times with no poll in between.
    #[inline]
    pub(crate) fn is_silent(&mut self) -> bool {
        self.verdict.is_silent(self.polling.polls())
    }

    /// Whether the loop is to come back now: somebody asked for it, and the iteration in which that was is over, with all
    /// the time that its polls have cost.
    pub(crate) fn take_stop(&mut self) -> bool {
        let Some(node) = self.verdict.stopping() else { return false };
        let is_over =
            self.polling.ready().is_between_iterations(node.0) && !self.polling.ready().is_cpu_held(node.0);
        if is_over {
            self.verdict.forget_stop();
        }
        is_over
    }

    /// Whether tasks wait, and all alarms are of tasks that are there for others only.
    pub(crate) fn waits_for_background_only(&self) -> bool {
        let is_background =
            |alarm: &Alarm| matches!(alarm, Alarm::Task(task) if self.polling.is_background(*task));
        !self.time.has_alarm(|alarm| !is_background(alarm))
            && self.polling.tasks().alive().into_iter().any(|task| !self.polling.is_background(task))
    }

    /// Whether what the program reports, and what is done to it, is recorded.
    pub(crate) fn records_events(&self) -> bool {
        self.log.level() >= TraceLevel::Events
    }

    /// Whether everything is traced.
    pub(crate) fn traces_all(&self) -> bool {
        self.log.level() >= TraceLevel::All
    }
}
