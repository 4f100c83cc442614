//! A recording is a run: replayed, it gives the same hash, the same failure.

use std::time::Duration;

use futures::channel::mpsc;
use futures::{SinkExt as _, StreamExt as _};
use proptest::prelude::*;
use scenarios::all;
use seedbed::{
    Config, Executor, Outcome, Recording, Replay, Report, RunSeed, choose, event, flip, node, spawn_named,
    time, yield_now,
};
use seedbed::{Ratio, Source};
use sim_explorer::{Expect, Follow, Noted};

fn recorded() -> Config {
    Config { record: true, ..Config::default() }
}

/// What a task of a random program does next.
#[derive(Clone, Copy, Debug)]
enum Step {
    Yield,
    Sleep(u8),
    Block(u8),
    Draw,
    Flip,
    Send,
    Receive,
    Spawn,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        Just(Step::Yield),
        (0_u8..4).prop_map(Step::Sleep),
        (0_u8..4).prop_map(Step::Block),
        Just(Step::Draw),
        Just(Step::Flip),
        Just(Step::Send),
        Just(Step::Receive),
        Just(Step::Spawn),
    ]
}

fn millis(count: u8) -> Duration {
    Duration::from_millis(u64::from(count))
}

/// Tasks over two nodes that do their steps and talk over one small channel.
async fn program(tasks: Vec<Vec<Step>>) {
    let (sender, receiver) = mpsc::channel::<u64>(1);
    let receiver = std::rc::Rc::new(futures::lock::Mutex::new(receiver));
    for (number, steps) in tasks.into_iter().enumerate() {
        let (mut sender, receiver) = (sender.clone(), std::rc::Rc::clone(&receiver));
        let task = async move {
            for step in steps {
                match step {
                    Step::Yield => yield_now().await,
                    Step::Sleep(count) => time::sleep(millis(count)).await,
                    Step::Block(count) => time::block(millis(count)).await,
                    Step::Draw => event!("drew {}", choose(10)),
                    Step::Flip => event!("flipped {}", flip(Ratio::new(1, 3))),
                    Step::Send => {
                        let sent = time::timeout(millis(5), sender.send(choose(100))).await;
                        event!("sent {}", sent.is_ok());
                    }
                    Step::Receive => {
                        let mut receiver = receiver.lock().await;
                        let received = time::timeout(millis(5), receiver.next()).await;
                        event!("received {received:?}");
                    }
                    Step::Spawn => drop(spawn_named("child", async {
                        yield_now().await;
                        event!("child");
                    })),
                }
            }
        };
        drop(node(if number % 2 == 0 { "even" } else { "odd" }).spawn_named("task", task));
    }
    drop(sender);
    time::sleep(Duration::from_secs(1)).await;
}

fn run(tasks: Vec<Vec<Step>>, source: Box<dyn Source>) -> Report {
    let mut executor = Executor::with_boxed_source(recorded(), source);
    let outcome = match executor.block_on(program(tasks)) {
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    };
    executor.finish(outcome)
}

/// A replay, and what says at which decision it left the recording.
fn replay_of(recording: &Recording) -> (Box<dyn Source>, impl Fn() -> Option<usize>) {
    let replay = Replay::new(recording);
    let report = replay.report();
    (Box::new(replay), move || report.diverged_at())
}

proptest! {
    #[test]
    fn any_recording_replays_to_the_same_hash(
        tasks in prop::collection::vec(prop::collection::vec(step(), 0..8), 1..6),
        seed in prop_oneof![Just(RunSeed::Production), (0_u64..1_000).prop_map(RunSeed::Seed)],
    ) {
        let original = run(tasks.clone(), seed.source());
        let recording = original.recording.clone().expect("the run is recorded");
        let (replay, diverged_at) = replay_of(&recording);
        let again = run(tasks, replay);
        prop_assert_eq!(diverged_at(), None);
        prop_assert_eq!(again.hash, original.hash);
        prop_assert_eq!(again.outcome, original.outcome);
        prop_assert_eq!(again.recording, original.recording);
    }

    #[test]
    fn any_run_is_made_again_from_what_it_does_otherwise_than_the_default_order(
        tasks in prop::collection::vec(prop::collection::vec(step(), 0..8), 1..6),
        seed in prop_oneof![Just(RunSeed::Production), (0_u64..1_000).prop_map(RunSeed::Seed)],
    ) {
        let original = run(tasks.clone(), seed.source());
        let (noted, notes) = Noted::new(seed.source());
        let report = run(tasks.clone(), Box::new(noted));
        prop_assert_eq!(report.hash, original.hash, "to note a run changes nothing");
        let exceptions = notes.of_run(&report).exceptions();
        let (follow, followed) = Follow::new(&exceptions);
        let (noted, notes) = Noted::new(follow);
        let again = run(tasks, Box::new(noted));
        prop_assert!(followed.is_complete(), "{}", exceptions);
        prop_assert_eq!(again.hash, original.hash);
        prop_assert_eq!(notes.of_run(&again).exceptions(), exceptions);
    }
}

#[test]
fn every_scenario_is_made_again_from_what_it_does_otherwise_than_the_default_order() {
    for scenario in all() {
        let settings = scenario.settings([]).unwrap();
        for variant in scenario.variants {
            for seed in [RunSeed::Production, RunSeed::Seed(1), RunSeed::Seed(7)] {
                let name = format!("{}/{} {seed}", scenario.name, variant.name);
                let plain = variant.run(&settings, Config::default(), seed.source());
                let (noted, notes) = Noted::new(seed.source());
                let report = variant.run(&settings, recorded(), Box::new(noted));
                assert_eq!(report.hash, plain.hash, "{name}");
                let (follow, followed) = Follow::new(&notes.of_run(&report).exceptions());
                let again = variant.run(&settings, recorded(), Box::new(follow));
                assert!(
                    followed.is_complete(),
                    "{name}: {:?} {:?}",
                    followed.turns_left(),
                    followed.values_left()
                );
                assert_eq!((again.hash, again.outcome), (report.hash, report.outcome), "{name}");
            }
        }
    }
}

#[test]
fn the_failure_of_every_broken_scenario_replays() {
    for scenario in all() {
        let settings = scenario.settings([]).unwrap();
        for variant in scenario.variants.iter().filter(|variant| variant.expect == Expect::Breaks) {
            let name = format!("{}/{}", scenario.name, variant.name);
            let fails =
                |seed: &RunSeed| !variant.run(&settings, Config::default(), seed.source()).outcome.is_done();
            let seed = (0..200).map(RunSeed::Seed).find(fails);
            let seed = seed.unwrap_or_else(|| panic!("{name} is not found in 200 seeds"));
            let original = variant.run(&settings, recorded(), seed.source());
            let (replay, diverged_at) = replay_of(original.recording.as_ref().unwrap());
            let again = variant.run(&settings, recorded(), replay);
            assert_eq!(diverged_at(), None, "{name} seed {seed}");
            assert_eq!((again.hash, again.outcome), (original.hash, original.outcome), "{name} seed {seed}");
        }
    }
}
