//! The programs on Seedbed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use sim_executor::{Config, Executor, JoinHandle, Outcome, Report, Source, World};
use sim_explorer::{Each, SearchResult, Strategy, Survey};

use crate::programs::Body;
use crate::runtime::{Runtime, Shared, number_from_the_start};

/// Seedbed's tasks.
pub(crate) struct Simulated;

/// A task that nobody cancels.
pub(crate) struct Joined(send_wrapper::SendWrapper<JoinHandle<()>>);

impl Future for Joined {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut *self.0).poll(context).map(|ended| ended.expect("no task of a program panics"))
    }
}

impl Runtime for Simulated {
    type Task = Joined;

    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Joined {
        Joined(send_wrapper::SendWrapper::new(sim_executor::spawn(future)))
    }
}

/// Makes one run: it fails if the bug shows.
pub(crate) fn run(world: &mut World, body: Body, mended: bool, source: Box<dyn Source>) -> Report {
    run_with(world, Config::default(), body, mended, source)
}

fn run_with(world: &mut World, config: Config, body: Body, mended: bool, source: Box<dyn Source>) -> Report {
    number_from_the_start();
    let bug = Shared::new(false);
    let mut executor = Executor::in_world(config, source, world);
    let ended = executor.block_on(body(mended, &bug));
    let outcome = match ended {
        Ok(()) if bug.get() => Outcome::Failed { message: "the bug shows".to_string() },
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    };
    executor.finish_into(outcome, world)
}

/// In how many of the seeds below `seeds` the bug shows.
pub(crate) fn hits(body: Body, mended: bool, strategy: Strategy, seeds: u64) -> u64 {
    let mut world = World::default();
    let survey = survey(&mut world, body, mended);
    let is_hit = |seed: &u64| {
        let source = strategy.source(*seed, &survey);
        !run(&mut world, body, mended, source).outcome.is_done()
    };
    (0..seeds).filter(is_hit).count() as u64
}

/// The search that is bounded by deviations.
pub(crate) fn each(body: Body, mended: bool, each: Each) -> SearchResult {
    let mut world = World::default();
    each.search(|source| run(&mut world, body, mended, source))
}

fn survey(world: &mut World, body: Body, mended: bool) -> Arc<Survey> {
    let run = |config, source| run_with(world, config, body, mended, source);
    Arc::new(Survey::of(Config::default(), run))
}
