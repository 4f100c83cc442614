//! Types of futures: for each its short name, and memory of ended tasks to be used again.

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::future::Future;

use super::short_name::shorten;
use super::stage::{Memory, memory_of};
use crate::choice::hash_str;

/// The types of futures that a run has seen.
pub(crate) struct Kinds {
    /// That which was asked for last.
    latest: (TypeId, KindName),
    kinds: Vec<Kind>,
    /// Their numbers, if they are more than a few.
    numbers: BTreeMap<TypeId, u32>,
}

/// A type of futures: its number, and the name that a task of it gets which was given none, with its hash.
#[derive(Clone, Copy)]
pub(crate) struct KindName {
    pub(crate) number: u32,
    pub(crate) name: &'static str,
    pub(crate) name_hash: u64,
}

/// So many kinds at most are looked through for one.
const FEW: usize = 8;

impl Default for Kinds {
    fn default() -> Self {
        // No future, so that nobody asks for it.
        let latest = (TypeId::of::<Kinds>(), KindName { number: u32::MAX, name: "", name_hash: 0 });
        Kinds { latest, kinds: Vec::new(), numbers: BTreeMap::new() }
    }
}

struct Kind {
    id: TypeId,
    name: &'static str,
    name_hash: u64,
    vacant: Vec<Memory>,
}

/// What a run leaves to the next: nothing if it knows more kinds, as to look through them would cost more than they save; of
/// each kind so many memories, and so many bytes, as a small run needs.
const KINDS_KEPT_MAX: usize = 64;
const MEMORIES_KEPT_MAX: usize = 64;
const BYTES_KEPT_MAX: usize = 65_536;

impl Kind {
    /// Gives back what is more than a run leaves to the next.
    fn shrink(&mut self) {
        let bytes = self.vacant.last().map_or(1, |memory| size_of_val(&**memory).max(1));
        self.vacant.truncate(MEMORIES_KEPT_MAX.min(BYTES_KEPT_MAX / bytes));
        self.vacant.shrink_to(MEMORIES_KEPT_MAX);
    }
}

impl Kinds {
    /// For the next run. All of it stays as it is, up to a bound: no run can tell whether a kind is known already.
    pub(crate) fn shrink(&mut self) {
        if self.kinds.len() > KINDS_KEPT_MAX {
            *self = Kinds::default();
        }
        self.kinds.iter_mut().for_each(Kind::shrink);
    }

