//! Which run is watched, and how it is made again.

use std::fmt;

use sim_explorer::Recipe;

use crate::reproduce::{Under, Variables};

/// Which run is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WatchedRun {
    /// One of a test.
    OfTest(Recipe),
    /// One of the command line.
    OfCommand(Recipe),
    /// One of a search that chooses its runs itself, for which no recipe stands.
    OfSearch(&'static str),
    /// That of a failure file, whose path is the name of what is watched.
    OfFile,
    /// That of a failure file of a test.
    OfTestFile,
}

impl fmt::Display for WatchedRun {
    /// As it goes on after the name of the test or program: `under seed 7`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WatchedRun::OfTest(run) | WatchedRun::OfCommand(run) => Under(run).fmt(out),
            WatchedRun::OfSearch(strategy) => write!(out, "in a run of {strategy}"),
            WatchedRun::OfFile => out.write_str("in its run"),
            WatchedRun::OfTestFile => {
                out.write_str("in the run of a failure file, or while a failure was shrunk")
            }
        }
    }
}

impl WatchedRun {
    /// The line that says how it is made again.
    pub(super) fn reproduce(&self, subject: &str) -> String {
        match self {
            WatchedRun::OfTest(run) => format!("reproduce: {}, with this test alone", Variables(run)),
            WatchedRun::OfCommand(run) => format!("reproduce: replay {subject} {}", RunOptions(run)),
            WatchedRun::OfSearch(strategy) => format!("reproduce: sweep {subject} --strategy {strategy}"),
            WatchedRun::OfFile => format!("reproduce: replay {subject}"),
            WatchedRun::OfTestFile => "reproduce: this test alone".to_string(),
        }
    }
}

/// The options of the command line that make a run again: `--seed 7 --strategy urw`. The strategy `random`, which is the default,
/// is left out.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions<'a>(pub &'a Recipe);

impl fmt::Display for RunOptions<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seed, strategy) = self.0.names();
        if let Some(seed) = &seed {
            write!(out, "--seed {seed}")?;
        }
        let space = if seed.is_some() { " " } else { "" };
        strategy.map_or(Ok(()), |strategy| write!(out, "{space}--strategy {strategy}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_says_how_it_is_made_again() {
        let told = |run: WatchedRun| (run.to_string(), run.reproduce("ws_echo"));
        let texts = |run: &str, again: &str| (run.to_string(), format!("reproduce: {again}"));
        assert_eq!(told(WatchedRun::OfFile), texts("in its run", "replay ws_echo"));
        let recipe = |text: &str| text.parse::<Recipe>().unwrap();
        let of_test = |text| told(WatchedRun::OfTest(recipe(text)));
        let of_command = |text| told(WatchedRun::OfCommand(recipe(text)));
        assert_eq!(of_test("random seed=1"), texts("under seed 1", "SEEDBED_SEED=1, with this test alone"));
        assert_eq!(of_command("random seed=1"), texts("under seed 1", "replay ws_echo --seed 1"));
        assert_eq!(
            of_command("pct:changes=5 seed=1"),
            texts("under seed 1 of pct:changes=5", "replay ws_echo --seed 1 --strategy pct:changes=5")
        );
        assert_eq!(
            of_command("production"),
            texts("in production order", "replay ws_echo --seed production")
        );
        assert_eq!(
            of_command("each:run=12.1+40.0"),
            texts("with 2 deviations from the default order", "replay ws_echo --strategy each:run=12.1+40.0")
        );
    }
}
