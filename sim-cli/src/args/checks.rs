//! Checks that cost something, so that they are asked for.

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
    /// How a run is made in which they are on.
    pub(crate) fn config(self) -> Config {
        let dead_wakers = if self.checks { DeadWakers::Fail } else { DeadWakers::Unknown };
        Config { dead_wakers, stats: self.checks, ..Config::default() }
    }
}
