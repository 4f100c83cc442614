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

impl Kinds {
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
