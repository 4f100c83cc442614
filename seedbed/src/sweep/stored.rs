//! The failure files of a test: replayed before its runs, written when one of them fails.

use std::path::Path;
use std::sync::Arc;

use sim_executor::{Config, Report, Source, TraceLevel, World};
use sim_explorer::{AWAITS, Replayed, Shrunk, Simfail, Status};

use super::Sweep;
use super::caller::Caller;
use super::runs::was_rehearsal;
use crate::environment::{self, ALONE, DENY_STALE, EnvironmentError, REPLAY, SIMFAIL, SimfailMode};
use crate::failed_run::FailedRun;
use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::reproduce::TestSite;
use crate::simfail::{Folder, Kept, StoredFailure, StoredFile};
use crate::test_output::TestOutput;
use crate::watchdog::{self, Watch, WatchedRun};

/// The failure files of a test that the attribute runs.
pub(super) struct Stored<'a, B> {
    sweep: &'a Sweep,
    caller: Caller<'a>,
    /// `crate_name::module::name`
    test: &'a str,
    folder: Folder,
    mode: SimfailMode,
    is_stale_denied: bool,
    body: Arc<B>,
}

impl<'a, B, F> Stored<'a, B>
where
    B: Fn() -> F + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    /// Those of this test; `None` where it is to have none: in a process that makes one run, and where cargo does not say which package it is.
    pub(super) fn of(
        sweep: &'a Sweep,
        caller: Caller<'a>,
        body: &Arc<B>,
    ) -> Result<Option<Self>, EnvironmentError> {
        let Caller::Attribute(TestSite { path: test, manifest_dir: Some(package), .. }) = caller else {
            return Ok(None);
        };
        let mode = environment::read(SIMFAIL).map(|text| environment::parse_simfail(&text)).transpose()?;
        let is_stale_denied =
            environment::read(DENY_STALE).map(|text| environment::parse_switch(DENY_STALE, &text));
        let stored = Stored {
            sweep,
            caller,
            test,
            folder: Folder::of(Path::new(package)),
            mode: mode.unwrap_or_default(),
            is_stale_denied: is_stale_denied.transpose()?.unwrap_or_default(),
            body: Arc::clone(body),
        };
        Ok(Some(stored).filter(|_| environment::read(ALONE).is_none()))
    }

    /// Makes the run of the file that the environment names, if it names one, and shows it.
    ///
    /// # Panics
    /// If the run fails, or the file cannot be used.
    #[track_caller]
    pub(super) fn replay_asked(&self) -> bool {
        let Some(path) = environment::read(REPLAY) else { return false };
        install_panic_hook(PanicsInside::Shown);
        let StoredFile { path, content } = self.folder.file(&path);
        let file = content.unwrap_or_else(|why| panic!("{REPLAY}={path}: {why}"));
        assert!(file.test == self.test, "{REPLAY}={path} is of {}, and this is {}", file.test, self.test);
        let replayed = self.replay(&path, &file);
        let failure = self.told(&path, replayed);
        print!("{}", failure.log);
        let Replayed { status, report, .. } = &failure.replayed;
        println!("{status} {path}\nhash {:016x} outcome {}", report.hash, report.outcome.word());
        let is_stale = matches!(status, Status::Stale(_)) && self.is_stale_denied;
        assert!(report.outcome.is_done() && !is_stale, "{}", StoredFailure { lines_shown: 0, ..failure });
        true
    }

    /// Replays every file of the test.
    ///
    /// # Panics
    /// If one of them fails, or cannot be used.
    #[track_caller]
    pub(super) fn replay_all(&self) {
        if self.mode == SimfailMode::Off || self.sweep.only.is_some() || !self.sweep.simfail {
            return;
        }
        install_panic_hook(PanicsInside::Quiet);
        let files = self.folder.files_of(self.test);
        for StoredFile { path, content } in
            files.unwrap_or_else(|why| panic!("{}: {why}", self.caller.name()))
        {
            let file = content.unwrap_or_else(|why| panic!("{}: {path}: {why}", self.caller.name()));
            let replayed = self.replay(&path, &file);
            if let (SimfailMode::Upgrade, Some(renewed)) = (self.mode, &replayed.renewed) {
                let written = self.folder.replace(&path, renewed);
                written.unwrap_or_else(|error| panic!("cannot write {path} anew: {error}"));
            }
            match replayed.status {
                Status::Passed => {}
                Status::Stale(_) if !self.is_stale_denied => eprintln!(
                    "warning: {}: {} {path}: the test does not come to {}; record the failure again, or delete the file",
                    self.caller.name(),
                    replayed.status,
                    replayed.unmet.join(", ")
                ),
                _ => panic!("{}", self.told(&path, replayed)),
            }
        }
    }

    /// Writes the file of a run that failed, and says so in its text.
    pub(super) fn keep(&self, failed: &mut FailedRun, shrunk: Option<&Shrunk>) {
        let is_wanted = self.mode != SimfailMode::Off && self.sweep.simfail && self.sweep.only.is_none();
        if !is_wanted || !failed.is_reproducible() {
            return;
        }
        let config = self.sweep.config(TraceLevel::Off);
        let make = &mut |config, source| self.make(config, source);
        let Some(file) = Simfail::of_run(self.test, &failed.run, config, make) else {
            return;
        };
        let smaller = shrunk.filter(|shrunk| shrunk.cost < shrunk.found);
        let smaller = smaller.and_then(|shrunk| file.of_shrunk(shrunk, config, make));
        let file = smaller.unwrap_or(file);
        failed.kept = match self.folder.write(&file) {
            Ok(path) => Kept::Written { path, shrunk: file.shrunk },
            Err(error) => Kept::NotWritten { why: error.to_string(), text: file.to_string() },
        };
    }

    fn replay(&self, path: &str, file: &Simfail) -> Replayed {
        let config = self.sweep.config(TraceLevel::Off);
        let mut replayed = file.replay(config, &mut |config, source| self.make(config, source));
        if was_rehearsal() {
            replayed = file.replay(config, &mut |config, source| self.make(config, source));
        }
        replayed.unwrap_or_else(|error| panic!("{}: {path}: {error}", self.caller.name()))
    }

    /// The text of what became of a file, with the log of its run.
    fn told<'text>(&'text self, path: &'text str, replayed: Replayed) -> StoredFailure<'text>
    where
        'a: 'text,
    {
        let config = Config { awaits: Some(AWAITS), ..self.sweep.config(self.sweep.trace) };
        let again = replayed.run_again(config, &mut |config, source| self.make(config, source));
        let mut replayed = replayed;
        replayed.report.tell_awaits(&again);
        let log = again.trace;
        let lines_shown = self.sweep.lines_shown;
        let (test, command) = (self.caller.name(), self.caller.command());
        StoredFailure { test, path, replayed, log, lines_shown, command }
    }

    fn make(&self, config: Config, source: Box<dyn Source>) -> Report {
        watchdog::name_subject(self.caller.name());
        let _watch = Watch::begin(WatchedRun::OfTestFile);
        let mut world = World::default();
        let (executor, outcome) = self.sweep.begin_run(&mut world, config, source, &self.body);
        executor.finish_into(outcome, &mut world)
    }
}
