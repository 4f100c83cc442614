//! Who acts: the path of names from the root, `server/conn#2/writer`.

use std::borrow::Cow;
use std::rc::Rc;

use super::counters::Counters;
use super::hash::{hash_str, mix};
use super::key::Key;
use super::label::Label;
use super::shown::show;
use crate::reuse::Reuse as _;

/// An actor's place in the tree of names of one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineageId(u32);

impl LineageId {
    /// Of no actor.
    pub(crate) const NONE: LineageId = LineageId(u32::MAX);
}

/// The tree of names of one run. A lineage lives as long as its actor or one of the actor's children.
///
/// The second child of a name is `name#2`: ordinals count per (parent, name), never over the whole run, so that an
/// actor keeps its name whatever the others do.
///
/// ```
/// use sim_executor::Lineages;
///
/// let mut lineages = Lineages::default();
/// let server = lineages.root("server");
/// let first = lineages.child(server, "conn");
/// let second = lineages.child(server, "conn");
/// let writer = lineages.child(second, "writer");
/// assert_eq!(&*lineages.path(first), "server/conn");
/// assert_eq!(&*lineages.path(writer), "server/conn#2/writer");
/// ```
#[derive(Debug, Default)]
pub struct Lineages {
    entries: Vec<Entry>,
    free: Vec<u32>,
    roots: Counters,
    /// Of an earlier run, as new: the last is for the next entry.
    spare: Vec<Option<Box<Extras>>>,
    /// The path that was asked for as a text.
    text: String,
}

/// A run with more entries leaves no memory to the next: it has so much to do that allocating again costs nothing beside it.
const SPARE_MAX: usize = 4_096;

#[derive(Debug)]
struct Entry {
    parent: Option<LineageId>,
    ordinal: u32,
    /// The actor itself, and its children.
    references: u32,
    hash: u64,
    name: Cow<'static, str>,
    /// What most actors do without. Kept, emptied, for the next actor here.
    extras: Option<Box<Extras>>,
}

#[derive(Debug, Default)]
struct Extras {
    /// Rendered when it is first asked for.
    path: Option<Rc<str>>,
    /// By the hash of the child's name.
    children: Counters,
    /// By the label of the operation: decisions about values, then about polls, which are counted apart.
    decisions: Counters,
    polls: Counters,
}

impl Extras {
    /// Cleared and not replaced: the next actor here uses their memory.
    #[inline(never)]
    fn clear(&mut self) {
        self.path = None;
        self.children.clear();
        self.decisions.clear();
        self.polls.clear();
    }
}

impl Extras {
    /// The memory for an actor of the next run, unless it is much.
    fn renewed(mut self: Box<Self>) -> Option<Box<Self>> {
        self.clear();
        let is_small = [&self.children, &self.decisions, &self.polls].into_iter().all(Counters::is_small);
        is_small.then_some(self)
    }
}

impl Entry {
    #[inline]
    fn extras_mut(&mut self) -> &mut Extras {
        self.extras.get_or_insert_default()
    }
}

/// Kept apart from the streams of values that have the same label.
const POLL_STREAM: u64 = hash_str("next poll of");
const ROOT: u64 = hash_str("");

impl Lineages {
    /// A new actor without a parent.
    pub fn root(&mut self, name: impl Into<Cow<'static, str>>) -> LineageId {
        let name = name.into();
        let name_hash = hash_str(&name);
        let ordinal = self.roots.count(name_hash);
        self.insert(None, name, mix(mix(ROOT, name_hash), u64::from(ordinal)), ordinal)
    }

    /// The hash of the actor with that name and ordinal below the actor of that hash, or at the root.
    pub(super) fn hash_below(parent: Option<u64>, name: &str, ordinal: u32) -> u64 {
        mix(mix(parent.unwrap_or(ROOT), hash_str(name)), u64::from(ordinal))
    }

    /// A new child of an actor.
    pub fn child(&mut self, parent: LineageId, name: impl Into<Cow<'static, str>>) -> LineageId {
        let name = name.into();
        let name_hash = hash_str(&name);
        self.child_hashed(parent, name, name_hash).0
    }

    /// [`Lineages::child`] when the hash of the name is known; also gives the hash of the path.
    #[inline(always)]
    pub(crate) fn child_hashed(
        &mut self,
        parent: LineageId,
        name: Cow<'static, str>,
        name_hash: u64,
    ) -> (LineageId, u64) {
        let above = self.entry_mut(parent);
        let ordinal = above.extras_mut().children.count(name_hash);
        above.references += 1;
        let hash = mix(mix(above.hash, name_hash), u64::from(ordinal));
        (self.insert(Some(parent), name, hash, ordinal), hash)
    }

