//! Which run of a program is meant.

use std::collections::BTreeMap;
use std::path::PathBuf;

use sim_explorer::{Recipe, RunSeed};

use crate::checks::Checks;
use crate::profile::NetworkProfile;
use crate::run_by::{self, RecipeError, RunBy};
use crate::seed;
use crate::setting::Setting;

#[derive(Debug, clap::Args)]
pub(crate) struct OneRunArgs {
    /// The variant.
    #[arg(long)]
    pub(crate) variant: Option<String>,
    /// The seed, or the word `production`.
    #[arg(long, value_name = "N", value_parser = seed::parse, allow_hyphen_values = true)]
    pub(crate) seed: Option<RunSeed>,
    /// How decisions are made, by default `random` if there is a seed: see `sweep --help`. `each:run=12.1` is a run of `each`, without a seed.
    #[arg(long, value_name = "S")]
    pub(crate) strategy: Option<RunBy>,
    /// Sets a parameter of the scenario; may be repeated.
    #[arg(long, value_name = "NAME=NUMBER")]
    pub(crate) set: Vec<Setting>,
    /// The profile of the network, a TOML file: its parts replace those that the scenario sets.
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) checks: Checks,
}

impl OneRunArgs {
    /// The run; `None` if none is named.
    pub(crate) fn recipe(&self) -> Result<Option<Recipe>, RecipeError> {
        run_by::recipe(self.seed, self.strategy.as_ref())
    }

    /// What was set, as a failure file has it.
    pub(crate) fn of_file(&self) -> BTreeMap<String, String> {
        let set = self.set.iter().map(|given| (given.name.clone(), given.value.to_string()));
        let profile =
            self.profile.iter().map(|path| (NetworkProfile::SETTING.to_string(), path.display().to_string()));
        let checks = self.checks.checks.then(|| (Checks::SETTING.to_string(), "true".to_string()));
        set.chain(profile).chain(checks).collect()
    }
}
