//! Runs that are made in children of the prepared process, one in each.
//!
//! So statics and thread-locals are in each run as they are when the program begins. The prepared process makes no run itself as long as none
//! fails.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use sim_executor::{Trace, TraceLevel, World};
use sim_explorer::{PropertyTally, Recipe, Survey, SweepBy};

use super::again::Elsewhere;
use super::caller::Caller;
use super::isolated::fail;
use super::sequence::{Sequence, Turn};
use super::stored::Stored;
use super::{Passed, Sweep, SweepError};
use crate::divergence::Divergence;
use crate::failed_run::Again;
use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::test_output::TestOutput;
use crate::watchdog;

/// What a child tells of its run: the hash, and how it ended.
type Told = (u64, String);

fn told_of(bytes: &[u8]) -> Option<Told> {
    let (hash, word) = std::str::from_utf8(bytes).ok()?.split_once(' ')?;
    Some((u64::from_str_radix(hash, 16).ok()?, word.to_string()))
}

/// Calls what runs a test, and ends the test if that panics: a test that should panic does not fail here, and has to in the process
/// that has started this one.
#[track_caller]
pub(super) fn telling_panics<R>(run: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|payload| {
        let text = payload.downcast_ref::<&str>().map(|text| (*text).to_string());
        let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
        fail(&text.unwrap_or_else(|| "a panic without a text".to_string()))
    })
}

impl Sweep {
    /// Runs a test in the prepared process.
    #[track_caller]
    pub(super) fn try_run_isolated<B, F>(
        &self,
        caller: Caller<'_>,
        body: &Arc<B>,
        elsewhere: Elsewhere<B>,
    ) -> Result<Passed, SweepError>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        let makes_seeds = !matches!(self.strategy, Some(SweepBy::Each(_)));
        assert!(makes_seeds, "{}: an isolated test makes seeds; leave `each` away", caller.name());
        let tells = !self.require_sometimes;
        assert!(
            tells,
            "{}: an isolated test does not count properties; leave `require_sometimes` away",
            caller.name()
        );
        let inside = if self.only.is_some() { PanicsInside::Shown } else { PanicsInside::Quiet };
        install_panic_hook(inside);
        watchdog::name_subject(caller.name());
        if let Some(recipe) = &self.only {
            sim_posix::without_rehearsal();
            return self.run_only(recipe, caller, body);
        }
        // What `each` does next depends on how a run went, which a child cannot tell.
        let mut sequence = Sequence::new(&Sweep { each_one_in: 0, ..self.clone() });
        let mut hashes = Vec::new();
        loop {
            let planned = match sequence.next() {
                Turn::Run(planned, _) => planned,
                Turn::Survey => {
                    sequence.learn(self.survey(body));
                    continue;
                }
                Turn::End => break,
            };
            let recipe = planned.recipe.clone();
            let (hash, word) = in_child(caller, &recipe, || {
                let report = self.make_run(&mut World::default(), &planned, TraceLevel::Off, body);
                (report.hash, report.outcome.word().to_string())
            });
            if word != "done" {
                return self.failed_in_child(caller, &recipe, body, (hash, word));
            }
            if self.is_repeated(sequence.made()) {
                let again = in_child(caller, &recipe, || {
                    let seen = elsewhere(self, &planned, TraceLevel::Off, body);
                    (seen.hash, seen.word.to_string())
                });
                if again != (hash, word) {
                    return Err(differs(caller, &recipe, [hash, again.0]).into());
                }
            }
            hashes.push(hash);
        }
        let properties = PropertyTally::default();
        Ok(Passed { runs: hashes.len() as u64, hashes, exhausted: None, log: Trace::default(), properties })
    }

    /// A run has failed in a child: it is made again here, where none was made yet, with all that can be known of it.
    #[track_caller]
    fn failed_in_child<B, F>(
        &self,
        caller: Caller<'_>,
        recipe: &Recipe,
        body: &Arc<B>,
        (hash, word): Told,
    ) -> Result<Passed, SweepError>
    where
        B: Fn() -> F + 'static,
        F: Future<Output: TestOutput> + 'static,
    {
        sim_posix::without_rehearsal();
        match self.run_only(recipe, caller, body) {
            Err(SweepError::Failed(mut failed)) => {
                failed.lines_shown = self.lines_shown;
                failed.again.push(Again::new("in a process of its own", hash, &word));
                Err(SweepError::Failed(failed))
            }
            Ok(passed) => Err(differs(caller, recipe, [hash, passed.hashes[0]]).into()),
            Err(other) => Err(other),
        }
    }
}

fn differs(caller: Caller<'_>, recipe: &Recipe, hashes: [u64; 2]) -> Divergence {
    Divergence {
        name: caller.name().to_string(),
        run: recipe.clone(),
        hashes,
        difference: None,
        command: caller.command(),
    }
}

/// Makes a run in a child.
///
/// # Panics
/// If the child ends without saying how its run went, as the watchdog ends it.
#[track_caller]
fn in_child(caller: Caller<'_>, recipe: &Recipe, make: impl FnOnce() -> Told) -> Told {
    let told = sim_posix::in_child(|| {
        let (hash, word) = make();
        format!("{hash:016x} {word}").into_bytes()
    });
    let told = told.unwrap_or_else(|error| panic!("{}: {recipe}: {error}", caller.name()));
    told_of(&told)
        .unwrap_or_else(|| panic!("{}: {recipe}: its process does not say how it ended", caller.name()))
}

/// Makes a survey in a child, which tells the counts of it.
///
/// # Panics
/// If the child does not come to its end.
#[track_caller]
pub(super) fn survey(make: impl FnOnce() -> Survey) -> Survey {
    let told = sim_posix::in_child(|| {
        let survey = make();
        let counts = survey.counts().flat_map(|(task, polls)| [task, polls]);
        std::iter::once(survey.steps()).chain(counts).flat_map(u64::to_le_bytes).collect()
    });
    let told = told.unwrap_or_else(|error| panic!("the run that a strategy needs to know about: {error}"));
    let (words, _) = told.as_chunks::<8>();
    let mut words = words.iter().map(|word| u64::from_le_bytes(*word));
    let steps = words.next().unwrap_or_default();
    Survey::of_counts(steps, std::iter::from_fn(|| Some((words.next()?, words.next()?))))
}

/// Replays the failure files of a test in a child; always true.
///
/// # Panics
/// If one of them fails, which the child says.
#[track_caller]
pub(super) fn replay_all<B, F>(stored: &Stored<'_, B>) -> bool
where
    B: Fn() -> F + 'static,
    F: Future<Output: TestOutput> + 'static,
{
    let replayed = sim_posix::in_child(|| {
        stored.replay_all();
        Vec::new()
    });
    replayed.unwrap_or_else(|error| panic!("a failure file of the test still fails: {error}"));
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_child_tells_is_understood() {
        assert_eq!(told_of(b"00000000000000ff dead waker"), Some((255, "dead waker".to_string())));
        assert_eq!(told_of(b""), None);
    }
}
