//! Types of futures: for each its short name, and memory of ended tasks to be used again.

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::future::Future;

use super::short_name::shorten;
use super::stage::{Memory, memory_of};
use crate::choice::hash_str;

/// The types of futures that a run has seen.
#[derive(Default)]
pub(crate) struct Kinds {
    latest: Option<(TypeId, u32)>,
    numbers: BTreeMap<TypeId, u32>,
    kinds: Vec<Kind>,
}

struct Kind {
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

    /// The number of a type.
    #[inline]
    pub(crate) fn of<F: 'static>(&mut self) -> u32 {
        let id = TypeId::of::<F>();
        match self.latest {
            Some((latest, number)) if latest == id => number,
            _ => self.look_up(id, type_name::<F>()),
        }
    }

    fn look_up(&mut self, id: TypeId, full_name: &'static str) -> u32 {
        let next = self.kinds.len() as u32;
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            let name = shorten(full_name);
            self.kinds.push(Kind { name, name_hash: hash_str(name), vacant: Vec::new() });
        }
        self.latest = Some((id, number));
        number
    }

    /// The name that a task gets which was given none, with its hash.
    #[inline]
    pub(crate) fn name(&self, kind: u32) -> (&'static str, u64) {
        let kind = &self.kinds[kind as usize];
        (kind.name, kind.name_hash)
    }

    /// Memory for a task with this future, whose type has the number `kind`.
    #[inline]
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

    /// Keeps memory that was vacated.
    #[inline]
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
        kinds.of::<F>()
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
    fn of_too_many_kinds_nothing_is_kept() {
        let mut kinds = Kinds::default();
        fill::<1>(&mut kinds, 1);
        for number in 0..KINDS_KEPT_MAX as u32 {
            kinds.kinds.push(Kind { name: "other", name_hash: u64::from(number), vacant: Vec::new() });
        }
        kinds.shrink();
        assert!(kinds.kinds.is_empty());
    }
}
