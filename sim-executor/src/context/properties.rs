//! Where a program tells its run what it promises.

use std::fmt;

use super::{RunTag, ask_flag, count_call, current_actor, current_lineage, probability_of, try_with, with};
use crate::choice::{Fault, Label, Ratio};
use crate::property::PropertyKind;
use crate::run::Invariant;

const SITE: Label = Label::new("buggify");

/// Tells whether a property holds, and gives that back: what the macros call. Does nothing else outside a run.
#[must_use]
pub fn holds(kind: PropertyKind, name: &'static str, holds: bool) -> bool {
    try_with(|run| {
        count_call();
        run.core_mut().look_at_property(kind, name, holds);
    });
    holds
}

/// Tells that a property does not hold, and fails the run after this poll: what the macros call. Does nothing outside a run.
#[cold]
pub fn violated(kind: PropertyKind, name: &'static str, detail: fmt::Arguments<'_>) {
    // Formatted with nothing borrowed, since the arguments' own code may call us.
    let detail = detail.to_string();
    try_with(|run| run.core_mut().violate(kind, name, detail));
}

/// Looks at this closure after every poll from now on, until the end of the run; see [`invariant`](crate::invariant).
pub(crate) fn add_invariant(name: &'static str, holds: impl FnMut() -> bool + 'static) {
    with(|run| run.add_invariant(Invariant::new(name, holds)));
}

/// Looks at all invariants now.
pub(crate) fn look_at_invariants() {
    let lineage = current_lineage();
    with(|run| run.look_at_invariants(&lineage));
}

/// Something has to hold before the run ends; the tag of that run. `None` outside a run.
pub(crate) fn begin_eventually(name: &'static str) -> Option<RunTag> {
    try_with(|run| {
        run.core_mut().begin_eventually(name);
        run.tag()
    })
}

/// One of those that have to hold before the run ends does.
pub(crate) fn end_eventually(name: &'static str, tag: RunTag) {
    if tag.is_current() {
        with(|run| run.core_mut().end_eventually(name));
    }
}

/// Whether a place makes trouble now: what `buggify!` calls. `probability` is that of the trouble where the place makes any in this
/// run; `None` is the run's own. Never outside a run.
#[must_use]
pub fn buggify(name: &'static str, label: Label, probability: Option<Ratio>) -> bool {
    let Some((settings, known)) = try_with(|run| (run.buggify(), run.buggify_site(name))) else {
        return false;
    };
    count_call();
    let is_asked_anyway = with(|run| run.core().faults.has_anyway(Fault::Buggify));
    let known = known.or(is_asked_anyway.then_some(true));
    let is_active = known.unwrap_or_else(|| {
        let actor = with(|run| run.buggify_actor(name));
        let is_active = ask_flag(actor, SITE, settings.sites);
        with(|run| run.set_buggify_site(name, is_active));
        is_active
    });
    let probability = if is_active { probability.unwrap_or(settings.fires) } else { Ratio::NEVER };
    let fires = ask_flag(current_actor(), label, probability_of(Fault::Buggify, probability));
    holds(PropertyKind::Buggify, name, fires)
}
