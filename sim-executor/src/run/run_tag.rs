//! Which run something belongs to.

use std::fmt;
use std::num::NonZeroU32;

/// Which run something belongs to: what a handle of a device keeps, so that it is not taken for one of another run.
///
/// Tags can be compared, and nothing else: which number a run of the process has is no part of the run.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, context::RunTag};
///
/// let tag_of = || Executor::new(ProductionOrder).enter(RunTag::current);
/// let tag = tag_of();
/// assert!(!tag.is_current(), "its run is over");
/// assert_ne!(tag, tag_of());
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RunTag(NonZeroU32);

impl RunTag {
    /// The tag with that number; there is none with zero.
    pub(crate) fn from_number(number: u32) -> Option<RunTag> {
        NonZeroU32::new(number).map(RunTag)
    }

    #[inline]
    pub(crate) fn number(self) -> u32 {
        self.0.get()
    }
}

impl fmt::Debug for RunTag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("RunTag")
    }
}
