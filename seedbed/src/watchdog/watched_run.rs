//! Which run is watched, and how it is made again.

use std::fmt;

use sim_explorer::{RunSeed, Strategy};

/// Which run is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchedRun {
    /// One of a test.
    OfTest(RunSeed),
    /// One of the command line, with that strategy.
    OfCommand(RunSeed, Strategy),
    /// One that differs from the default order in a few decisions, for which no seed stands.
    WithDeviations,
    /// That of a failure file, whose path is the name of what is watched.
    OfFile,
    /// That of a failure file of a test.
    OfTestFile,
}

impl fmt::Display for WatchedRun {
    /// As it goes on after the name of the test or program: `under seed 7`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WatchedRun::OfTest(run) | WatchedRun::OfCommand(run, _) => match run {
                RunSeed::Production => out.write_str("in production order"),
                RunSeed::Seed(seed) => write!(out, "under seed {seed}"),
            },
            WatchedRun::WithDeviations => {
                out.write_str("in a run with few deviations from the default order")
            }
            WatchedRun::OfFile => out.write_str("in its run"),
            WatchedRun::OfTestFile => {
                out.write_str("in the run of a failure file, or while a failure was shrunk")
            }
        }
    }
}

impl WatchedRun {
    /// The line that says how it is made again.
    pub(super) fn reproduce(self, subject: &str) -> String {
        match self {
            WatchedRun::OfTest(run) => {
                format!("reproduce: {}={run}, with this test alone", crate::environment::SEED)
            }
            WatchedRun::OfCommand(run, strategy) => {
                format!("reproduce: replay {subject} {}", RunOptions(run, strategy))
            }
            WatchedRun::WithDeviations => format!("reproduce: sweep {subject} --strategy each"),
            WatchedRun::OfFile => format!("reproduce: replay {subject}"),
            WatchedRun::OfTestFile => "reproduce: this test alone".to_string(),
        }
    }
}

/// The options of the command line that make the run of a sweep again: `--seed 7 --strategy urw`. The strategy `random`, which is the
/// default, is left out.
#[derive(Clone, Copy, Debug)]
pub struct RunOptions(pub RunSeed, pub Strategy);

impl fmt::Display for RunOptions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "--seed {}", self.0)?;
        match (self.1, self.0) {
            (Strategy::Random, _) | (_, RunSeed::Production) => Ok(()),
            (strategy, RunSeed::Seed(seed)) => write!(out, " --strategy {}", strategy.of_seed(seed)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_run_says_how_it_is_made_again() {
        let seed = RunSeed::Seed(1);
        let told = |run: WatchedRun| (run.to_string(), run.reproduce("ws_echo"));
        let texts = |run: &str, again: &str| (run.to_string(), format!("reproduce: {again}"));
        let test = texts("under seed 1", "SEEDBED_SEED=1, with this test alone");
        assert_eq!(told(WatchedRun::OfTest(seed)), test);
        let random = texts("under seed 1", "replay ws_echo --seed 1");
        assert_eq!(told(WatchedRun::OfCommand(seed, Strategy::Random)), random);
        let portfolio = texts("under seed 1", "replay ws_echo --seed 1 --strategy pct:changes=5");
        assert_eq!(told(WatchedRun::OfCommand(seed, Strategy::Portfolio)), portfolio);
        let production = texts("in production order", "replay ws_echo --seed production");
        assert_eq!(told(WatchedRun::OfCommand(RunSeed::Production, Strategy::Walk)), production);
        assert!(told(WatchedRun::WithDeviations).1.ends_with("sweep ws_echo --strategy each"));
        assert_eq!(told(WatchedRun::OfFile), texts("in its run", "replay ws_echo"));
    }
}
