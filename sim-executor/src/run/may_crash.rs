//! Crashes as a choice: after each poll of a node that may crash, whether it does.

use std::time::Duration;

use super::{Fate, Run};
use crate::choice::{Fault, Label, LineageId, Ratio};
use crate::task::{Crash, Life, NodeId};

const CRASH: Label = Label::new("node.crash");

/// How a node may crash after each of its polls: see [`Node::may_crash`](crate::Node::may_crash).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MayCrash {
    /// What happens. Default: it loses power.
    pub kind: Crash,
    /// How often at most. Default: once.
    pub at_most: u32,
    /// After which time the node starts again, or goes on if it was frozen; `None` is never. Default: 1 s.
    pub restart_after: Option<Duration>,
    /// How probable it is after each poll. `None` spreads it over the run, however long that is: it is one in seven more than the
    /// node's polls so far, so that the crash is about as probable among the first ten polls as between the hundredth and the thousandth.
    /// Default: `None`.
    pub probability: Option<Ratio>,
}

impl Default for MayCrash {
    fn default() -> Self {
        MayCrash {
            kind: Crash::PowerLoss,
            at_most: 1,
            restart_after: Some(Duration::from_secs(1)),
            probability: None,
        }
    }
}

/// What is kept of a node that may crash.
#[derive(Clone, Copy, Debug)]
pub(super) struct CrashPlan {
    policy: MayCrash,
    crashes: u32,
    polls: u32,
}

impl CrashPlan {
    pub(super) fn new(policy: MayCrash) -> Self {
        CrashPlan { policy, crashes: 0, polls: 0 }
    }

    /// Counts a poll of the node; how probable it is that it crashes now, if it may.
    fn next(&mut self) -> Option<Ratio> {
        const POLLS_AT_FIRST: u32 = 7;
        if self.crashes >= self.policy.at_most {
            return None;
        }
        self.polls = self.polls.saturating_add(1);
        let spread = Ratio::one_in(self.polls.saturating_add(POLLS_AT_FIRST));
        Some(self.policy.probability.unwrap_or(spread))
    }
}

impl Run {
    /// Lets a node crash after any of its polls from now on.
    ///
    /// # Panics
    /// For the node `main`, unless it is only frozen.
    pub(crate) fn let_crash(&self, node: NodeId, policy: MayCrash) {
        assert!(
            node.index() != 0 || policy.kind == Crash::Freeze,
            "the node main runs the test and cannot crash: let what is to crash run on a node of its own"
        );
        let mut core = self.core_mut();
        core.nodes.set_crash_plan(node, CrashPlan::new(policy));
        core.polling.watch_each_poll();
        core.verdict.interrupt();
    }

    /// Asks after a poll of a node whether it crashes now.
    pub(super) fn look_whether_it_crashes(&self, node: NodeId) {
        let Some((actor, set)) = self.crash_question(node) else { return };
        let probability = self.probability_of(Fault::Crash, set);
        if probability.is_never() || !self.ask_flag(actor, CRASH, probability) {
            return;
        }
        let policy = {
            let mut core = self.core_mut();
            let plan = core.nodes.crash_plan(node).expect("the node was asked about");
            plan.crashes += 1;
            plan.policy
        };
        self.crash(node, policy.kind);
        if let Some(after) = policy.restart_after {
            let fate = if policy.kind == Crash::Freeze { Fate::Thaw } else { Fate::Start };
            self.core_mut().set_fate(node, after, fate);
        }
    }

    fn crash_question(&self, node: NodeId) -> Option<(LineageId, Ratio)> {
        let mut core = self.core_mut();
        if core.nodes.life(node) != Life::Running || core.verdict.has_failed() {
            return None;
        }
        let probability = core.nodes.crash_plan(node)?.next()?;
        Some((core.nodes.lineage(node), probability))
    }
}
