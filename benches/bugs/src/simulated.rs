//! The programs on Seedbed, under many seeds.

use std::sync::Arc;

use sim_executor::{Config, World};
use sim_explorer::{Each, SearchResult, Strategy, Survey};

use crate::one_run::run;
use crate::programs::Body;

/// In how many of the seeds below `seeds` the bug shows.
pub(crate) fn hits(body: Body, mended: bool, strategy: Strategy, seeds: u64) -> u64 {
    let mut world = World::default();
    let survey = survey(&mut world, body, mended);
    let is_hit = |seed: &u64| {
        let source = strategy.source(*seed, &survey);
        !run(&mut world, Config::default(), body, mended, source).outcome.is_done()
    };
    (0..seeds).filter(is_hit).count() as u64
}

/// The search that is bounded by deviations.
pub(crate) fn each(body: Body, mended: bool, each: Each) -> SearchResult {
    let mut world = World::default();
    each.search(|source| run(&mut world, Config::default(), body, mended, source))
}

fn survey(world: &mut World, body: Body, mended: bool) -> Arc<Survey> {
    let survey = |config, source| run(world, config, body, mended, source);
    Arc::new(Survey::of(Config::default(), survey))
}
