//! The guided search: what random runs have to meet all at once it meets one after the other, and goes on from where it was.

use std::cell::Cell;
use std::rc::Rc;

use sim_executor::{
    Access, Config, Executor, Label, Outcome, Report, Resource, Source, choose, context, spawn_named,
    yield_now,
};
use sim_explorer::{Corpus, Follow, Guided, GuidedEnd, Strategy};

const STEPS: u64 = 6;

/// Fails when all of six draws out of eight are sevens: once in 262,144 random runs.
fn lock_of_six(config: Config, source: Box<dyn Source>) -> Report {
    let mut executor = Executor::with_config(config, source);
    let ended = executor.block_on(async {
        for step in 1..=STEPS {
            if choose(8) != 7 {
                return;
            }
            assert_ne!(step, STEPS, "all six are right");
            yield_now().await;
        }
    });
    executor.finish(ended.map_or_else(Into::into, |()| Outcome::Done))
}

/// Fails when two tasks have come to what they share eight times in turn.
fn in_turn(config: Config, source: Box<dyn Source>) -> Report {
    const SHARED: Resource = Resource::new(Label::new("test.turns"), 1);
    let mut executor = Executor::with_config(config, source);
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    let ended = executor.block_on(async move {
        let tasks = [0, 1].map(|parity| {
            let turns = Rc::clone(&counted);
            spawn_named(["even", "odd"][parity as usize], async move {
                for _ in 0..10 {
                    context::access(SHARED, Access::Write);
                    turns.set(if turns.get() % 2 == parity { turns.get() + 1 } else { 0 });
                    if turns.get() == 9 {
                        context::access(SHARED.part(turns.get()), Access::Write);
                        return;
                    }
                    yield_now().await;
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
    });
    ended.unwrap();
    executor.finish(Outcome::Done)
}

#[test]
fn what_needs_six_rare_draws_is_found_one_after_the_other() {
    let random = (0..3_000).filter(|seed| {
        let source = Strategy::Random.source(*seed, &Default::default());
        !lock_of_six(Config::default(), source).outcome.is_done()
    });
    assert_eq!(random.count(), 0, "random runs do not find it");
    for seed in 0..5 {
        let search = Guided { seed, runs_max: 10_000 };
        let found = search.search(Config::default(), &mut Corpus::default(), lock_of_six);
        let GuidedEnd::Failed { exceptions, report } = &found.ended else { panic!("seed {seed}: {found}") };
        assert!(found.runs < 10_000, "{found}");
        // What it says makes the failure again.
        let again = lock_of_six(Config::default(), Box::new(Follow::new(exceptions).0));
        assert_eq!((&again.outcome, again.hash), (&report.outcome, report.hash), "seed {seed}");
        assert!(exceptions.to_string().contains("main @ user:choose #5 = 7\n"), "{exceptions}");
    }
}

#[test]
fn a_search_is_the_same_for_the_same_seed() {
    let search = |seed| {
        let mut corpus = Corpus::default();
        let found =
            Guided { seed, runs_max: 300 }.search(Config::default(), &mut corpus, in_turn).to_string();
        (found, corpus)
    };
    assert_eq!(search(3), search(3));
    assert_ne!(search(3).1, search(4).1);
}

#[test]
fn a_corpus_is_kept_as_texts_and_what_it_reached_is_not_new_again() {
    let config = Config::default();
    let search = Guided { runs_max: 400, ..Guided::default() };
    let mut corpus = Corpus::default();
    let first = search.search(config, &mut corpus, in_turn);
    assert_eq!(first.ended, GuidedEnd::CutOff);
    assert!(first.kept > 1 && first.reached > first.kept, "{first}");
    assert_eq!(corpus.len() as u64, first.kept);
    let texts = corpus.texts("in_turn", config, in_turn);
    let mut read = Corpus::default();
    assert!(read.is_empty());
    for text in &texts {
        read.add_text(text.as_bytes()).unwrap();
    }
    assert_eq!(read.texts("in_turn", config, in_turn), texts);
    // Only the runs of the corpus: they reach all that the first search has reached.
    let again = Guided { runs_max: 1 + first.kept, ..search }.search(config, &mut read, in_turn);
    assert_eq!(again.reached, first.reached, "{again}");
}

#[test]
fn a_text_that_is_no_run_is_refused() {
    let refused = Corpus::default().add_text(b"simfail 1\n").unwrap_err();
    assert!(refused.to_string().contains("test"), "{refused}");
}
