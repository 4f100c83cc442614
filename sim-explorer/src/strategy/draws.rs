//! The draws of a strategy: values by their own keys, what the strategy itself decides by its own stream.

use sim_executor::{Domain, Key, KeyedDraws, Point, Value};

/// Draws under one seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draws {
    keyed: KeyedDraws,
    /// Where the strategy's own stream starts.
    start: u64,
    drawn: u32,
}

impl Draws {
    /// The draws of this seed, for the strategy whose stream this is.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        let keyed = KeyedDraws::new(seed);
        Draws { keyed, start: keyed.start_of(stream), drawn: 0 }
    }

    /// The name of the seed of a run of a search that has one of its own.
    pub(crate) const fn key_of_run(run: u64) -> Key {
        Key { stream: run, ordinal: 0 }
    }

    pub(super) fn seed(&self) -> u64 {
        self.keyed.seed()
    }

    /// The next sixty-four bits of the strategy's own stream.
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        let drawn = self.keyed.draw_from(self.start, self.drawn);
        self.drawn = self.drawn.wrapping_add(1);
        drawn
    }

    /// A number below `bound`, which is above zero, from the strategy's own stream.
    #[inline]
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// Whether something is so that is so `times` times out of `of`.
    pub(crate) fn says_yes(&mut self, times: u64, of: u64) -> bool {
        self.below(of) < times
    }

    /// So many steps of a run that has `run_length`, the last of them first.
    pub(super) fn steps(&mut self, count: u64, run_length: u64) -> Vec<u64> {
        let mut steps: Vec<u64> = (0..count).map(|_| self.below(run_length)).collect();
        steps.sort_unstable_by(|one, other| other.cmp(one));
        steps
    }

    /// Sixty-four bits for this name.
    pub(super) fn of(&self, stream: u64, ordinal: u32) -> u64 {
        self.keyed.draw(Key { stream, ordinal })
    }

    /// The value of a question that is none about the order; as [`KeyedRandom`](sim_executor::KeyedRandom) draws it.
    pub(super) fn value(&self, point: &Point<'_>) -> Option<Value> {
        point.domain.value_of(self.keyed.draw(point.key))
    }
}

/// The tasks of the question which is polled next; `None` for a question about a value.
pub(crate) fn among<'a>(domain: &Domain<'a>) -> Option<&'a dyn sim_executor::Candidates> {
    match domain {
        Domain::Among(candidates) => Some(*candidates),
        _ => None,
    }
}
