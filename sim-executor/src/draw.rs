//! Random draws of the program, as choices: recorded, replayed, and gentle in production order.

use std::convert::Infallible;

use rand_chacha::ChaCha8Rng;
use rand_core::{SeedableRng as _, TryRng};

use crate::choice::{Label, Ratio};
use crate::context;

const INT: Label = Label::new("user:choose");
const FLAG: Label = Label::new("user:flip");
const SHUFFLE: Label = Label::new("user:shuffle");
const RNG: Label = Label::new("user:rng");

/// A number below `bound`; 0 is the gentlest. With a bound of 1 nothing is asked.
///
/// ```
/// use sim_executor::{Executor, KeyedRandom, ProductionOrder, choose};
///
/// let draw = || async { choose(1_000) };
/// assert_eq!(Executor::new(ProductionOrder).block_on(draw()).unwrap(), 0);
/// let drawn = Executor::new(KeyedRandom::new(1)).block_on(draw()).unwrap();
/// assert_eq!(Executor::new(KeyedRandom::new(1)).block_on(draw()).unwrap(), drawn);
/// ```
///
/// # Panics
/// If `bound` is zero, or outside a run.
#[must_use]
pub fn choose(bound: u64) -> u64 {
    choose_at(INT, bound)
}

/// [`choose`] with a name of its own for the operation, by convention `user:` and a word. Draws at different operations
/// do not disturb each other when the program changes.
///
/// # Panics
/// If `bound` is zero, or outside a run.
#[must_use]
pub fn choose_at(label: Label, bound: u64) -> u64 {
    assert!(bound > 0, "there is nothing to choose from");
    context::count_call();
    context::ask_int(context::current_actor(), label, 0, bound - 1, 0)
}

/// A number from `lo` to `hi`; `lo` is the gentlest.
///
/// # Panics
/// If `lo` is above `hi`, or outside a run.
#[must_use]
pub fn choose_between(lo: u64, hi: u64) -> u64 {
    assert!(lo <= hi, "there is nothing to choose from {lo} to {hi}");
    context::count_call();
    context::ask_int(context::current_actor(), INT, lo, hi, lo)
}

/// `true` with this probability; `false` is the gentlest.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn flip(probability: Ratio) -> bool {
    context::count_call();
    context::ask_flag(context::current_actor(), FLAG, probability)
}

/// One of the items; the first is the gentlest. `None` if there are none.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn pick<T>(items: &[T]) -> Option<&T> {
    if items.is_empty() { None } else { items.get(choose(items.len() as u64) as usize) }
}

/// Brings the items into any order, all equally probable; the order they have is the gentlest (Fisher and Yates).
///
/// # Panics
/// Outside a run.
pub fn shuffle<T>(items: &mut [T]) {
    for position in 1..items.len() {
        // Not a call of its own: to shuffle many items is no endless loop.
        let back = context::ask_int(context::current_actor(), SHUFFLE, 0, position as u64, 0) as usize;
        items.swap(position, position - back);
    }
}

/// A generator for libraries that want a `rand::Rng`. It is seeded by one choice, so that a library which draws until it
/// likes what it gets ends in production order too.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn rng() -> SimRng {
    let seed = context::ask_int(context::current_actor(), RNG, 0, u64::MAX, 0);
    SimRng(ChaCha8Rng::seed_from_u64(seed))
}

/// A generator for what must never be equal twice: keys, nonces, identifiers. It is seeded by one choice, as [`rng`] is, and
/// by the name of this choice: who drew, at `label`, for which time. So no two are equal in production order either, where
/// all choices are.
///
/// ```
/// use rand_core::Rng;
/// use sim_executor::{Executor, Label, ProductionOrder, unique_rng};
///
/// let key = || unique_rng(Label::new("user:key")).next_u64();
/// Executor::new(ProductionOrder).block_on(async move { assert_ne!(key(), key()) }).unwrap();
/// ```
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn unique_rng(label: Label) -> SimRng {
    let choice = context::ask_int(context::current_actor(), label, 0, u64::MAX, 0);
    let name = context::last_asked();
    let mut seed = [0; 32];
    for (part, word) in seed.chunks_exact_mut(8).zip([choice, name.stream, u64::from(name.ordinal)]) {
        part.copy_from_slice(&word.to_le_bytes());
    }
    SimRng(ChaCha8Rng::from_seed(seed))
}

/// A generator whose seed is one choice of the run; made by [`rng`] or [`unique_rng`].
#[derive(Clone, Debug)]
pub struct SimRng(ChaCha8Rng);

impl TryRng for SimRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}
