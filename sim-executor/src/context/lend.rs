//! How a thread lends its run to another one, which is in it meanwhile.

use std::any::Any;
use std::rc::Rc;

use super::entered::set_current;
use crate::run::Run;

/// A run that a thread has left, on the way to another thread or back: for who lets a task's poll go on in a real thread.
///
/// The threads must take turns: while one is in the run the other waits, and sees all that this one has done. A `Lent` is
/// neither `Send` nor `Sync`, so that who carries it over has to answer for that.
///
/// On the thread that borrows the run no task counts as polled, so that a call never unwinds there, and nothing is
/// pending for a budget; the current task and its node are those of the lender.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, context};
///
/// Executor::new(ProductionOrder).block_on(async {
///     let lent = context::lend();
///     assert!(!context::in_run());
///     lent.enter();
///     assert!(context::in_run());
/// }).unwrap();
/// ```
#[must_use = "a thread that lends its run is outside of it"]
pub struct Lent {
    run: Option<Rc<Run>>,
    local_set: Option<Rc<dyn Any>>,
}

/// Takes this thread out of its run, for another one. Outside of runs what is lent is nothing.
pub fn lend() -> Lent {
    let (run, local_set) = set_current(None, None);
    Lent { run, local_set }
}

impl Lent {
    /// Brings this thread into the run. The run that it is in before, if any, is left.
    pub fn enter(self) {
        drop(set_current(self.run, self.local_set));
    }
}
