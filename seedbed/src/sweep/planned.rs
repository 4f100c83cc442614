//! A run that is to be made: its recipe, with what its strategy knows of the program.

use std::sync::Arc;

use sim_explorer::{Recipe, Survey};

/// A run that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    pub(crate) recipe: Recipe,
    pub(crate) survey: Arc<Survey>,
}

impl Planned {
    /// One whose strategy need not know anything.
    pub(crate) fn simple(recipe: Recipe) -> Self {
        Planned { recipe, survey: Arc::default() }
    }
}
