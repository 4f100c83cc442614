//! The moment at which a run settles is a choice like any other: it is searched and it shrinks.

use std::cell::Cell;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Config, Executor, KeyedRandom, Outcome, Report, Settle, Source, settle, spawn_named, time,
};
use sim_explorer::{Each, Ended, Shrink};

/// Fails if there are 40 ms or more before it settles.
fn run(config: Config, source: Box<dyn Source>) -> Report {
    let mut executor = Executor::with_boxed_source(config, source);
    let harmed = executor.block_on(async {
        let harmed = Rc::new(Cell::new(false));
        let harm = Rc::clone(&harmed);
        Settle::default().plan();
        let chaos = settle::chaos(async move {
            time::sleep(Duration::from_millis(40)).await;
            harm.set(true);
        });
        spawn_named("chaos", chaos).await.unwrap();
        settle::settled().await;
        (harmed.get(), time::now().as_nanos() / 1_000_000)
    });
    let (harmed, at) = harmed.unwrap();
    let outcome =
        if harmed { Outcome::Failed { message: format!("harm, settled at {at} ms") } } else { Outcome::Done };
    executor.finish(outcome)
}

#[test]
fn the_moment_shrinks_to_the_first_at_which_the_failure_is_there() {
    let seed =
        (0..100).find(|&seed| !run(Config::default(), Box::new(KeyedRandom::new(seed))).outcome.is_done());
    let seed = seed.expect("most seeds have some chaos");
    let found = || -> Box<dyn Source> { Box::new(KeyedRandom::new(seed)) };
    let shrunk = Shrink::default()
        .shrink(Config::default(), &found, &mut run, &mut |_| ControlFlow::Continue(()))
        .unwrap();
    let moment: u64 = {
        let text = shrunk.report.outcome.to_string();
        text.strip_prefix("harm, settled at ").unwrap().strip_suffix(" ms").unwrap().parse().unwrap()
    };
    assert!((40..=41).contains(&moment), "{moment} ms");
    assert_eq!(shrunk.cost.exceptions, 1, "{}", shrunk.exceptions);
}

#[test]
fn each_finds_it_with_one_deviation() {
    let result = Each::default().search(|source| run(Config::default(), source));
    let Ended::Failed { deviations, .. } = result.ended else { panic!("it was not found") };
    assert_eq!(deviations.len(), 1);
}
