//! Checks that cost something, so that they are asked for.

use std::fmt;

use sim_executor::{Config, DeadWakers};

/// Which of them are on.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Checks {
    /// Also fails a run when a task can be woken by nobody any more, and when a ready task is not polled under an order that is fair.
    ///
    /// That needs a count for each clone of a waker, and statistics of each poll.
    #[arg(long)]
    pub(crate) checks: bool,
}

impl Checks {
    /// Stands among the settings of a failure file if they were on. No parameter of a scenario is called so.
    pub(crate) const SETTING: &str = "--checks";

    /// How a run is made in which they are on.
    pub(crate) fn config(self) -> Config {
        let dead_wakers = if self.checks { DeadWakers::Fail } else { DeadWakers::Unknown };
        Config { dead_wakers, stats: self.checks, ..Config::default() }
    }
}

impl fmt::Display for Checks {
    /// The option that turns them on, after a space: ` --checks`; nothing if they are off.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.checks { " --checks" } else { "" })
    }
}
