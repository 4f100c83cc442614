//! Which units of a sweep are still to be made, for threads that take one after the other.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The units of a sweep, in order: all of the first program, then those of the next one.
#[derive(Debug)]
pub(crate) struct Todo {
    next: AtomicU64,
    count: u64,
    /// How many units each program has.
    of_program: u64,
    /// Those that were made before: from where to where.
    made: BTreeMap<u64, u64>,
    /// Of which programs nothing more is wanted.
    left: Vec<AtomicBool>,
}

impl Todo {
    /// All units of so many programs, each of which has so many.
    pub(crate) fn new(programs: usize, of_program: u64) -> Self {
        let left = (0..programs).map(|_| AtomicBool::new(false)).collect();
        let count = (programs as u64).saturating_mul(of_program);
        Todo { next: AtomicU64::new(0), count, of_program, made: BTreeMap::new(), left }
    }

    /// Without those that were made before.
    pub(crate) fn without(self, made: impl IntoIterator<Item = Range<u64>>) -> Self {
        Todo { made: made.into_iter().map(|range| (range.start, range.end)).collect(), ..self }
    }

    /// Nothing more is wanted of this program.
    pub(crate) fn leave(&self, program: usize) {
        if let Some(left) = self.left.get(program) {
            left.store(true, Ordering::Relaxed);
        }
    }

    /// The next unit; `None` if there are no more.
    pub(crate) fn take(&self) -> Option<u64> {
        loop {
            let unit = self.next.fetch_add(1, Ordering::Relaxed);
            if unit >= self.count {
                return None;
            }
            let program = unit / self.of_program;
            if self.left.get(program as usize).is_some_and(|left| left.load(Ordering::Relaxed)) {
                // To the next program at once, however many units this one has left.
                self.next.fetch_max((program + 1).saturating_mul(self.of_program), Ordering::Relaxed);
                continue;
            }
            match self.made.range(..=unit).next_back() {
                Some((_, &end)) if unit < end => {
                    self.next.fetch_max(end, Ordering::Relaxed);
                }
                _ => return Some(unit),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(todo: &Todo) -> Vec<u64> {
        std::iter::from_fn(|| todo.take()).collect()
    }

    #[test]
    fn all_are_taken_in_order() {
        assert_eq!(taken(&Todo::new(2, 3)), [0, 1, 2, 3, 4, 5]);
        assert_eq!(taken(&Todo::new(0, 3)), [0; 0]);
    }

    #[test]
    fn what_was_made_before_is_not_taken() {
        assert_eq!(taken(&Todo::new(2, 5).without([0..3, 4..5, 7..9])), [3, 5, 6, 9]);
        assert_eq!(taken(&Todo::new(1, 1 << 50).without(vec![0..1, 1..(1 << 50) - 1])), [(1 << 50) - 1]);
    }

    #[test]
    fn nothing_more_is_taken_of_a_program_that_is_left() {
        let todo = Todo::new(3, 1 << 40);
        assert_eq!([todo.take(), todo.take()], [Some(0), Some(1)]);
        todo.leave(0);
        todo.leave(2);
        assert_eq!(todo.take(), Some(1 << 40));
        todo.leave(1);
        assert_eq!(todo.take(), None);
    }
}
