//! The life of a node, as a test or another node decides it.

use std::future::Future;
use std::panic::Location;
use std::rc::Rc;
use std::time::Duration;

use super::node::Node;
use super::{ask_int, with};
use crate::choice::Label;
use crate::clock::Instant;
use crate::run::{Fate, MayCrash, Program, RestartOnPanic};
use crate::task::{Crash, Life, NodeId};

const OUTAGE: Label = Label::new("node.outage");
const DOWNTIME: Label = Label::new("node.downtime");

/// Something that happens once to a node at a moment that is a choice: see [`Node::schedule`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// What happens. Default: it loses power.
    pub kind: Crash,
    /// The earliest moment, from now. Default: now.
    pub after: Duration,
    /// When it is too late: the moment is before. Default: 10 s from now.
    pub within: Duration,
    /// How long it lasts at least. Default: 1 s.
    pub down_min: Duration,
    /// How long it lasts at most; [`Duration::MAX`] for both means that nobody starts the node again. Default: 1 s.
    pub down_max: Duration,
}

impl Default for Outage {
    fn default() -> Self {
        Outage {
            kind: Crash::PowerLoss,
            after: Duration::ZERO,
            within: Duration::from_secs(10),
            down_min: Duration::from_secs(1),
            down_max: Duration::from_secs(1),
        }
    }
}

impl Node {
    /// Lets the node crash, or freezes it; see [`Crash`] for what its peers see. A node that is down already stays as it is,
    /// except that one whose process was killed can still lose power.
    ///
    /// All its tasks are dropped, those of [`spawn_blocking`](crate::spawn_blocking) too, in the order of their spawns; who
    /// awaits one gets a [`JoinError`](crate::JoinError) that is cancelled. Their `Drop` code runs when the node is down
    /// already, so what it sends goes nowhere. A task that lets its own node crash goes on to its next await, and no further.
    /// What is spawned on a node that is down is dropped without ever being polled.
    ///
    /// ```
    /// use sim_executor::{Crash, Executor, Node, ProductionOrder, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// executor.block_on(async {
    ///     let server = Node::named("server");
    ///     let serving = server.spawn(time::sleep(Duration::MAX));
    ///     server.crash(Crash::PowerLoss);
    ///     assert!(serving.await.unwrap_err().is_cancelled());
    ///     assert!(server.life().is_down());
    /// }).unwrap();
    /// ```
    ///
    /// # Panics
    /// Outside the node's run, and for the node `main`, which runs the test; that one can only be frozen.
    pub fn crash(&self, kind: Crash) {
        self.with(Rc::clone).crash(self.id, kind);
    }

    /// Stops the node's program as `SIGSTOP` does: [`Crash::Freeze`]. Time spent in [`time::block`](crate::time::block) goes
    /// on to count.
    ///
    /// # Panics
    /// Outside the node's run.
    pub fn freeze(&self) {
        self.crash(Crash::Freeze);
    }

    /// Lets the node crash after any of its polls, if the run says so, `at_most` so many times; a second later it starts again. The question is
    /// asked after each poll of the node, and the gentlest answer is no: so a search tries every moment, and a seed draws one.
    /// [`Node::may_crash_as`] has more to set. What the node was told before about this is forgotten.
    ///
    /// ```
    /// use sim_executor::{Crash, Executor, KeyedRandom, Node, time};
    /// use std::time::Duration;
    ///
    /// let crashed = |seed| {
    ///     Executor::new(KeyedRandom::new(seed)).block_on(async {
    ///         let server = Node::named("server");
    ///         server.run(|| async { loop { time::sleep(Duration::from_millis(10)).await } });
    ///         server.may_crash(Crash::ProcessKill, 1);
    ///         time::sleep(Duration::from_secs(5)).await;
    ///         server.starts() > 0
    ///     })
    /// };
    /// assert!((0..10).any(|seed| crashed(seed).unwrap()));
    /// ```
    ///
    /// # Panics
    /// Outside the node's run, and for the node `main`, which runs the test; that one can only be frozen.
    pub fn may_crash(&self, kind: Crash, at_most: u32) {
        self.may_crash_as(MayCrash { kind, at_most, ..MayCrash::default() });
    }

    /// [`Node::may_crash`], with all that can be set.
    ///
    /// # Panics
    /// As [`Node::may_crash`].
    pub fn may_crash_as(&self, policy: MayCrash) {
        self.with(Rc::clone).let_crash(self.id, policy);
    }

    /// Lets a frozen node go on: first what was ready, then what has arrived meanwhile, then the timers that have become
    /// due. Changes nothing for a node that is not frozen.
    ///
    /// # Panics
    /// Outside the node's run.
    pub fn thaw(&self) {
        self.with(Rc::clone).thaw(self.id);
    }

    /// Whether the node lives.
    ///
    /// # Panics
    /// Outside the node's run.
    #[must_use]
    pub fn life(&self) -> Life {
        self.with(|run| run.core().nodes.life(self.id))
    }

