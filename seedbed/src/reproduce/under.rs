//! How a run was made, in words.

use std::fmt;

use sim_explorer::{Recipe, Strategy};

/// `in production order`, `under seed 17`, `under seed 17 of pct:changes=3`, `with 2 deviations from the default order`.
pub(crate) struct Under<'a>(pub(crate) &'a Recipe);

impl fmt::Display for Under<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Recipe::Production => out.write_str("in production order"),
            Recipe::Seed { seed, strategy: Strategy::Random } => write!(out, "under seed {seed}"),
            Recipe::Seed { seed, strategy } => write!(out, "under seed {seed} of {strategy}"),
            Recipe::Deviant(run) => match run.steps.len() {
                0 => out.write_str("in the default order"),
                1 => out.write_str("with one deviation from the default order"),
                steps => write!(out, "with {steps} deviations from the default order"),
            },
            other => write!(out, "in the run {other}"),
        }
    }
}
