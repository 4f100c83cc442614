//! A failure file of a run that fails.

use std::sync::Arc;

use sim_executor::{Config, Report, Source};

use super::signed::is_signature;
use super::{BaseOrder, Expected, Marks, Simfail};
use crate::exceptions::{Exceptions, Follow, Noted};
use crate::recipe::Recipe;
use crate::shrink::Shrunk;
use crate::signature::Signature;
use crate::strategy::Survey;

/// Makes one run of a program with this configuration, and gives the same for an equal source.
pub type MakeRun<'a> = &'a mut dyn FnMut(Config, Box<dyn Source>) -> Report;

impl Simfail {
    /// The file of a test's run that fails, in production order or under a seed; `None` if it does not fail.
    ///
    /// The run is made once as it was found and once more by what it does otherwise than the default order. If the second run does not
    /// fail in the same way, the file names the strategy and the seed instead.
    ///
    /// ```
    /// use sim_executor::{Config, Executor, Outcome, choose};
    /// use sim_explorer::{Recipe, Simfail, Status};
    ///
    /// let mut run = |config, source: Box<dyn sim_executor::Source>| {
    ///     let mut executor = Executor::with_config(config, source);
    ///     let ended = executor.block_on(async { assert_ne!(choose(4), 3, "the last was drawn") });
    ///     executor.finish(ended.map_or_else(Into::into, |()| Outcome::Done))
    /// };
    /// let config = Config::default();
    /// let file = (0..).find_map(|seed| {
    ///     Simfail::of_run("example", &Recipe::of_seed(seed), config, &mut run)
    /// });
    /// let file = file.unwrap();
    /// assert!(file.to_string().contains("\n[values]\nmain @ user:choose #0  = 3\n"), "{file}");
    /// assert_eq!(file.replay(config, &mut run).unwrap().status, Status::Exact);
    /// ```
    #[must_use]
    pub fn of_run(test: &str, recipe: &Recipe, config: Config, make: MakeRun<'_>) -> Option<Simfail> {
        let found = recipe.to_string();
        let survey = survey(recipe, config, make);
        let recorded = as_recorded(config);
        let (source, notes) = Noted::new(recipe.source(&survey));
        let report = make(recorded, Box::new(source));
        let signature = Signature::of(&report)?;
        let whole =
            Simfail { test: test.to_string(), signature: signature.to_string(), found, ..Simfail::default() };
        if *recipe == Recipe::Production {
            let whole = Simfail { order: BaseOrder::Production, ..whole };
            return Some(whole.expecting(&report));
        }
        let exceptions = notes.of_run(&report).exceptions();
        let told = whole.of_exceptions(&exceptions, config, make);
        Some(told.unwrap_or_else(|| Simfail { order: BaseOrder::Found, ..whole }.expecting(&report)))
    }

    /// This file, with these exceptions in place of what it lists; `None` if their run does not fail as the file says.
    #[must_use]
    pub fn of_exceptions(
        &self,
        exceptions: &Exceptions,
        config: Config,
        make: MakeRun<'_>,
    ) -> Option<Simfail> {
        let (source, notes) = Noted::new(Follow::new(exceptions).0);
        let report = make(as_recorded(config), Box::new(source));
        let is_same = Signature::of(&report).is_some_and(|found| is_signature(&self.signature, &found));
        if !is_same {
            return None;
        }
        let mut file = self.clone();
        // What was realised, and not what was asked for.
        file.set_exceptions(&notes.of_run(&report).exceptions());
        Some(file.expecting(&report))
    }

    /// This file, with what shrinking has left of its run; `None` if that does not fail as the file says.
    #[must_use]
    pub fn of_shrunk(&self, shrunk: &Shrunk, config: Config, make: MakeRun<'_>) -> Option<Simfail> {
        let mut file = self.of_exceptions(&shrunk.exceptions, config, make)?;
        let Shrunk { found, cost, runs, .. } = shrunk;
        file.shrunk = format!(
            "preemptions {}->{} exceptions {}->{} faults {}->{} decisions {}->{} runs={runs}",
            found.preemptions,
            cost.preemptions,
            found.exceptions,
            cost.exceptions,
            found.faults,
            cost.faults,
            self.expect.decisions,
            file.expect.decisions,
        );
        Some(file)
    }

    /// The file of a run that is kept for something else than a failure, which stands in place of that.
    pub(crate) fn of_run_without_failure(
        test: &str,
        in_place: &str,
        found: &str,
        exceptions: &Exceptions,
        report: &Report,
    ) -> Simfail {
        let [test, signature, found] = [test, in_place, found].map(str::to_string);
        let mut file = Simfail { test, signature, found, ..Simfail::default() };
        file.set_exceptions(exceptions);
        file.expecting(report)
    }

    /// This file, of a run that ended so.
    pub(super) fn expecting(self, report: &Report) -> Simfail {
        let marks = report.recording.as_ref().map(|recording| Marks::of(&recording.decisions));
        let expect =
            Expected { decisions: report.decisions, marks: marks.unwrap_or_default(), trace: report.hash };
        let drawn = report.varied.iter().map(|varied| (varied.what.to_string(), varied.drawn.clone()));
        Simfail { expect, drawn: drawn.collect(), ..self }
    }
}

/// With all that a file or its signature says.
pub(super) fn as_recorded(config: Config) -> Config {
    Config { record: true, panic_functions: true, ..config }
}

/// What a run's strategy has to know of the program; takes a run, if it is something.
pub(super) fn survey(recipe: &Recipe, config: Config, make: MakeRun<'_>) -> Arc<Survey> {
    if !recipe.needs_survey() {
        return Arc::default();
    }
    Arc::new(Survey::of(config, make))
}
