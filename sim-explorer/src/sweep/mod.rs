//! Many runs of one program.

use std::ops::ControlFlow;

use sim_executor::{Config, Executor, Report, World};

use crate::run_seed::RunSeed;
use crate::scenario::{Settings, Variant};

mod part;
mod tally;

pub use part::Part;
pub use tally::{FailedSeed, RunResult, Tally};

/// Makes these runs of a variant, one after the other in this world, each in a fresh executor that `prepare` has seen before the
/// program begins. After each run `on_run` is told of it, and may say that it was the last.
pub fn sweep_variant(
    world: &mut World,
    variant: &Variant,
    settings: &Settings,
    config: Config,
    part: &Part,
    prepare: &dyn Fn(&mut Executor),
    mut on_run: impl FnMut(RunSeed, &Report) -> ControlFlow<()>,
) -> Tally {
    let mut tally = Tally::default();
    for run in part.runs() {
        let report = variant.run_in(world, settings, config, run.source(), prepare);
        tally.add(run, &report);
        if on_run(run, &report).is_break() {
            break;
        }
    }
    tally
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

    fn sweep(part: &Part) -> Tally {
        let go_on = |_: RunSeed, _: &Report| ControlFlow::Continue(());
        sweep_variant(
            &mut World::default(),
            &UNLUCKY,
            &Settings::default(),
            Config::default(),
            part,
            &|_| {},
            go_on,
        )
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
    fn a_sweep_ends_when_it_is_told_to() {
        let mut seen = Vec::new();
        let stop_at_two = |run, _: &Report| {
            seen.push(run);
            if run == RunSeed::Seed(1) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let part = Part::whole(0..1_000);
        let settings = Settings::default();
        let tally = sweep_variant(
            &mut World::default(),
            &UNLUCKY,
            &settings,
            Config::default(),
            &part,
            &|_| {},
            stop_at_two,
        );
        assert_eq!(tally.runs, 2);
        assert_eq!(seen, [RunSeed::Production, RunSeed::Seed(0), RunSeed::Seed(1)]);
    }

    #[test]
    fn every_run_is_prepared_before_its_program_begins() {
        let prepare = |executor: &mut Executor| {
            executor.block_on(async { sim_executor::event!("prepared") }).unwrap();
        };
        let plain = sweep(&Part::whole(0..8));
        let go_on = |_: RunSeed, _: &Report| ControlFlow::Continue(());
        let part = Part::whole(0..8);
        let settings = Settings::default();
        let prepared = sweep_variant(
            &mut World::default(),
            &UNLUCKY,
            &settings,
            Config::default(),
            &part,
            &prepare,
            go_on,
        );
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
