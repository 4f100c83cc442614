//! Where the record of a sweep is written to.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::{SweepRecord, annotations, junit};
use crate::console::Console;
use crate::output_file::{self, WriteError};

/// The files that are wanted of a record.
#[derive(Debug, clap::Args)]
pub(crate) struct RecordFiles {
    /// Writes the result to this file, as JSON; `-` is standard output, which then has nothing else.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Writes the result to this file, as lines of JSON, one for each variant; `-` is standard output. `merge` takes both forms.
    #[arg(long, value_name = "FILE")]
    pub(crate) json_lines: Option<PathBuf>,
    /// Writes the result to this file, as JUnit XML; `-` is standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// Prints annotations for GitHub on standard output; by default where the variable GITHUB_ACTIONS is `true`.
    #[arg(long)]
    pub(crate) github: bool,
}

/// Makes the text of a file.
type Form = fn(&SweepRecord) -> String;

impl RecordFiles {
    /// Says at once whether all can be written.
    ///
    /// # Errors
    /// If one cannot.
    pub(crate) fn check(&self) -> Result<(), WriteError> {
        self.files().try_for_each(|path| output_file::check(path))
    }

    /// Whether standard output has something else than one of them.
    pub(crate) fn is_console_free(&self) -> bool {
        !self.files().any(|path| path == Path::new("-"))
    }

    fn files(&self) -> impl Iterator<Item = &PathBuf> {
        self.json.iter().chain(&self.json_lines).chain(&self.junit)
    }

    /// Writes all that are wanted, also where one cannot be written.
    ///
    /// # Errors
    /// If one cannot be written: the first of those.
    pub(crate) fn write(
        &self,
        record: &SweepRecord,
        console: &mut Console<'_>,
    ) -> Result<(), Box<dyn Error>> {
        #[expect(clippy::disallowed_methods, reason = "the command line stands outside of runs")]
        let is_asked =
            console.is_process && std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true");
        let mut written: Result<(), Box<dyn Error>> = Ok(());
        if self.is_console_free() && (self.github || is_asked) {
            written = write!(console.out, "{}", annotations(record)).map_err(Into::into);
        }
        let texts: [(&Option<PathBuf>, Form); 3] = [
            (&self.json, SweepRecord::json),
            (&self.json_lines, SweepRecord::json_lines),
            (&self.junit, junit),
        ];
        for (path, text) in texts {
            if let Some(path) = path {
                let this = output_file::write(path, text(record), console.out);
                written = written.and(this.map_err(Into::into));
            }
        }
        written
    }
}
