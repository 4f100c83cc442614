//! How much of a run is left that a person has to look at.

use std::fmt;

use sim_executor::Value;

use super::spans::MANY;
use crate::exceptions::{AnswerKind, Realised, Step};

/// How much a failing run asks of who reads it, measured on the run that was made and not on what was asked for. The first number in
/// which two runs differ decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cost {
    /// How many faults happened.
    pub faults: u64,
    /// How many times the program itself drew: what its workload is made of.
    pub workload: u64,
    /// How often a task was switched away from that could have gone on.
    pub preemptions: u64,
    /// How many decisions differ from the default order and the gentlest answers.
    pub exceptions: u64,
    /// How many polls there were.
    pub polls: u64,
    /// How far all numbers together are from the gentlest.
    pub values: u64,
    /// How many contended steps there were between the changes of turns and the polls that would have been next instead.
    pub detours: u64,
}

impl Cost {
    /// The cost of this run.
    #[must_use]
    pub fn of(run: &Realised) -> Cost {
        let mut cost = Cost { preemptions: run.preemptions(), polls: run.polls, ..Cost::default() };
        for (place, _) in run.steps.iter().enumerate().filter(|(_, step)| !step.is_default) {
            cost.exceptions += 1;
            cost.detours += detour(&run.steps[place..]).len() as u64;
        }
        for asked in &run.asked {
            let kind = run.kind(asked);
            // An operation that is left out is none.
            let is_left_out = || asked.value == asked.gentlest && run.label(asked.key) == Some(MANY);
            cost.workload += u64::from(kind == AnswerKind::Workload && !is_left_out());
            if asked.value == asked.gentlest {
                continue;
            }
            cost.exceptions += 1;
            cost.faults += u64::from(kind == AnswerKind::Fault);
            cost.values = cost.values.saturating_add(distance(asked.value, asked.gentlest));
        }
        cost
    }
}

/// The steps from a change of turns up to the poll that would have been next instead.
pub(super) fn detour(steps: &[Step]) -> &[Step] {
    let instead = steps[0].default_poll;
    let end = steps.iter().position(|step| step.poll == instead).unwrap_or(steps.len());
    &steps[..end]
}

/// How far an answer is from the gentlest.
pub(super) fn distance(value: Value, gentlest: Value) -> u64 {
    match (value, gentlest) {
        (Value::Int(value), Value::Int(gentlest)) => value.abs_diff(gentlest),
        _ => 1,
    }
}

impl fmt::Display for Cost {
    /// `1 preemption, 2 exceptions, 7 faults`: what there is of it.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { faults, workload, preemptions, exceptions, .. } = *self;
        let many = |count: u64, what: &str| match count {
            1 => format!("1 {what}"),
            _ => format!("{count} {what}s"),
        };
        write!(out, "{}, {}", many(preemptions, "preemption"), many(exceptions, "exception"))?;
        if faults > 0 {
            write!(out, ", {}", many(faults, "fault"))?;
        }
        if workload > 0 {
            write!(out, ", {}", many(workload, "draw"))?;
        }
        Ok(())
    }
}
