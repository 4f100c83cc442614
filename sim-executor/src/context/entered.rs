//! From when to when a run is the current one.

use std::any::Any;
use std::rc::Rc;

use super::{CURRENT, in_run};
use crate::run::Run;

/// Makes a run the current one until it is dropped.
#[must_use = "the run is current only while this lives"]
pub(crate) struct Entered {
    /// Where the thread is again after that.
    before: Place,
    #[cfg(feature = "tracing")]
    _capture: tracing_core::dispatcher::DefaultGuard,
}

impl Entered {
    /// # Panics
    /// Inside a run.
    pub(crate) fn new(run: &Rc<Run>, #[cfg(feature = "tracing")] capture: &tracing_core::Dispatch) -> Self {
        assert!(!in_run(), "a run cannot be started inside a run: spawn a task and await its handle instead");
        CURRENT.with(|current| {
            current.turn.begin(run.budget());
            current.was_in_run.set(true);
        });
        Entered::even_inside(
            run,
            #[cfg(feature = "tracing")]
            capture,
        )
    }

    /// The same, even inside another run: for one that is to be dropped there.
    pub(crate) fn even_inside(
        run: &Rc<Run>,
        #[cfg(feature = "tracing")] capture: &tracing_core::Dispatch,
    ) -> Self {
        let before = set_current(Some(Rc::clone(run)), None);
        Entered {
            before,
            #[cfg(feature = "tracing")]
            _capture: tracing_core::dispatcher::set_default(capture),
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let (run, local_set) = std::mem::take(&mut self.before);
        drop(set_current(run, local_set));
    }
}

/// A run that is or was the current one, with its local set.
pub(super) type Place = (Option<Rc<Run>>, Option<Rc<dyn Any>>);

/// Says which run this thread is in, and in which local set; gives where it was.
pub(super) fn set_current(run: Option<Rc<Run>>, local_set: Option<Rc<dyn Any>>) -> Place {
    CURRENT.with(|current| {
        current.wanted.set(run.as_deref());
        current.tag.set(run.as_ref().map_or(0, |run| run.tag().number()));
        (current.run.replace(run), current.local_set.replace(local_set))
    })
}
