//! Decision points: what could be awaited at once, and what others do in between.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use sim_executor::{
    Config, Executor, KeyedRandom, Label, Needs, Outcome, ProductionOrder, Replay, Report, Source,
    decision_point, spawn,
};
use sim_explorer::{DefaultOrder, Each, Ended, Follow, Noted, Strategy, Survey};

const TAKE: Label = Label::new("till.take");

/// Two tasks that look before they take, with nothing between that would have to wait.
fn run(source: impl Source + 'static, record: bool) -> Report {
    run_with(Config { record, ..Config::default() }, source)
}

fn run_with(config: Config, source: impl Source + 'static) -> Report {
    let mut executor = Executor::with_config(config, source);
    let left = executor.block_on(async {
        let till = Rc::new(Cell::new(10));
        let buyers = [(); 2].map(|()| {
            let till = Rc::clone(&till);
            spawn(async move {
                if till.get() >= 10 {
                    decision_point(TAKE).await;
                    till.set(till.get() - 10);
                }
            })
        });
        for buyer in buyers {
            buyer.await.unwrap();
        }
        till.get()
    });
    let outcome = match left.unwrap() {
        0 => Outcome::Done,
        left => Outcome::Failed { message: format!("{left} is left") },
    };
    executor.finish(outcome)
}

#[test]
fn production_order_and_plain_random_stop_nowhere() {
    let polls = run(ProductionOrder, false).polls;
    assert_eq!(polls, 4, "two of main, one of each buyer");
    for seed in 0..200 {
        let report = run(KeyedRandom::new(seed), false);
        assert!(report.outcome.is_done(), "seed {seed}");
        assert!(report.polls <= 5, "seed {seed}: main may be polled once more");
    }
}

#[test]
fn a_task_goes_on_behind_its_decision_point_unless_others_are_chosen() {
    let default = run(DefaultOrder::default(), false);
    assert!(default.outcome.is_done());
    assert!(default.polls > run(ProductionOrder, false).polls, "it has stopped, and gone on");
    struct Gentlest;
    impl Source for Gentlest {
        fn decide(&mut self, _: &sim_executor::Point<'_>) -> Option<sim_executor::Value> {
            None
        }
        fn describe(&self) -> String {
            "gentlest".to_string()
        }
    }
    assert!(run(Gentlest, false).outcome.is_done());
    assert!(run(Gentlest, true).outcome.is_done(), "recorded, too");
}

#[test]
fn a_single_deviation_pulls_apart_what_is_ready_at_once() {
    let found = Each::default().search(|source| run(source, false));
    let Ended::Failed { deviations, report } = found.ended else { panic!("{found}") };
    assert_eq!(deviations.len(), 1);
    assert_eq!(report.outcome.to_string(), "-10 is left");
}

#[test]
fn the_strategies_of_the_portfolio_find_it() {
    let survey = Arc::new(Survey::of(Config::default(), run_with));
    for strategy in [Strategy::Walk, Strategy::Urw, Strategy::PCT, Strategy::DELAY, Strategy::Portfolio] {
        let fails = |seed: &u64| !run(strategy.source(*seed, &survey), false).outcome.is_done();
        assert!((0..200).any(|seed| fails(&seed)), "{strategy}");
    }
    assert!(
        (0..200).all(|seed| run(Strategy::Random.source(seed, &survey), false).outcome.is_done()),
        "plain random has none"
    );
}

#[test]
fn a_recording_and_exceptions_say_whether_there_were_decision_points() {
    let failing = (0..200).map(|seed| Strategy::Walk.source(seed, &Arc::default()));
    let failing = failing.map(|source| {
        let (noted, notes) = Noted::new(source);
        let report = run(noted, true);
        (notes.of_run(&report), report)
    });
    let (realised, report) =
        failing.into_iter().find(|(_, report)| !report.outcome.is_done()).expect("one fails");
    let recording = report.recording.clone().expect("it was recorded");
    assert!(recording.decision_points);
    assert_eq!(run(Replay::new(&recording), false).hash, report.hash);
    let exceptions = realised.exceptions();
    assert!(exceptions.decision_points);
    assert!(!run(Follow::new(&exceptions).0, false).outcome.is_done());

    let plain = run(KeyedRandom::new(1), true);
    let recording = plain.recording.clone().expect("it was recorded");
    assert!(!recording.decision_points);
    assert_eq!(run(Replay::new(&recording), false).hash, plain.hash);
    let (_, notes) = Noted::new(KeyedRandom::new(1));
    assert!(!notes.of_run(&plain).exceptions().decision_points);
    assert!(!ProductionOrder.needs().decision_points);
    assert!(Needs::default().decision_points);
}
