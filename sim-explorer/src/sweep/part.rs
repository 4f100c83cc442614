//! Some of a sweep's runs.

use std::ops::Range;

use crate::run_seed::RunSeed;
use crate::shard::Shard;

/// Some of a sweep's runs: production order or not, and every so many of a range of seeds.
///
/// A sweep is cut into pieces, so that several threads can each make a part of it.
///
/// ```
/// use sim_explorer::{Part, RunSeed};
///
/// let whole = Part::whole(0..5);
/// assert_eq!(whole.piece_count(2), 3);
/// let first: Vec<RunSeed> = whole.piece(0, 2).runs().collect();
/// assert_eq!(first, [RunSeed::Production, RunSeed::Seed(0), RunSeed::Seed(1)]);
/// assert_eq!(whole.piece(2, 2), Part { production: false, seeds: 4..5, step: 1 });
/// let third = Part::of_shard(0..5, "3/3".parse().unwrap());
/// assert_eq!(third.runs().collect::<Vec<_>>(), [RunSeed::Seed(2)]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Whether the run in production order belongs to it, as its first.
    pub production: bool,
    /// From where to where its seeds go.
    pub seeds: Range<u64>,
    /// From one of its seeds to the next; at least one.
    pub step: u64,
}

impl Part {
    /// All runs of a sweep over these seeds: production order, then the seeds.
    #[must_use]
    pub const fn whole(seeds: Range<u64>) -> Self {
        Part { production: true, seeds, step: 1 }
    }

    /// Those of one shard. Production order belongs to the first.
    #[must_use]
    pub fn of_shard(seeds: Range<u64>, shard: Shard) -> Self {
        let start = seeds.start.saturating_add(u64::from(shard.index())).min(seeds.end);
        Part { production: shard.is_first(), seeds: start..seeds.end, step: u64::from(shard.count()) }
    }

    /// The first of its seeds, so many of them at most.
    #[must_use]
    pub fn at_most(self, seeds_max: u64) -> Self {
        let end = self.seeds.start.saturating_add(seeds_max.saturating_mul(self.step)).min(self.seeds.end);
        Part { seeds: self.seeds.start..end, ..self }
    }

    /// The runs, in order.
    pub fn runs(&self) -> impl Iterator<Item = RunSeed> {
        let production = self.production.then_some(RunSeed::Production);
        let (start, step) = (self.seeds.start, self.step);
        let seeds = (0..self.seed_count()).map(move |number| RunSeed::Seed(start + number * step));
        production.into_iter().chain(seeds)
    }

    /// How many runs there are.
    #[must_use]
    pub fn run_count(&self) -> u64 {
        self.seed_count().saturating_add(u64::from(self.production))
    }

    /// Into how many pieces it is cut if none has more than `seeds_max` seeds; at least one.
    ///
    /// # Panics
    /// If `seeds_max` is zero.
    #[must_use]
    pub fn piece_count(&self, seeds_max: u64) -> u64 {
        self.seed_count().div_ceil(seeds_max).max(1)
    }

    /// The piece of that number, which is below [`Part::piece_count`]. Production order belongs to the first.
    ///
    /// # Panics
    /// If there is no piece of that number.
    #[must_use]
    pub fn piece(&self, number: u64, seeds_max: u64) -> Part {
        assert!(number < self.piece_count(seeds_max), "there is no piece {number}");
        let start = self.seeds.start + number * seeds_max * self.step;
        let end = start.saturating_add(seeds_max.saturating_mul(self.step)).min(self.seeds.end);
        Part { production: self.production && number == 0, seeds: start..end.max(start), step: self.step }
    }

    fn seed_count(&self) -> u64 {
        self.seeds.end.saturating_sub(self.seeds.start).div_ceil(self.step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn no_seeds_leave_production_order() {
        let whole = Part::whole(7..7);
        assert_eq!((whole.run_count(), whole.piece_count(10)), (1, 1));
        assert_eq!(whole.piece(0, 10), whole);
    }

    #[test]
    #[should_panic(expected = "there is no piece 3")]
    fn a_piece_that_does_not_exist_is_refused() {
        let _ = Part::whole(0..5).piece(3, 2);
    }

    proptest! {
        #[test]
        fn the_pieces_are_the_whole_in_order(
            start in prop_oneof![0_u64..100, (u64::MAX - 90)..=(u64::MAX - 50)],
            length in 0_u64..50,
            seeds_max in 1_u64..20,
        ) {
            let whole = Part::whole(start..start + length);
            let pieces = (0..whole.piece_count(seeds_max)).map(|number| whole.piece(number, seeds_max));
            let runs: Vec<RunSeed> = pieces.flat_map(|piece| piece.runs().collect::<Vec<_>>()).collect();
            prop_assert_eq!(runs.len() as u64, whole.run_count());
            prop_assert!(runs.into_iter().eq(whole.runs()));
        }

        #[test]
        fn the_shards_are_the_whole_and_each_is_cut_into_pieces(
            start in prop_oneof![0_u64..100, (u64::MAX - 90)..=(u64::MAX - 50)],
            length in 0_u64..50,
            count in 1_u32..8,
            seeds_max in 1_u64..20,
        ) {
            let seeds = start..start + length;
            let mut runs = Vec::new();
            for index in 0..count {
                let part = Part::of_shard(seeds.clone(), Shard::new(index, count).unwrap());
                let pieces = (0..part.piece_count(seeds_max)).map(|number| part.piece(number, seeds_max));
                let of_pieces: Vec<RunSeed> = pieces.flat_map(|piece| piece.runs().collect::<Vec<_>>()).collect();
                prop_assert_eq!(&of_pieces, &part.runs().collect::<Vec<_>>());
                prop_assert_eq!(of_pieces.len() as u64, part.run_count());
                prop_assert_eq!(part.clone().at_most(2).runs().collect::<Vec<_>>(), {
                    let seeds = 2 + usize::from(part.production);
                    part.runs().take(seeds).collect::<Vec<_>>()
                });
                runs.extend(of_pieces);
            }
            runs.sort_unstable();
            prop_assert!(runs.into_iter().eq(Part::whole(seeds).runs()));
        }
    }
}
