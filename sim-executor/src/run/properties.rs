//! The properties of a run: how often it has looked at each, and what is still pending.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Core, Run};
use crate::choice::{Fact, FactKinds, LineageId};
use crate::config::Buggify;
use crate::property::{Property, PropertyKind, Violated};
use crate::reuse::Reuse as _;

/// What goes on while an invariant is looked at.
const IN_AN_INVARIANT: &str = "in an invariant";

/// What a run has seen of its properties. Nothing is allocated before the first of them.
#[derive(Debug, Default)]
pub(crate) struct Properties {
    counts: BTreeMap<(PropertyKind, &'static str), Count>,
    /// The places of [`buggify!`](crate::buggify), and whether this run has them make trouble.
    sites: BTreeMap<&'static str, bool>,
    /// Above the actors that decide that.
    buggify: Option<LineageId>,
    /// Who has added an invariant in the poll that goes on.
    added_by: Option<Rc<str>>,
}

#[derive(Debug, Default)]
struct Count {
    held: u64,
    failed: u64,
    /// Whether it did not hold when it was last looked at.
    is_open: bool,
    /// How many of those that were begun by themselves are pending.
    begun: u64,
}

/// A closure that holds after every poll.
#[derive(Clone)]
pub(crate) struct Invariant {
    name: &'static str,
    holds: Rc<RefCell<dyn FnMut() -> bool>>,
}

impl Invariant {
    pub(crate) fn new(name: &'static str, holds: impl FnMut() -> bool + 'static) -> Self {
        Invariant { name, holds: Rc::new(RefCell::new(holds)) }
    }
}

impl Properties {
    /// Makes it as new.
    pub(super) fn renew(&mut self) {
        let Properties { counts, sites, buggify, added_by } = self;
        counts.renew();
        sites.renew();
        (*buggify, *added_by) = (None, None);
    }

    fn count(&mut self, kind: PropertyKind, name: &'static str, holds: bool) {
        let count = self.counts.entry((kind, name)).or_default();
        if holds {
            count.held += 1;
        } else {
            count.failed += 1;
        }
        count.is_open = !holds;
    }

    fn begin(&mut self, name: &'static str) {
        let count = self.counts.entry((PropertyKind::Eventually, name)).or_default();
        (count.begun, count.failed) = (count.begun + 1, count.failed + 1);
    }

    fn end(&mut self, name: &'static str) {
        let count = self.counts.entry((PropertyKind::Eventually, name)).or_default();
        (count.begun, count.held) = (count.begun.saturating_sub(1), count.held + 1);
    }

    /// What was to hold in the end, and does not.
    pub(super) fn pending(&self) -> Option<(&'static str, u64)> {
        let mut eventually = self.counts.iter().filter(|((kind, _), _)| *kind == PropertyKind::Eventually);
        let ((_, name), count) = eventually.find(|(_, count)| count.is_open || count.begun > 0)?;
        Some((name, count.begun))
    }

    /// All that was to hold in the end, and does not.
    pub(super) fn all_pending(&self) -> Vec<&'static str> {
        let open = self.counts.iter().filter(|((kind, _), count)| {
            *kind == PropertyKind::Eventually && (count.is_open || count.begun > 0)
        });
        open.map(|((_, name), _)| *name).collect()
    }

    /// All that were passed, sorted by their kinds and names.
    pub(crate) fn all(&self) -> Vec<Property> {
        let property = |(&(kind, name), count): (&(PropertyKind, &'static str), &Count)| Property {
            kind,
            name,
            held: count.held,
            failed: count.failed,
        };
        self.counts.iter().map(property).collect()
    }
}

impl Core {
    /// Counts that a property was looked at.
    pub(crate) fn look_at_property(&mut self, kind: PropertyKind, name: &'static str, holds: bool) {
        self.properties.count(kind, name, holds);
        if self.facts.has(FactKinds::PROPERTIES) {
            self.facts.add(Fact::Passed { name, holds });
        }
        if kind == PropertyKind::Progress {
            self.time.note_progress();
        }
    }

