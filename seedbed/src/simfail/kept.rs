//! What became of the failure file of a run.

/// What became of the failure file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kept {
    /// None was to be written.
    #[default]
    No,
    /// It lies there.
    Written {
        /// Its path, from the package's folder on.
        path: String,
        /// What shrinking came to; empty if nothing was shrunk.
        shrunk: String,
    },
    /// It could not be written.
    NotWritten {
        /// Why.
        why: String,
        /// What should stand in it, so that nothing is lost.
        text: String,
    },
}
