//! How a program asks its run to settle.

use std::task::{Context, Poll};
use std::time::Duration;

use super::{ask_int, with};
use crate::choice::Label;
use crate::clock::Instant;
use crate::run::Plan;

const MOMENT: Label = Label::new("settle.moment");

/// Draws after how many milliseconds, of at most so many, the run settles, and lets it.
///
/// # Panics
/// Outside a run; if it was asked for before.
pub(crate) fn plan_settling(plan: Plan, chaos_max: Duration) {
    let actor = with(|run| {
        let mut core = run.core_mut();
        assert!(!core.settling.is_planned(), "a run settles once: ask for that once");
        core.settling_actor()
    });
    let millis_max = u64::try_from(chaos_max.as_millis()).unwrap_or(u64::MAX);
    let millis = if millis_max == 0 { 0 } else { ask_int(actor, MOMENT, 0, millis_max, 0) };
    with(|run| run.core_mut().plan_settling(plan, Duration::from_millis(millis)));
}

/// Since when the run settles.
pub(crate) fn settling_since() -> Option<Instant> {
    with(|run| run.core().settling.since())
}

/// Waits until the run settles.
pub(crate) fn poll_settled(context: &mut Context<'_>) -> Poll<()> {
    let replaced = with(|run| {
        if run.core().settling.since().is_some() {
            return Err(());
        }
        // A clone is made with nothing borrowed, since it may run code.
        let waker = context.waker().clone();
        super::wait_at(SETTLED, 0);
        Ok(run.core_mut().settling.enlist(waker))
    });
    match replaced {
        Err(()) => Poll::Ready(()),
        Ok(replaced) => {
            drop(replaced); // with nothing borrowed
            Poll::Pending
        }
    }
}

const SETTLED: Label = Label::new("settle.settled");

/// Whether the run looks at its end at what is left, so that a library keeps account of what it gives out. Outside a run it does not.
#[must_use]
pub fn looks_for_leaks() -> bool {
    super::try_with(|run| run.leaks().is_some()).unwrap_or(false)
}

/// The current task is there for others only.
pub(crate) fn run_in_background() {
    with(|run| run.core_mut().polling.mark_background());
}
