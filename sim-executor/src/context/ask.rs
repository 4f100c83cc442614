//! Asking the source of the run for a value.

use super::{CURRENT, current_actor, try_with, with};
use crate::choice::{Fault, Label, LineageId, Ratio};
use crate::run::Cancels;
use crate::varied::Varied;

/// The operation at which a future is dropped that waits.
pub(crate) const CANCEL: Label = Label::new("cancel");

/// Asks whether something happens that need not. Asks nothing if the probability leaves no doubt.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn ask_flag(actor: LineageId, label: Label, probability: Ratio) -> bool {
    if probability.is_never() || probability.is_always() {
        return probability.is_always();
    }
    with(|run| run.ask_flag(actor, label, probability))
}

/// With which probability it is to be asked whether a fault happens whose own probability is `set`: that, unless the run's source asks about
/// this kind anyway ([`Needs::asked_anyway`](crate::Needs)), or the run has drawn that there is none of it
/// ([`Config::swarm`](crate::Config)). Outside a run it is `set`.
#[must_use]
pub fn probability_of(fault: Fault, set: Ratio) -> Ratio {
    try_with(|run| run.probability_of(fault, set)).unwrap_or(set)
}

/// The same of several faults, one after the other.
#[must_use]
pub fn probabilities_of<const N: usize>(set: [(Fault, Ratio); N]) -> [Ratio; N] {
    let mut probabilities = set.map(|(_, set)| set);
    try_with(|run| {
        if run.core().faults.are_as_set() {
            return;
        }
        for (probability, (fault, set)) in probabilities.iter_mut().zip(set) {
            *probability = run.probability_of(fault, set);
        }
    });
    probabilities
}

/// Asks for a number from `lo` to `hi`, of which `simplest` is the gentlest. Asks nothing if they are equal.
///
/// # Panics
/// Outside a run, or if `simplest` is not from `lo` to `hi`.
#[must_use]
pub fn ask_int(actor: LineageId, label: Label, lo: u64, hi: u64, simplest: u64) -> u64 {
    assert!(lo <= simplest && simplest <= hi, "{label}: {simplest} is not in {lo}..={hi}");
    if lo == hi {
        return lo;
    }
    with(|run| run.ask_int(actor, label, lo, hi, simplest))
}

/// Whether a `timeout` is over at this await although its time is not: asked only where the run lets that happen.
#[inline]
pub(crate) fn is_cut_short() -> bool {
    is_cut(|cancels| cancels.timeouts)
}

/// Whether a sleep is over at this await although its time is not, since it is in a branch of a `select!`: asked only where the run lets that
/// happen.
#[inline]
pub(crate) fn is_cut_short_in_select() -> bool {
    CURRENT.with(|current| current.wanted.selecting.get() > 0) && is_cut(|cancels| cancels.selects)
}

fn is_cut(of: impl FnOnce(Cancels) -> Option<Ratio>) -> bool {
    match try_with(|run| of(run.cancels())).flatten() {
        None => false,
        Some(set) => ask_flag(current_actor(), CANCEL, probability_of(Fault::Cancel, set)),
    }
}

/// As long as this lives the branches of a `select!` are polled, whose sleeps may be over before their time where the run lets that happen.
#[derive(Debug)]
#[must_use = "the branches are polled while this lives"]
pub struct Selecting(bool);

impl Selecting {
    /// Before the branches are polled.
    #[inline]
    pub fn begin() -> Self {
        CURRENT.with(|current| {
            let counts = current.wanted.cuts_selects.get();
            if counts {
                current.wanted.selecting.set(current.wanted.selecting.get() + 1);
            }
            Selecting(counts)
        })
    }
}

impl Drop for Selecting {
    #[inline]
    fn drop(&mut self) {
        if self.0 {
            CURRENT.with(|current| current.wanted.selecting.set(current.wanted.selecting.get() - 1));
        }
    }
}

/// Tells of something that was drawn for the run and that a program may not depend on, for the [`Report`](crate::Report).
///
/// # Panics
/// Outside a run.
pub fn note_varied(varied: Varied) {
    with(|run| run.core_mut().log.note_varied(varied));
}

/// Says that the program of this run does not bear faults of this kind, by what it is: an event loop of asyncio polls
/// no task that was not woken. They do not happen from now on, whoever asks for them.
///
/// # Panics
/// Outside a run.
pub fn refuse_fault(fault: Fault) {
    with(|run| run.core_mut().faults.refuse(fault));
}
