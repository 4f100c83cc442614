//! The search for a smaller run: what was tried, what the smallest is so far.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use sim_executor::{Config, Report, Source};

use super::cost::Cost;
use super::plan::{Order, Plan};
use super::{OtherFailure, Progress, Shrink};
use crate::exceptions::{Exceptions, Noted, Realised};
use crate::signature::Signature;

/// Makes a run with this configuration and this source.
pub(super) type Run<'a> = &'a mut dyn FnMut(Config, Box<dyn Source>) -> Report;
/// Is told after each run; may say that it was the last.
pub(super) type Tell<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

/// So many other failures are kept.
const OTHERS_MAX: usize = 16;

/// A run that was made.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) report: Report,
    pub(super) run: Realised,
    pub(super) exceptions: Exceptions,
    pub(super) cost: Cost,
}

impl Made {
    /// The plan that makes it again.
    pub(super) fn plan(&self) -> Plan {
        let Exceptions { schedule, values, .. } = &self.exceptions;
        Plan { order: Order::Exceptions(schedule.clone()), values: values.clone() }
    }
}

pub(super) struct Search<'a> {
    pub(super) config: Config,
    pub(super) signature: Signature,
    /// The smallest run so far that shows the failure.
    pub(super) best: Made,
    pub(super) others: BTreeMap<Signature, OtherFailure>,
    pub(super) runs: u64,
    /// How many there were when the smallest was made.
    runs_at_best: u64,
    bounds: Shrink,
    is_stopped: bool,
    /// The digests of plans that came to nothing smaller, those of the runs that were made among them.
    tried: BTreeSet<u64>,
    run: Run<'a>,
    tell: Tell<'a>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        config: Config,
        (signature, found): (Signature, Made),
        (runs, bounds): (u64, Shrink),
        (run, tell): (Run<'a>, Tell<'a>),
    ) -> Self {
        let tried = BTreeSet::from([found.plan().digest()]);
        let others = BTreeMap::new();
        Search {
            config,
            signature,
            best: found,
            others,
            runs,
            runs_at_best: runs,
            bounds,
            is_stopped: false,
            tried,
            run,
            tell,
        }
    }

    /// Whether no more runs may be made.
    pub(super) fn is_over(&self) -> bool {
        self.is_stopped || self.runs >= self.bounds.runs_max || self.is_stalled()
    }

    pub(super) fn is_stalled(&self) -> bool {
        // With so few left, all neighbours are looked at soon.
        const FEW: u64 = 4;
        let Shrink { stall_max, .. } = self.bounds;
        let exceptions = self.best.cost.exceptions;
        let max = if exceptions <= FEW { stall_max } else { (stall_max * 3 / 4).max(exceptions) };
        self.fruitless(0) >= max
    }

    /// How many runs have come to nothing smaller since the last that did, of those behind the first `since`.
    pub(super) fn fruitless(&self, since: u64) -> u64 {
        self.runs - since.max(self.runs_at_best)
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped
    }

    /// Makes a run of that plan, unless that was done. Whether it shows the failure and is smaller: then it is the new best.
    pub(super) fn attempt(&mut self, plan: &Plan) -> bool {
        if self.is_over() || !self.tried.insert(plan.digest()) {
            return false;
        }
        let Some(made) = self.make(plan) else { return false };
        self.tried.insert(made.plan().digest());
        if !self.shows_failure(&made) || made.cost >= self.best.cost {
            return false;
        }
        self.best = made;
        self.runs_at_best = self.runs;
        true
    }

    /// Makes a run of that plan, however often that was done; `None` when no more runs may be made.
    pub(super) fn make(&mut self, plan: &Plan) -> Option<Made> {
        if self.is_over() {
            return None;
        }
        let made = make(self.config, plan.source(&self.best.exceptions), self.run);
        self.runs += 1;
        let progress = Progress { runs: self.runs, cost: self.best.cost };
        self.is_stopped = (self.tell)(&progress).is_break();
        Some(made)
    }

    fn shows_failure(&mut self, made: &Made) -> bool {
        let Some(signature) = Signature::of(&made.report) else { return false };
        if signature == self.signature {
            return true;
        }
        // A run that was cut off has shown nothing.
        if !signature.class.starts_with("limit") && self.others.len() < OTHERS_MAX {
            let Made { exceptions, report, .. } = made;
            let other = OtherFailure { exceptions: exceptions.clone(), message: report.outcome.to_string() };
            self.others.entry(signature).or_insert(other);
        }
        false
    }
}

/// Makes a run, and tells it by what it did otherwise than the default order.
pub(super) fn make(config: Config, source: Box<dyn Source>, run: Run<'_>) -> Made {
    let (noted, notes) = Noted::new(source);
    let report = run(config, Box::new(noted));
    let run = notes.of_run(&report);
    Made { cost: Cost::of(&run), exceptions: run.exceptions(), run, report }
}