    /// What is known of a type.
    #[inline(always)]
    pub(crate) fn of<F: 'static>(&mut self) -> KindName {
        let id = TypeId::of::<F>();
        if self.latest.0 != id {
            self.look_up(id, type_name::<F>());
        }
        self.latest.1
    }

    #[inline(never)]
    fn look_up(&mut self, id: TypeId, full_name: &'static str) {
        let known = match self.kinds.len() {
            0..=FEW => self.kinds.iter().position(|kind| kind.id == id).map(|number| number as u32),
            _ => self.numbers.get(&id).copied(),
        };
        let number = known.unwrap_or_else(|| self.add(id, full_name));
        let &Kind { name, name_hash, .. } = &self.kinds[number as usize];
        self.latest = (id, KindName { number, name, name_hash });
    }

    fn add(&mut self, id: TypeId, full_name: &'static str) -> u32 {
        let name = shorten(full_name);
        self.kinds.push(Kind { id, name, name_hash: hash_str(name), vacant: Vec::new() });
        let last = self.kinds.len() - 1;
        if last >= FEW {
            let unknown = if self.numbers.is_empty() { 0 } else { last };
            let unknown = (unknown as u32..).zip(&self.kinds[unknown..]);
            self.numbers.extend(unknown.map(|(number, kind)| (kind.id, number)));
        }
        last as u32
    }

    /// Memory for a task with this future, whose type has the number `kind`.
    #[inline(never)]
    pub(crate) fn memory_for<F>(&mut self, kind: u32, future: F) -> Memory
    where
        F: Future + 'static,
    {
        match self.kinds[kind as usize].vacant.pop() {
            Some(mut memory) => {
                memory.as_mut().restart(&mut Some(future));
                memory
            }
            None => memory_of(future),
        }
    }

    /// Puts a future of the type with the number `kind` into memory that a task of the type `before` has left, if it has.
    #[inline(always)]
    pub(crate) fn refill<F>(&mut self, memory: &mut Option<Memory>, before: u32, kind: u32, future: F)
    where
        F: Future + 'static,
    {
        match memory {
            Some(memory) if before == kind => memory.as_mut().restart(&mut Some(future)),
            memory => {
                let filled = self.memory_for(kind, future);
                if let Some(other) = memory.replace(filled) {
                    self.give_back(before, other);
                }
            }
        }
    }

    /// Keeps memory that was vacated.
    pub(crate) fn give_back(&mut self, kind: u32, memory: Memory) {
        self.kinds[kind as usize].vacant.push(memory);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill<const BYTES: usize>(kinds: &mut Kinds, count: usize) {
        let future = || async {
            let held = [0_u8; BYTES];
            std::future::pending::<()>().await;
            let _ = std::hint::black_box(&held);
        };
        for _ in 0..count {
            let mut memory = memory_of(future());
            memory.as_mut().vacate();
            let kind = kind_of(kinds, &future());
            kinds.give_back(kind, memory);
        }
    }

    fn kind_of<F: Future + 'static>(kinds: &mut Kinds, _: &F) -> u32 {
        kinds.of::<F>().number
    }

    #[test]
    fn a_bounded_number_of_memories_and_bytes_is_kept() {
        let mut kinds = Kinds::default();
        fill::<1>(&mut kinds, 10 * MEMORIES_KEPT_MAX);
        fill::<20_000>(&mut kinds, 10);
        fill::<100_000>(&mut kinds, 10);
        fill::<2>(&mut kinds, 5);
        kinds.shrink();
        let counts: Vec<usize> = kinds.kinds.iter().map(|kind| kind.vacant.len()).collect();
        assert_eq!(counts, [MEMORIES_KEPT_MAX, 3, 0, 5]);
        assert!(kinds.kinds.iter().all(|kind| kind.vacant.capacity() <= MEMORIES_KEPT_MAX));
    }

    #[test]
    fn memory_that_a_task_of_another_kind_has_left_is_kept_for_its_own_kind() {
        let mut kinds = Kinds::default();
        let (first, second) = (|| async { std::future::pending::<()>().await }, || async { 7 });
        let (of_first, of_second) = (kind_of(&mut kinds, &first()), kind_of(&mut kinds, &second()));
        let vacant = |kinds: &Kinds| kinds.kinds.iter().map(|kind| kind.vacant.len()).collect::<Vec<_>>();
        let mut memory = None;
        for (before, kind, expected) in
            [(of_first, of_first, [0, 0]), (of_first, of_second, [1, 0]), (of_second, of_first, [0, 1])]
        {
            if kind == of_first {
                kinds.refill(&mut memory, before, kind, first());
            } else {
                kinds.refill(&mut memory, before, kind, second());
            }
            memory.as_mut().unwrap().as_mut().vacate();
            assert_eq!(vacant(&kinds), expected);
        }
        kinds.refill(&mut memory, of_first, of_first, first());
        assert_eq!(vacant(&kinds), [0, 1], "memory of the same kind is used as it is");
    }

    #[test]
    fn of_too_many_kinds_nothing_is_kept() {
        let mut kinds = Kinds::default();
        fill::<1>(&mut kinds, 1);
        for number in 0..KINDS_KEPT_MAX as u32 {
            let id = TypeId::of::<()>();
            kinds.kinds.push(Kind { id, name: "other", name_hash: u64::from(number), vacant: Vec::new() });
        }
        kinds.shrink();
        assert!(kinds.kinds.is_empty());
    }

    #[test]
    fn a_kind_keeps_its_number_however_many_there_are() {
        let mut kinds = Kinds::default();
        let ids = [
            TypeId::of::<[u8; 0]>(),
            TypeId::of::<[u8; 1]>(),
            TypeId::of::<[u8; 2]>(),
            TypeId::of::<[u8; 3]>(),
            TypeId::of::<[u8; 4]>(),
            TypeId::of::<[u8; 5]>(),
            TypeId::of::<[u8; 6]>(),
            TypeId::of::<[u8; 7]>(),
            TypeId::of::<[u8; 8]>(),
            TypeId::of::<[u8; 9]>(),
            TypeId::of::<[u8; 10]>(),
        ];
        assert!(ids.len() > FEW + 2);
        for count in 1..=ids.len() {
            for (number, &id) in (0..).zip(&ids[..count]) {
                kinds.look_up(id, "other");
                assert_eq!(kinds.latest.1.number, number);
            }
            assert_eq!(kinds.kinds.len(), count);
        }
    }
}
