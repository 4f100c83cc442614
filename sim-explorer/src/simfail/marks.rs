//! Marks along the decisions of a run, by which two runs can be seen to part.

use std::ops::Range;

use sim_executor::{Decision, RunHash, Value};

/// So many marks are kept at most.
const MARKS_MAX: u64 = 1_024;

/// One byte of a rolling hash for each decision of a run; in a long run for each second, fourth, eighth … of them.
///
/// Where two runs part, so do their marks; once in 256 times they part at the next mark only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks(pub(super) Vec<u8>);

impl Marks {
    /// The marks of these decisions.
    #[must_use]
    pub fn of(decisions: &[Decision]) -> Self {
        Marks(marks(decisions, Marks::every(decisions.len() as u64)))
    }

    /// Each of how many decisions has a mark, in a run of that many.
    pub(super) fn every(decisions: u64) -> u64 {
        decisions.div_ceil(MARKS_MAX).max(1).next_power_of_two()
    }

    /// How many marks a run of that many decisions has.
    pub(super) fn count(decisions: u64) -> usize {
        (decisions / Marks::every(decisions)) as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Among which decisions, counted from zero, the first is that differs from the run of these marks, which had `expected` decisions: one
    /// decision, or several where not each has a mark. `None` if nothing differs that the marks know of.
    #[must_use]
    pub fn first_difference(&self, expected: u64, decisions: &[Decision]) -> Option<Range<u64>> {
        if self.is_empty() {
            return None;
        }
        let every = Marks::every(expected);
        let now = marks(decisions, every);
        let differs = |(one, other): (&u8, &u8)| one != other;
        let place = self.0.iter().zip(&now).position(differs);
        let end = expected.min(decisions.len() as u64);
        let is_shorter = end < expected.max(decisions.len() as u64);
        let first = match place {
            Some(place) => place as u64 * every,
            // What one of them has behind the last mark of both, and then what it has more.
            None if is_shorter => (end / every * every).min(end),
            None => return None,
        };
        Some(first..first + every)
    }
}

fn marks(decisions: &[Decision], every: u64) -> Vec<u8> {
    let mut hash = RunHash::EMPTY;
    let mut marks = Vec::new();
    for (count, decision) in (1_u64..).zip(decisions) {
        hash.add(decision.key.stream);
        hash.add(decision.key.ordinal.into());
        match decision.value {
            Value::Pick { key, .. } => {
                hash.add(key.stream);
                hash.add(key.ordinal.into());
            }
            Value::Flag(flag) => hash.add(flag.into()),
            Value::Int(number) => hash.add(number),
        }
        if count.is_multiple_of(every) {
            marks.push(hash.value() as u8);
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::Key;

    fn decisions(count: u32) -> Vec<Decision> {
        let decision = |ordinal| Decision {
            key: Key { stream: 7, ordinal },
            value: Value::Int(u64::from(ordinal) * 3),
            is_default: false,
        };
        (0..count).map(decision).collect()
    }

    #[test]
    fn a_run_has_a_bounded_number_of_marks() {
        for (count, marks) in [(0, 0), (1, 1), (1_024, 1_024), (1_025, 512), (2_048, 1_024), (100_000, 781)] {
            assert_eq!(Marks::of(&decisions(count)).0.len(), marks, "{count} decisions");
            assert_eq!(Marks::count(count.into()), marks, "{count} decisions");
        }
        assert_eq!(Marks::count(u64::MAX), 1_023, "and no number overflows");
    }

    #[test]
    fn the_first_decision_that_differs_is_found() {
        let recorded = decisions(100);
        let marks = Marks::of(&recorded);
        assert_eq!(marks.first_difference(100, &recorded), None);
        let mut other = recorded.clone();
        other[42].value = Value::Flag(true);
        assert_eq!(marks.first_difference(100, &other), Some(42..43));
        assert_eq!(marks.first_difference(100, &recorded[..60]), Some(60..61), "it ended before");
        assert_eq!(marks.first_difference(100, &decisions(101)), Some(100..101), "it went on");
        assert_eq!(Marks::default().first_difference(100, &other), None, "without marks nothing is known");
    }

    #[test]
    fn in_a_long_run_some_decisions_are_named_of_which_one_differs() {
        let recorded = decisions(5_000);
        let marks = Marks::of(&recorded);
        let mut other = recorded.clone();
        other[4_321].key.ordinal += 1;
        assert_eq!(marks.first_difference(5_000, &other), Some(4_320..4_328));
    }
}
