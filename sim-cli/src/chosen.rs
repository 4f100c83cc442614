//! The program that a command runs, with all that surrounds it.

use std::error::Error;

use seedbed::watchdog;
use sim_executor::Executor;
use sim_explorer::{Scenario, Settings};

use crate::args::OneRunArgs;
use crate::profile::NetworkProfile;
use crate::program::Program;
use crate::{names, setting};

/// A program, as a command line asks for it.
pub(crate) struct Chosen {
    pub(crate) program: Program,
    pub(crate) settings: Settings,
    profile: Option<NetworkProfile>,
}

impl Chosen {
    /// The program with this name.
    ///
    /// # Errors
    /// If there is none, if it has no such parameter, or if the profile cannot be read.
    pub(crate) fn of(
        scenarios: &'static [Scenario],
        name: &str,
        asked: &OneRunArgs,
    ) -> Result<Self, Box<dyn Error>> {
        let program = names::one(scenarios, name, asked.variant.as_deref())?;
        let settings = setting::settings(program.scenario, &asked.set)?;
        let profile = asked.profile.as_deref().map(NetworkProfile::read).transpose()?;
        watchdog::name_subject(&program.to_string());
        Ok(Chosen { program, settings, profile })
    }

    /// Puts the network under a run.
    pub(crate) fn prepare(&self, executor: &mut Executor) {
        self.profile.iter().for_each(|profile| profile.prepare(executor));
    }
}