    /// A property was found not to hold: the run fails after this poll, whatever the program makes of it.
    pub(crate) fn violate(&mut self, kind: PropertyKind, name: &'static str, detail: String) {
        let actor = self.current_actor();
        let lineage = self.decisions.lineages_mut().path(actor);
        self.violate_by(lineage, kind, name, detail);
    }

    fn violate_by(&mut self, lineage: Rc<str>, kind: PropertyKind, name: &'static str, detail: String) {
        self.verdict.violate(Violated { kind, name, at: self.local_now(), lineage, detail });
    }

    /// Invariants are looked at after this poll anyway.
    pub(super) fn forget_added_invariants(&mut self) {
        self.properties.added_by = None;
    }

    /// Something has to hold before the run ends.
    pub(crate) fn begin_eventually(&mut self, name: &'static str) {
        self.properties.begin(name);
    }

    /// One of those that have to hold before the run ends does.
    pub(crate) fn end_eventually(&mut self, name: &'static str) {
        self.properties.end(name);
    }

    /// Fails a run that has come to its end with something pending.
    pub(crate) fn look_at_pending_properties(&mut self) {
        if let Some((name, begun)) = self.properties.pending() {
            let detail = if begun > 1 { format!("{begun} of them") } else { String::new() };
            self.violate(PropertyKind::Eventually, name, detail);
        }
    }
}

impl Run {
    /// Looks at this closure after every poll from now on.
    pub(crate) fn add_invariant(&self, invariant: Invariant) {
        self.invariants.borrow_mut().push(invariant);
        let mut core = self.core_mut();
        let actor = core.current_actor();
        core.properties.added_by = Some(core.decisions.lineages_mut().path(actor));
        core.polling.watch_each_poll();
        core.verdict.interrupt();
    }

    /// Looks at all invariants after the poll in which the first was added, to which nobody was to come back.
    pub(crate) fn look_at_added_invariants(&self) {
        let added_by = self.core_mut().properties.added_by.take();
        if let Some(lineage) = added_by {
            self.look_at_invariants(&lineage);
        }
    }

    /// Takes all invariants, to be dropped with nothing borrowed.
    pub(crate) fn take_invariants(&self) -> Vec<Invariant> {
        std::mem::take(&mut *self.invariants.borrow_mut())
    }

    pub(crate) fn has_invariants(&self) -> bool {
        !self.invariants.borrow().is_empty()
    }

    /// Looks at all invariants, with nothing borrowed, after something that this actor has done. One that is being looked at is left
    /// out.
    pub(crate) fn look_at_invariants(&self, lineage: &Rc<str>) {
        let invariants = self.invariants.borrow().clone();
        for Invariant { name, holds } in invariants {
            let Ok(mut holds) = holds.try_borrow_mut() else { continue };
            let Some(holds) = self.guard(IN_AN_INVARIANT, &mut *holds) else { return };
            let mut core = self.core_mut();
            core.look_at_property(PropertyKind::Invariant, name, holds);
            if !holds {
                core.violate_by(Rc::clone(lineage), PropertyKind::Invariant, name, String::new());
            }
        }
    }

    /// Whether a place makes trouble in this run, if that is known already.
    pub(crate) fn buggify_site(&self, name: &'static str) -> Option<bool> {
        self.core().properties.sites.get(name).copied()
    }

    pub(crate) fn set_buggify_site(&self, name: &'static str, is_active: bool) {
        self.core_mut().properties.sites.insert(name, is_active);
    }

    /// The actor that decides whether a place makes trouble.
    pub(crate) fn buggify_actor(&self, name: &'static str) -> LineageId {
        let mut core = self.core_mut();
        let parent = core.properties.buggify;
        let lineages = core.decisions.lineages_mut();
        let parent = parent.unwrap_or_else(|| lineages.root("buggify"));
        let actor = lineages.child(parent, name);
        core.properties.buggify = Some(parent);
        actor
    }

    /// How probable trouble is.
    pub(crate) fn buggify(&self) -> Buggify {
        self.buggify
    }
}
