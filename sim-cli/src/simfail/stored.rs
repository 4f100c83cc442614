//! A failure file with the program that it is of.

use std::io;
use std::path::{Path, PathBuf};

use seedbed::AWAITS;
use seedbed::watchdog::{self, Watch, WatchedRun};
use sim_executor::{Config, Report, Source, TraceLevel};
use sim_explorer::{FoundError, Replayed, Scenario, Settings, Simfail, SimfailError};

use crate::checks::Checks;
use crate::input_file;
use crate::names::{self, NameError};
use crate::profile::{NetworkProfile, ReadError};
use crate::program::Program;
use crate::setting::Setting;

/// A failure file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{}: {source}", path.display())]
    Refused { path: PathBuf, source: SimfailError },
    #[error(
        "{}: it is of {test}, a test and no scenario; `SEEDBED_REPLAY={} cargo test {}` replays it",
        path.display(), path.display(), test.rsplit("::").next().unwrap_or_default()
    )]
    OfTest { path: PathBuf, test: String },
    #[error("{}: {source}", path.display())]
    Program { path: PathBuf, source: NameError },
    #[error("{}: its setting {name} = {value}: {reason}", path.display())]
    Setting { path: PathBuf, name: String, value: String, reason: String },
    #[error("{}: {source}", path.display())]
    Profile { path: PathBuf, source: Box<ReadError> },
    #[error("{}: {source}", path.display())]
    Found { path: PathBuf, source: FoundError },
}

/// Reads a failure file, of whatever test it is.
pub(crate) fn read(path: &Path) -> Result<Simfail, StoredError> {
    let bytes = input_file::read_bytes(path)
        .map_err(|source| StoredError::Unreadable { path: path.to_path_buf(), source })?;
    Simfail::parse(&bytes).map_err(|source| StoredError::Refused { path: path.to_path_buf(), source })
}

/// A failure file with the program that it is of.
pub(crate) struct Stored<'a> {
    pub(crate) path: &'a Path,
    pub(crate) file: Simfail,
    pub(crate) program: Program,
    settings: Settings,
    profile: Option<NetworkProfile>,
    checks: Checks,
}

impl<'a> Stored<'a> {
    /// The file at that path.
    pub(crate) fn of(scenarios: &'static [Scenario], path: &'a Path) -> Result<Self, StoredError> {
        let file = read(path)?;
        let at = || path.to_path_buf();
        if file.test.contains("::") {
            return Err(StoredError::OfTest { path: at(), test: file.test });
        }
        let program = names::one(scenarios, &file.test, None)
            .map_err(|source| StoredError::Program { path: at(), source })?;
        let (mut given, mut profile, mut checks) = (Vec::new(), None, Checks::default());
        for (name, value) in &file.settings {
            let refused = |reason: String| StoredError::Setting {
                path: at(),
                name: name.clone(),
                value: value.clone(),
                reason,
            };
            if name == NetworkProfile::SETTING {
                let read = NetworkProfile::read(Path::new(value));
                profile = Some(
                    read.map_err(|source| StoredError::Profile { path: at(), source: Box::new(source) })?,
                );
                continue;
            }
            if name == Checks::SETTING {
                checks.checks = value.parse().map_err(|_| refused("it is `true` or `false`".to_string()))?;
                continue;
            }
            let setting: Setting =
                format!("{name}={value}").parse().map_err(|error| refused(format!("{error}")))?;
            program
                .scenario
                .settings([(setting.name.as_str(), setting.value)])
                .map_err(|error| refused(error.to_string()))?;
            given.push(setting);
        }
        let settings = crate::setting::settings_known(program.scenario, &given).unwrap_or_default();
        Ok(Stored { path, file, program, settings, profile, checks })
    }

    /// Replays it, with that much of a trace.
    pub(crate) fn replay(&self, trace: TraceLevel) -> Result<Replayed, StoredError> {
        let replayed = self.with_runs(trace, |config, make| self.file.replay(config, make));
        replayed.map_err(|source| StoredError::Found { path: self.path.to_path_buf(), source })
    }

    /// Makes its run again, with where its tasks await.
    pub(crate) fn again(&self, replayed: &Replayed) -> Report {
        self.with_runs(TraceLevel::Off, |config, make| {
            replayed.run_again(Config { awaits: Some(AWAITS), ..config }, make)
        })
    }

    /// Calls it with what makes the runs of the program.
    pub(crate) fn with_runs<R>(
        &self,
        trace: TraceLevel,
        call: impl FnOnce(Config, &mut dyn FnMut(Config, Box<dyn Source>) -> Report) -> R,
    ) -> R {
        watchdog::name_subject(&self.path.display().to_string());
        let config = Config { trace, around: Some(watchdog::EACH_POLL), ..self.checks.config() };
        let mut make = |config, source| {
            let _watch = Watch::begin(WatchedRun::OfFile);
            self.program.variant.run_prepared(&self.settings, config, source, |executor| {
                self.profile.iter().for_each(|profile| profile.prepare(executor));
            })
        };
        call(config, &mut make)
    }
}