    /// Gives the node a program: it begins now, and again each time that the node starts after it was down. It runs as the
    /// task `program` of the node. A node that has a program already begins this one as well, and from its next start on only
    /// this one.
    ///
    /// ```
    /// use sim_executor::{Crash, Executor, Node, ProductionOrder, event, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let starts = executor.block_on(async {
    ///     let server = Node::named("server");
    ///     server.run(|| async {
    ///         event!("serving");
    ///         time::sleep(Duration::MAX).await;
    ///     });
    ///     time::sleep(Duration::from_secs(1)).await;
    ///     server.crash(Crash::ProcessKill);
    ///     time::sleep(Duration::from_secs(1)).await;
    ///     server.restart();
    ///     server.starts()
    /// });
    /// assert_eq!(starts.unwrap(), 1);
    /// ```
    ///
    /// # Panics
    /// Outside the node's run.
    #[track_caller]
    pub fn run<P, F>(&self, program: P)
    where
        P: FnMut() -> F + 'static,
        F: Future<Output = ()> + 'static,
    {
        let program = Program::new(program, Location::caller());
        self.with(Rc::clone).set_program(self.id, program);
    }

    /// Starts the node, with its program if it has one. If it is not down its process is killed before. A task that restarts
    /// its own node goes on to its next await; then the node starts.
    ///
    /// # Panics
    /// Outside the node's run, and for the node `main`.
    pub fn restart(&self) {
        let run = self.with(Rc::clone);
        if !self.life().is_down() {
            run.crash(self.id, Crash::ProcessKill);
        }
        run.start(self.id);
    }

    /// Starts the node after `delay`, as [`Node::restart`] does, unless it is up by then.
    ///
    /// # Panics
    /// Outside the node's run.
    pub fn start_after(&self, delay: Duration) {
        self.with(|run| run.core_mut().set_fate(self.id, delay, Fate::Start));
    }

    /// From now on a panic of one of the node's tasks that nobody observes does not fail the run: it kills the node's
    /// process, and the node starts again. The panics are in [`Report::survived`](crate::Report::survived). One that is
    /// observed, since somebody awaits the task's handle, is the joiner's to see, and changes nothing for the node.
    ///
    /// # Panics
    /// Outside the node's run, and for the node `main`.
    pub fn restart_on_panic(&self, policy: RestartOnPanic) {
        assert!(self.id.index() != 0, "the node main runs the test and cannot be restarted");
        self.with(|run| run.core_mut().nodes.set_restart_policy(self.id, policy));
    }

    /// How often the node has started after it was down.
    ///
    /// # Panics
    /// Outside the node's run.
    #[must_use]
    pub fn starts(&self) -> u32 {
        self.with(|run| run.core().nodes.starts(self.id))
    }

    /// Draws the moment of an outage, and how long it lasts; both happen by themselves. Gives the moment. As an answer of
    /// the source the latest moment, which is the gentlest, means that nothing happens: then it gives `None`, as in
    /// production order. Nothing is asked where the earliest moment is the latest.
    ///
    /// ```
    /// use sim_executor::{Executor, KeyedRandom, Node, Outage, time};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(KeyedRandom::new(3));
    /// executor.block_on(async {
    ///     let server = Node::named("server");
    ///     server.run(|| time::sleep(Duration::MAX));
    ///     server.schedule(Outage { within: Duration::from_secs(5), ..Outage::default() });
    ///     time::sleep(Duration::from_secs(7)).await;
    ///     assert_eq!(server.starts(), 1);
    /// }).unwrap();
    /// ```
    ///
    /// # Panics
    /// Outside the node's run; for the node `main`, unless it is to be frozen; if `after` is above `within` or `down_min` above
    /// `down_max`.
    #[expect(
        clippy::must_use_candidate,
        reason = "it is called for what it sets; the moment is of interest to few"
    )]
    pub fn schedule(&self, outage: Outage) -> Option<Instant> {
        let Outage { kind, after, within, down_min, down_max } = outage;
        assert!(after <= within, "after {after:?} is above within {within:?}");
        assert!(down_min <= down_max, "down_min {down_min:?} is above down_max {down_max:?}");
        let can_crash = self.id.index() != 0 || kind == Crash::Freeze;
        assert!(can_crash, "the node main runs the test and cannot crash");
        let actor = self.with(|run| run.core().nodes.lineage(self.id));
        let (earliest, latest) = (nanos(after), nanos(within));
        let moment = ask_int(actor, OUTAGE, earliest, latest, latest);
        if moment == latest && earliest < latest {
            return None;
        }
        let moment = Duration::from_nanos(moment);
        let down = ask_int(actor, DOWNTIME, nanos(down_min), nanos(down_max), nanos(down_min));
        self.with(|run| {
            let mut core = run.core_mut();
            core.set_fate(self.id, moment, Fate::Crash(kind));
            if down < u64::MAX {
                let end = if kind == Crash::Freeze { Fate::Thaw } else { Fate::Start };
                core.set_fate(self.id, moment.saturating_add(Duration::from_nanos(down)), end);
            }
            Some(core.local_now() + moment)
        })
    }
}

/// Lets something happen to a node after `delay`: for a device that is being told of another change.
pub(crate) fn set_fate(node: NodeId, delay: Duration, fate: Fate) {
    with(|run| run.core_mut().set_fate(node, delay, fate));
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
