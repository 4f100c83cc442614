//! Whether a program behaved as its author says.

use std::fmt;

use crate::scenario::Expect;
use crate::sweep::Tally;

/// Whether a program behaved as its author says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It has a mistake, and some run showed it.
    Found,
    /// It has none, and no run failed.
    Holds,
    /// It has a mistake, and no run showed it.
    Missed,
    /// It should have none, and some run failed.
    Failed,
}

impl Verdict {
    /// The verdict on a program after these runs.
    #[must_use]
    pub fn of(expect: Expect, tally: &Tally) -> Self {
        match (expect, tally.has_failed()) {
            (Expect::Breaks, true) => Verdict::Found,
            (Expect::Breaks, false) => Verdict::Missed,
            (Expect::Holds, true) => Verdict::Failed,
            (Expect::Holds, false) => Verdict::Holds,
        }
    }

    /// Whether it is what the author says.
    #[must_use]
    pub const fn is_expected(self) -> bool {
        matches!(self, Verdict::Found | Verdict::Holds)
    }
}

impl fmt::Display for Verdict {
    /// In capitals when it is not what the author says.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Verdict::Found => "found",
            Verdict::Holds => "holds",
            Verdict::Missed => "MISSED",
            Verdict::Failed => "FAILED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sweep::RunResult;

    #[test]
    fn a_failure_in_production_order_alone_is_a_failure() {
        let failed = RunResult { outcome: "failed", message: Some("no".to_string()), hash: 1 };
        let tally = Tally { production: Some(failed), ..Tally::default() };
        assert_eq!(Verdict::of(Expect::Breaks, &tally), Verdict::Found);
        assert_eq!(Verdict::of(Expect::Holds, &tally), Verdict::Failed);
    }

    #[test]
    fn no_failure_is_what_a_sound_program_shows() {
        let tally = Tally { runs: 100, ..Tally::default() };
        assert!(Verdict::of(Expect::Holds, &tally).is_expected());
        assert!(!Verdict::of(Expect::Breaks, &tally).is_expected());
    }
}