    #[inline(always)]
    fn insert(
        &mut self,
        parent: Option<LineageId>,
        name: Cow<'static, str>,
        hash: u64,
        ordinal: u32,
    ) -> LineageId {
        if let Some(free) = self.free.pop() {
            let entry = &mut self.entries[free as usize];
            (entry.parent, entry.name, entry.ordinal, entry.hash) = (parent, name, ordinal, hash);
            entry.references = 1;
            return LineageId(free);
        }
        let extras = self.spare.pop().flatten();
        self.entries.push(Entry { parent, name, ordinal, hash, references: 1, extras });
        LineageId((self.entries.len() - 1) as u32)
    }

    /// Says that one more actor bears the lineage.
    pub(crate) fn retain(&mut self, id: LineageId) {
        self.entry_mut(id).references += 1;
    }

    /// Says that the actor has ended. Its id, and those of ancestors that only it kept, may be used again.
    #[inline]
    pub(crate) fn release(&mut self, id: LineageId) {
        let mut id = id;
        loop {
            let entry = &mut self.entries[id.0 as usize];
            entry.references -= 1;
            if entry.references > 0 {
                return;
            }
            if let Some(extras) = &mut entry.extras {
                extras.clear();
            }
            self.free.push(id.0);
            let Some(parent) = entry.parent else { return };
            id = parent;
        }
    }

    /// Makes it as new, and keeps memory for the next run.
    pub(crate) fn renew(&mut self) {
        let Lineages { entries, free, roots, spare, text: _ } = self;
        if entries.len() > SPARE_MAX {
            *self = Lineages::default();
            return;
        }
        // From the last on, so that the first comes out first.
        spare.extend(entries.drain(..).rev().map(|entry| entry.extras.and_then(Extras::renewed)));
        entries.renew();
        free.renew();
        roots.clear();
        if !roots.is_small() {
            *roots = Counters::default();
        }
    }

    /// The hash of the path, the same in every run.
    #[inline]
    #[must_use]
    pub fn hash(&self, id: LineageId) -> u64 {
        self.entries[id.0 as usize].hash
    }

    /// The path of names from the root. A slash, a `#` or a backslash in a name stands behind a backslash, and what breaks the line
    /// is written as in Rust. A path of more than 64 names, or of more than a kilobyte, is shown by its last names and by the
    /// hash of all of it: `…~8f3a09b1c2d3e4f5/beat/beat/beat/beat`.
    pub fn path(&mut self, id: LineageId) -> Rc<str> {
        if let Some(path) = self.kept_path(id) {
            return Rc::clone(path);
        }
        let mut text = String::new();
        self.show_path(id, &mut text);
        let path: Rc<str> = text.into();
        self.entry_mut(id).extras_mut().path = Some(Rc::clone(&path));
        path
    }

    /// The same as a text that is good until the next is asked for. It is kept with the actor only if it is to be.
    pub(crate) fn path_text(&mut self, id: LineageId, keep: bool) -> &str {
        if keep && self.kept_path(id).is_none() {
            let _ = self.path(id);
        }
        if self.kept_path(id).is_none() {
            let mut text = std::mem::take(&mut self.text);
            text.clear();
            self.show_path(id, &mut text);
            self.text = text;
        }
        self.kept_path(id).map_or(&*self.text, |path| path)
    }

    fn kept_path(&self, id: LineageId) -> Option<&Rc<str>> {
        self.entries[id.0 as usize].extras.as_ref()?.path.as_ref()
    }

    fn show_path(&self, id: LineageId, text: &mut String) {
        // From the actor up, no further than is shown: an actor may have any number of others above it.
        let entry = |id: LineageId| &self.entries[id.0 as usize];
        let actors = std::iter::successors(Some(id), |id| entry(*id).parent);
        let names = actors.map(|id| (&*entry(id).name, entry(id).ordinal));
        show(text, names, self.entries[id.0 as usize].hash);
    }

    /// The key of the actor's next decision about a value at this operation.
    pub(crate) fn next_key(&mut self, id: LineageId, label: Label) -> Key {
        let entry = self.entry_mut(id);
        let ordinal = entry.extras_mut().decisions.count(label.hash());
        Key { stream: Key::stream(entry.hash, label), ordinal }
    }

    /// The stream of the polls of an actor with that hash, for which it waits at this operation.
    #[inline]
    pub(crate) fn poll_stream(hash: u64, label: Label) -> u64 {
        Lineages::poll_stream_of(Key::stream(hash, label))
    }

