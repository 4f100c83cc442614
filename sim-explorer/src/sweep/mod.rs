//! Many runs of one program.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use sim_executor::{Config, Executor, Report, World};

use crate::confirmed::confirmed_once;
use crate::run_seed::RunSeed;
use crate::scenario::{Settings, Variant};
use crate::strategy::{Strategy, Survey};

mod packed;
mod part;
mod properties;
mod tally;

pub use packed::Unpacker;
pub use part::Part;
pub use properties::PropertyTally;
pub use tally::{DistinctFailures, FailedSeed, RunResult, StrategyTally, Tally};

/// What a sweep runs, and how.
#[derive(Clone, Copy)]
pub struct Swept<'a> {
    /// The program.
    pub variant: &'a Variant,
    /// Its parameters.
    pub settings: &'a Settings,
    /// Of each run.
    pub config: Config,
    /// Makes the sources of the seeds.
    pub strategy: Strategy,
    /// Sees the executor of each run before the program begins; twice, if the run is made again at ten times a bound.
    pub prepare: &'a dyn Fn(&mut Executor),
}

impl Swept<'_> {
    /// What the strategy needs to know of the program: takes one run, if it needs something.
    #[must_use]
    pub fn survey(&self, world: &mut World) -> Arc<Survey> {
        if !self.strategy.needs_survey() {
            return Arc::default();
        }
        let run = |config, source| self.variant.run_in(world, self.settings, config, source, self.prepare);
        Arc::new(Survey::of(self.config, run))
    }

    /// Makes these runs, one after the other in this world, each in a fresh executor. The first that reaches the bound of a verdict is made
    /// again at ten times that, as [`confirmed`](crate::confirmed) does it. After each run `on_run` is told of it,
    /// and may say that it was the last.
    pub fn sweep(
        &self,
        world: &mut World,
        survey: &Arc<Survey>,
        part: &Part,
        mut on_run: impl FnMut(RunSeed, &Report) -> ControlFlow<()>,
    ) -> Tally {
        let mut tally = Tally::default();
        let mut known = BTreeSet::new();
        for run in part.runs() {
            let mut make = |config| {
                let source = run.source_by(self.strategy, survey);
                self.variant.run_in(world, self.settings, config, source, self.prepare)
            };
            let report = confirmed_once(make(self.config), self.config, &mut known, make);
            tally.add(run, self.strategy, &report);
            if on_run(run, &report).is_break() {
                break;
            }
        }
        tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Expect, Violation};
    use proptest::prelude::*;
    use sim_executor::choose;

    /// Fails under about one seed in eight.
    const UNLUCKY: Variant = Variant {
        name: "unlucky",
        about: "Breaks when it draws a seven.",
        expect: Expect::Breaks,
        body: |executor, _| {
            let drawn = executor.block_on(async { choose(8) })?;
            if drawn == 7 { Err(Violation::new("it drew a seven")) } else { Ok(()) }
        },
    };

    fn sweep_with(
        part: &Part,
        prepare: &dyn Fn(&mut Executor),
        on_run: impl FnMut(RunSeed, &Report) -> ControlFlow<()>,
    ) -> Tally {
        let swept = Swept {
            variant: &UNLUCKY,
            settings: &Settings::default(),
            config: Config::default(),
            strategy: crate::strategy::Strategy::Portfolio,
            prepare,
        };
        let mut world = World::default();
        let survey = swept.survey(&mut world);
        swept.sweep(&mut world, &survey, part, on_run)
    }

    fn sweep(part: &Part) -> Tally {
        sweep_with(part, &|_| {}, |_, _| ControlFlow::Continue(()))
    }

    #[test]
    fn some_seeds_fail_and_production_order_counts_apart() {
        let tally = sweep(&Part::whole(0..64));
        assert_eq!(tally.runs, 64);
        assert!((1..32).contains(&tally.failures), "{}", tally.failures);
        assert!(!tally.production.as_ref().unwrap().is_failure());
        let (run, result) = tally.first_failing().unwrap();
        assert_eq!(run, RunSeed::Seed(tally.first_failure.as_ref().unwrap().seed));
        assert_eq!((result.outcome, result.message.as_deref()), ("failed", Some("it drew a seven")));
    }

    #[test]
    fn failures_are_kept_apart_and_counted_by_strategy() {
        let tally = sweep(&Part::whole(0..80));
        assert_eq!(tally.strategies.values().map(|strategy| strategy.runs).sum::<u64>(), 80);
        assert_eq!(tally.strategies.values().map(|strategy| strategy.failures).sum::<u64>(), tally.failures);
        assert!(tally.strategies.len() > 3, "{:?}", tally.strategies);
        let distinct: Vec<_> =
            tally.distinct.iter().map(|(signature, failures)| (signature.to_string(), failures)).collect();
        let [(signature, failures)] = distinct.as_slice() else { panic!("{distinct:?}") };
        assert_eq!(signature, "failed \"it drew a seven\"");
        assert_eq!((failures.runs, failures.first), (tally.failures, tally.first_failing().unwrap().0));
        // A run is told by what it draws: of eight numbers each was drawn.
        assert_eq!(tally.orders(), 8);
    }

    #[test]
    fn the_digest_tells_runs_apart_and_their_order_means_nothing_to_it() {
        let digest = |from: u64, to: u64| sweep(&Part { production: false, ..Part::whole(from..to) }).digest;
        assert_eq!(digest(0, 64), digest(0, 64));
        assert_ne!(digest(0, 64), digest(1, 65));
        assert_eq!(digest(0, 64), digest(0, 10).wrapping_add(digest(10, 64)));
        assert_ne!(sweep(&Part::whole(0..64)).digest, digest(0, 64), "production order is one of the runs");
    }

    #[test]
    fn a_sweep_ends_when_it_is_told_to() {
        let mut seen = Vec::new();
        let stop_at_two = |run, _: &Report| {
            seen.push(run);
            if run == RunSeed::Seed(1) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let tally = sweep_with(&Part::whole(0..1_000), &|_| {}, stop_at_two);
        assert_eq!(tally.runs, 2);
        assert_eq!(seen, [RunSeed::Production, RunSeed::Seed(0), RunSeed::Seed(1)]);
    }

    #[test]
    fn every_run_is_prepared_before_its_program_begins() {
        let prepare = |executor: &mut Executor| {
            executor.block_on(async { sim_executor::event!("prepared") }).unwrap();
        };
        let plain = sweep(&Part::whole(0..8));
        let prepared = sweep_with(&Part::whole(0..8), &prepare, |_, _| ControlFlow::Continue(()));
        assert_eq!(prepared.runs, plain.runs);
        assert_ne!(prepared.production.unwrap().hash, plain.production.unwrap().hash);
    }

    proptest! {
        #[test]
        fn a_sweep_in_pieces_shows_what_the_whole_shows(
            length in 0_u64..60,
            seeds_max in 1_u64..20,
            order in any::<u64>(),
        ) {
            let whole = Part::whole(0..length);
            let mut pieces: Vec<_> = (0..whole.piece_count(seeds_max)).collect();
            pieces.sort_by_key(|piece| sim_executor::mix(order, *piece)); // in whatever order threads are ready
            let mut merged = [Tally::default(), Tally::default()]; // by two threads
            for piece in pieces {
                merged[(sim_executor::mix(piece, order) % 2) as usize].merge(sweep(&whole.piece(piece, seeds_max)));
            }
            let [mut tally, other] = merged;
            tally.merge(other);
            prop_assert_eq!(tally, sweep(&whole));
        }
    }
}
