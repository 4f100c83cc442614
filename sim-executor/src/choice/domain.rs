//! What may be answered to a question.

use std::ops::ControlFlow;

use super::key::Key;
use super::source::Source;
use super::task_id::TaskId;

/// A probability as a fraction, so that no decision depends on how a machine rounds.
///
/// ```
/// use sim_executor::Ratio;
///
/// let one_percent = Ratio::new(1, 100);
/// assert_eq!(one_percent.to_string(), "1/100");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    numerator: u32,
    denominator: u32,
}

impl Ratio {
    /// Never.
    pub const NEVER: Ratio = Ratio { numerator: 0, denominator: 1 };

    /// As good as never: for what is asked about so that a search can try it.
    pub const ALMOST_NEVER: Ratio = Ratio { numerator: 1, denominator: u32::MAX };

    /// `numerator` times out of `denominator`.
    ///
    /// # Panics
    /// If `denominator` is zero or less than `numerator`.
    #[must_use]
    pub const fn new(numerator: u32, denominator: u32) -> Self {
        assert!(denominator > 0, "a probability needs a denominator above zero");
        assert!(numerator <= denominator, "a probability is at most one");
        Ratio { numerator, denominator }
    }

    /// Once out of `times`; never if `times` is zero.
    #[must_use]
    pub const fn one_in(times: u32) -> Self {
        if times == 0 { Ratio::NEVER } else { Ratio { numerator: 1, denominator: times } }
    }

    /// Whether it can only be false.
    #[must_use]
    pub const fn is_never(self) -> bool {
        self.numerator == 0
    }

    /// Whether it can only be true.
    #[must_use]
    pub const fn is_always(self) -> bool {
        self.numerator == self.denominator
    }

    /// Whether a draw that is uniform over 64 bits says yes. Low draws say no: they are the gentle ones.
    #[must_use]
    pub fn says_yes(self, draw: u64) -> bool {
        let scaled = (u128::from(draw) * u128::from(self.denominator)) >> 64;
        scaled as u32 >= self.denominator - self.numerator
    }
}

impl std::fmt::Display for Ratio {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}/{}", self.numerator, self.denominator)
    }
}

/// A task that may be polled next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The task, in this run.
    pub task: TaskId,
    /// The hash of its lineage: the task's name, which is the same in every run.
    pub lineage: u64,
    /// The name of its next poll: (lineage @ operation it waited at, ordinal).
    pub key: Key,
    /// Which of all the times that tasks became ready this is; it starts again from zero after 2^32.
    pub stamp: u32,
    /// How many polls there had been in the run when it became ready.
    pub ready_since: u64,
    /// Whether it is ready because it let others go first: by a yield of its own, or since its budget was used up.
    pub yields: bool,
}

/// Whether a task that was ready still is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eligibility {
    /// It may be polled now.
    Ready(Candidate),
    /// It is ready, but its node's CPU is held.
    Held,
    /// It was polled since, or has ended.
    Gone,
}

/// The tasks among which a choice is asked; there are at least two.
pub trait Candidates {
    /// How many there are.
    fn count(&self) -> usize;

    /// The one that production order would run.
    fn gentlest(&self) -> TaskId;

    /// The task that was polled last, if it may be polled again. Known where [`Needs::point_keys`](super::Needs) is set, or the
    /// run is recorded.
    fn latest(&self) -> Option<Candidate>;

    /// Visits each in a fixed order, the nodes in the order of their creation and in each its tasks by their wakes.
    fn visit(&self, visitor: &mut dyn FnMut(Candidate) -> ControlFlow<()>);

    /// What a source picks that keeps the ready tasks itself: for [`Order::Picked`](super::Order::Picked) sources that another wraps.
    fn pick_by(&self, source: &mut dyn Source) -> Option<Value>;

    /// Whether the task at this index, with the stamp that it had as a candidate, is one still.
    fn eligibility(&self, index: u32, stamp: u32) -> Eligibility;
}

/// What may be answered. The gentlest answer is the calmest for the program: `gentlest`, `false`, `simplest`. Shrinking
/// moves there, and production order always answers so.
pub enum Domain<'a> {
    /// Which of these tasks is polled next.
    Among(&'a dyn Candidates),
    /// Whether something happens that need not, with this probability.
    Flag {
        /// How probable `true` is.
        probability: Ratio,
    },
    /// A whole number.
    Int {
        /// The least answer.
        lo: u64,
        /// The greatest answer, at least `lo`.
        hi: u64,
        /// The gentlest answer, in between.
        simplest: u64,
    },
}

impl Domain<'_> {
    /// The answer for a draw that is uniform over 64 bits. For [`Domain::Among`], which has no order by value, `None`.
    #[must_use]
    pub fn value_of(&self, draw: u64) -> Option<Value> {
        match *self {
            Domain::Among(_) => None,
            Domain::Flag { probability } => Some(Value::Flag(probability.says_yes(draw))),
            Domain::Int { lo, hi, .. } => {
                let span = u128::from(hi - lo) + 1;
                let offset = (u128::from(draw) * span) >> 64;
                Some(Value::Int(lo + offset as u64))
            }
        }
    }
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// This task, which has this key: the task finds it at once, the key is what is recorded.
    Pick {
        /// The task, in this run.
        task: TaskId,
        /// The name of its next poll.
        key: Key,
    },
    /// To [`Domain::Flag`].
    Flag(bool),
    /// To [`Domain::Int`].
    Int(u64),
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_least_draw_is_the_gentle_answer_and_the_greatest_is_not() {
        let rare = Ratio::one_in(100);
        assert!(!rare.says_yes(0));
        assert!(rare.says_yes(u64::MAX));
        assert!(!Ratio::NEVER.says_yes(u64::MAX));
        assert!(Ratio::new(3, 3).says_yes(0));
    }

    proptest! {
        #[test]
        fn a_draw_stays_in_its_domain(lo in any::<u64>(), span in any::<u64>(), draw in any::<u64>()) {
            let hi = lo.saturating_add(span);
            let domain = Domain::Int { lo, hi, simplest: lo };
            match domain.value_of(draw) {
                Some(Value::Int(value)) => prop_assert!((lo..=hi).contains(&value)),
                other => prop_assert!(false, "{other:?}"),
            }
        }
    }
}