    /// The stream of polls whose actor and operation have this stream of values.
    #[inline]
    pub(super) const fn poll_stream_of(values: u64) -> u64 {
        mix(values, POLL_STREAM)
    }

    /// The key of the actor's next poll, for which it waited at this operation.
    pub(crate) fn next_poll_key(&mut self, id: LineageId, label: Label) -> Key {
        let entry = self.entry_mut(id);
        let stream = Lineages::poll_stream(entry.hash, label);
        let ordinal = entry.extras_mut().polls.count(label.hash());
        Key { stream, ordinal }
    }

    /// How many polls the actor has had at the operation whose label has this hash, as far as that was told here.
    pub(crate) fn polls(&self, id: LineageId, label_hash: u64) -> u32 {
        let extras = self.entries[id.0 as usize].extras.as_ref();
        extras.map_or(0, |extras| extras.polls.get(label_hash))
    }

    /// Sets how many polls the actor has had at the operation whose label has this hash: its only bearer has counted them.
    pub(crate) fn set_polls(&mut self, id: LineageId, label_hash: u64, polls: u32) {
        self.entry_mut(id).extras_mut().polls.set(label_hash, polls);
    }

    /// The key of the question what is polled after this actor, which now waits at this operation.
    pub(crate) fn next_point_key(&mut self, id: LineageId, label: Label) -> Key {
        let entry = self.entry_mut(id);
        let stream = Key::after(entry.hash, label);
        let ordinal = entry.extras_mut().decisions.count(stream);
        Key { stream, ordinal }
    }

    #[inline]
    fn entry_mut(&mut self, id: LineageId) -> &mut Entry {
        &mut self.entries[id.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_keeps_its_hash_whatever_its_siblings_of_other_names_do() {
        let hash_of_second = |others: usize| {
            let mut lineages = Lineages::default();
            let main = lineages.root("main");
            for _ in 0..others {
                lineages.child(main, "other");
            }
            lineages.child(main, "worker");
            let second = lineages.child(main, "worker");
            lineages.hash(second)
        };
        assert_eq!(hash_of_second(0), hash_of_second(3));
    }

    #[test]
    fn an_ended_actor_is_kept_for_its_children_only() {
        let mut lineages = Lineages::default();
        let main = lineages.root("main");
        let parent = lineages.child(main, "parent");
        let child = lineages.child(parent, "child");
        lineages.release(parent);
        assert_eq!(&*lineages.path(child), "main/parent/child");
        lineages.release(child);
        assert_eq!(lineages.free.len(), 2);
        let again = lineages.child(main, "parent");
        assert_eq!(&*lineages.path(again), "main/parent#2", "the ordinal is not used again");
    }

    #[test]
    fn a_renewed_tree_is_as_a_new_one_and_keeps_a_bounded_memory() {
        let grow = |lineages: &mut Lineages, actors: usize| {
            let main = lineages.root("main");
            let mut seen = vec![(main, lineages.path(main), lineages.hash(main), 0)];
            for _ in 0..actors {
                let child = lineages.child(main, "child");
                let ordinal = lineages.next_key(child, Label::new("read")).ordinal;
                seen.push((child, lineages.path(child), lineages.hash(child), ordinal));
                if child.0.is_multiple_of(3) {
                    lineages.release(child);
                }
            }
            seen
        };
        let mut lineages = Lineages::default();
        for actors in [9, 50, 2, SPARE_MAX + 1, 9] {
            assert_eq!(
                grow(&mut lineages, actors),
                grow(&mut Lineages::default(), actors),
                "{actors} actors"
            );
            lineages.renew();
            assert!(lineages.entries.is_empty() && lineages.free.is_empty());
            assert!(lineages.spare.len() <= SPARE_MAX);
            let spare = lineages.spare.iter().flatten();
            assert!(spare.clone().all(|extras| extras.path.is_none() && extras.children.is_small()));
        }
        assert!(!lineages.spare.is_empty());
    }

    #[test]
    fn ordinals_count_per_operation() {
        let mut lineages = Lineages::default();
        let main = lineages.root("main");
        let (read, write) = (Label::new("read"), Label::new("write"));
        assert_eq!(lineages.next_key(main, read).ordinal, 0);
        assert_eq!(lineages.next_key(main, write).ordinal, 0);
        assert_eq!(lineages.next_key(main, read).ordinal, 1);
        assert_eq!(lineages.next_poll_key(main, read).ordinal, 0, "polls are counted apart");
    }
}
