//! What the source is told of the run besides its questions.

use std::collections::BTreeMap;

use super::{Core, Run};
use crate::choice::{Access, Fact, FactKinds, Resource, RunEnd, TaskId};
use crate::reuse::Reuse as _;
use crate::task::Origin;

/// Facts of which the source was not told yet. They are kept until nothing hinders: a task is woken and spawned with the run
/// borrowed.
#[derive(Debug)]
pub(crate) struct Facts {
    kinds: FactKinds,
    untold: Vec<Fact>,
    /// What was touched, by names for people, if the source wants them.
    names: BTreeMap<Resource, String>,
}

impl Facts {
    pub(super) fn new() -> Self {
        Facts { kinds: FactKinds::NONE, untold: Vec::new(), names: BTreeMap::new() }
    }

    /// Begins a run.
    pub(super) fn configure(&mut self, kinds: FactKinds) {
        self.kinds = kinds;
    }

    /// Makes it as new, and keeps memory for the next run, which calls [`Facts::configure`].
    pub(super) fn renew(&mut self) {
        let Facts { kinds: _, untold, names } = self;
        untold.renew();
        names.renew();
    }

    /// Whether the source is told of these.
    #[inline]
    pub(super) fn has(&self, kinds: FactKinds) -> bool {
        self.kinds.has(kinds)
    }

    /// Whether there are some that the source does not know.
    #[inline]
    pub(crate) fn are_untold(&self) -> bool {
        !self.untold.is_empty()
    }

    /// Whether this is to be named, and is not yet.
    pub(crate) fn wants_name(&self, resource: Resource) -> bool {
        self.kinds.has(FactKinds::NAMES) && !self.names.contains_key(&resource)
    }

    pub(crate) fn name(&mut self, resource: Resource, name: String) {
        self.names.insert(resource, name);
    }

    pub(crate) fn take_names(&mut self) -> BTreeMap<Resource, String> {
        std::mem::take(&mut self.names)
    }

    #[inline]
    pub(super) fn add(&mut self, fact: Fact) {
        self.untold.push(fact);
    }
}

impl Core {
    /// A task was spawned.
    #[cold]
    pub(super) fn note_spawn(&mut self, task: TaskId, lineage: u64) {
        self.facts.add(Fact::Spawned { task, lineage, by: self.polling.current() });
    }

    /// A task becomes ready.
    pub(super) fn note_wake(&mut self, task: TaskId) {
        if !self.facts.has(FactKinds::WAKES) {
            return;
        }
        let slot = self.polling.tasks().at(task.index);
        let (key, was_polled) = (slot.key(), slot.polls() > 0);
        // At the end of its own poll no task is current.
        let is_by_itself = was_polled && self.polling.origin() == Origin::Task;
        let by = self.polling.current().or_else(|| is_by_itself.then_some(task));
        self.facts.add(Fact::Woken { task, key, by });
    }

    /// A poll begins.
    pub(super) fn note_poll(&mut self, task: TaskId) {
        if !self.facts.has(FactKinds::POLLS) {
            return;
        }
        let (slot, now) = (self.polling.tasks().at(task.index), self.time.now());
        self.facts.add(Fact::PollBegun { task, lineage: slot.lineage_hash(), key: slot.key(), now });
    }

    /// A poll is over.
    pub(super) fn note_poll_end(&mut self, task: TaskId, has_yielded: bool, has_ended: bool) {
        if !self.facts.has(FactKinds::POLLS) {
            return;
        }
        if has_yielded {
            self.facts.add(Fact::Yielded { task });
        }
        self.facts.add(Fact::PollEnded { task, has_ended });
    }

    /// The current task touches a resource.
    #[inline]
    pub(crate) fn note_access(&mut self, resource: Resource, access: Access) {
        let Some(task) = self.polling.current() else { return };
        let Some(slot) = self.polling.tasks().get(task) else { return };
        self.users.note(resource, task);
        if !self.facts.has(FactKinds::ACCESSES) {
            return;
        }
        let fact = Fact::Accessed { task, key: slot.key(), resource, access };
        self.facts.add(fact);
    }

    /// A task ends, which others may be waiting for or look at.
    #[cold]
    pub(super) fn note_end(&mut self, task: TaskId) {
        let slot = self.polling.tasks().at(task.index);
        let (key, lineage, resource) = (slot.key(), slot.lineage(), Resource::end_of(task));
        if self.facts.wants_name(resource) {
            let path = self.decisions.lineages_mut().path(lineage);
            self.facts.name(resource, format!("the end of {path}"));
        }
        self.facts.add(Fact::Accessed { task, key, resource, access: Access::Write });
    }

    /// The current task tells all that it touches in this poll.
    pub(crate) fn note_tells_all(&mut self) {
        if let Some(task) = self.polling.current()
            && self.facts.has(FactKinds::ACCESSES)
        {
            self.facts.add(Fact::TellsAll { task });
        }
    }

    /// The current task will touch a resource in its next poll.
    pub(crate) fn note_intent(&mut self, resource: Resource, access: Access) {
        if let Some(task) = self.polling.current()
            && self.facts.has(FactKinds::ACCESSES)
        {
            self.facts.add(Fact::Intended { task, resource, access });
        }
    }
}

impl Run {
    /// Whether somebody is told what tasks touch.
    #[inline]
    pub(crate) fn tells_accesses(&self) -> bool {
        self.tells_accesses
    }

    /// Tells the source what it does not know yet.
    #[cold]
    pub(crate) fn tell_facts(&self, core: &mut Core) {
        let mut source = self.source.borrow_mut();
        for fact in &core.facts.untold {
            source.observe(fact);
        }
        core.facts.untold.clear();
    }

    /// Tells the source that the run has ended.
    pub(crate) fn end_source(&self, end: &RunEnd<'_>) {
        self.tell_facts(&mut self.core_mut());
        self.source.borrow_mut().end(end);
    }
}
