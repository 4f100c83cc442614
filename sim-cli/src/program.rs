//! One variant of one scenario: what a run is made of.

use std::fmt;

use sim_explorer::{Scenario, Variant};

/// One variant of one scenario. Its text is its full name: `scenario/variant`, or `scenario` if that has only one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program {
    pub(crate) scenario: &'static Scenario,
    pub(crate) variant: &'static Variant,
}

impl Program {
    /// All variants of a scenario.
    pub(crate) fn of(scenario: &'static Scenario) -> impl Iterator<Item = Program> {
        scenario.variants.iter().map(move |variant| Program { scenario, variant })
    }

    /// All variants of all scenarios.
    pub(crate) fn all(scenarios: &'static [Scenario]) -> impl Iterator<Item = Program> {
        scenarios.iter().flat_map(Program::of)
    }

    pub(crate) fn is(self, other: Program) -> bool {
        self.scenario.name == other.scenario.name && self.variant.name == other.variant.name
    }
}

impl fmt::Display for Program {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scenario.variants.len() == 1 {
            out.write_str(self.scenario.name)
        } else {
            write!(out, "{}/{}", self.scenario.name, self.variant.name)
        }
    }
}
