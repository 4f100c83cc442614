//! Waiting for the first of several futures, in an order that is a choice of the run.

use std::task::Context;

use crate::choice::Label;
use crate::context;

#[doc(hidden)]
pub use crate::context::Selecting;
pub use seedbed_macros::select_branches;

const SELECT: Label = Label::new("select.first");

/// The branch that a [`select!`](crate::select) polls first. `off` has a bit for each branch that is not polled at all. Where
/// only one is left, or outside of a run, nothing is asked.
#[doc(hidden)]
#[must_use]
pub fn first_branch(branches: u32, off: u64) -> u32 {
    if branches - off.count_ones() <= 1 || !context::in_run() {
        return 0;
    }
    context::ask_int(context::current_actor(), SELECT, 0, u64::from(branches) - 1, 0) as u32
}

/// Whether a [`select!`](crate::select) may poll its branches. Not if the task has used up what it may do in one poll: then those
/// branches would yield that know of it, and one that does not would be over each time.
#[doc(hidden)]
#[must_use]
pub fn may_poll(context: &Context<'_>) -> bool {
    context::may_go_on(context)
}

/// The numbers below `count`, each once, that begin at `first`.
#[doc(hidden)]
pub fn in_turn(first: u32, count: u32) -> impl Iterator<Item = u32> {
    (first..count).chain(0..first)
}

/// Waits for the first of up to 64 futures, drops the others, and evaluates the handler of the one that was ready.
///
/// It takes what `tokio::select!` takes:
///
/// - `pattern = future => handler`. A handler that is a block needs no comma. Handlers may use `?`, `return`, `break`,
///   `continue` and `.await`, and borrow what the futures have borrowed.
/// - `pattern = future, if condition => handler`: without the condition the future is not polled. (The expressions of all
///   futures are evaluated, behind all conditions.)
/// - A pattern that may fail, such as `Some(x)`: if it does not match what its future gave, that branch is off.
/// - `else => handler`, as the last one: for when all branches are off.
/// - `biased;` at the begin: the branches are polled in the order in which they are written.
///
/// Where several are ready at once it matters which is asked first. `tokio::select!` and `futures::select!` begin at a branch
/// that a hidden generator of the thread draws, so that a run could not be repeated. Here the first branch is a choice of
/// the run, unless it is `biased;`: in production order the one that is written first, else drawn, recorded and replayed as
/// any other. Outside of a run it is the one that is written first.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, select, time};
/// use std::time::Duration;
///
/// let quickest = Executor::new(ProductionOrder).block_on(async {
///     let mut attempts = 0;
///     loop {
///         select! {
///             () = time::sleep(Duration::from_secs(2)), if attempts > 0 => break "slow",
///             () = time::sleep(Duration::from_secs(3)) => {
///                 attempts += 1;
///             }
///         }
///     }
/// });
/// assert_eq!(quickest.unwrap(), "slow");
/// ```
///
/// # Panics
/// If all branches are off and there is no `else`.
#[macro_export]
macro_rules! select {
    ($($branches:tt)*) => { $crate::select_branches!(($crate) $($branches)*) };
}
