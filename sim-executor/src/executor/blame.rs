//! What is known of a limit that was reached, besides which it is.

use std::fmt;

/// Who has brought a limit about and who suffers from it, and whether that was confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blame {
    /// A line for each task: `main/spin had 1000 of the last 1000 polls: it wakes itself each time`. Empty where nobody is known.
    pub lines: Vec<String>,
    /// What came of the run when it was made again at ten times the bound, if it was.
    pub at_ten_times: Option<AtTenTimes>,
}

/// How a run ends that was made again at ten times the bound that it had reached. If it ends as it should then, it was only slow, and
/// has not failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtTenTimes {
    /// At the same bound.
    Same,
    /// In another failure; one word for it, as of [`Outcome::word`](crate::Outcome::word).
    Otherwise(&'static str),
}

impl fmt::Display for Blame {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at_ten_times {
            None => {}
            Some(AtTenTimes::Same) => out.write_str("; confirmed by a run at ten times that")?,
            Some(AtTenTimes::Otherwise(word)) => {
                write!(out, "; at ten times that the run fails in another way ({word})")?;
            }
        }
        self.lines.iter().try_for_each(|line| write!(out, "\n  {line}"))
    }
}
