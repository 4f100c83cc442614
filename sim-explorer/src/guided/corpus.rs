//! The runs that a guided search keeps, also between two searches.

use sim_executor::{Config, Report, Source};

use crate::exceptions::{Asked, Exceptions, Follow, Noted, Step};
use crate::simfail::{Simfail, SimfailError};

/// The runs that a guided search goes on from. They can be kept as texts between searches, in the format of failure files, so that
/// they still mean the same after the program was edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corpus {
    pub(super) runs: Vec<Exceptions>,
}

/// A run that is kept, with what was asked in it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) exceptions: Exceptions,
    pub(super) steps: Vec<Step>,
    pub(super) asked: Vec<Asked>,
}

/// What the texts say in place of a failure.
const NO_FAILURE: &str = "none";

impl Corpus {
    /// Adds the run of a text.
    ///
    /// # Errors
    /// When it is no failure file: see [`Simfail::parse`].
    pub fn add_text(&mut self, text: &[u8]) -> Result<(), SimfailError> {
        self.runs.push(Simfail::parse(text)?.exceptions());
        Ok(())
    }

    /// How many runs there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// The runs as texts, each made once more for the names of its decisions. `test` is the name of the program.
    pub fn texts(
        &self,
        test: &str,
        config: Config,
        mut run: impl FnMut(Config, Box<dyn Source>) -> Report,
    ) -> Vec<String> {
        let recorded = Config { record: true, ..config };
        let mut text = |exceptions: &Exceptions| {
            let (source, notes) = Noted::new(Follow::new(exceptions).0);
            let report = run(recorded, Box::new(source));
            let exceptions = notes.of_run(&report).exceptions();
            Simfail::of_run_without_failure(test, NO_FAILURE, "guided", &exceptions, &report).to_string()
        };
        self.runs.iter().map(&mut text).collect()
    }
}
