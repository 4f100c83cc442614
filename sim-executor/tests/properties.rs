//! What a program promises about itself, and what becomes of a run in which that does not hold.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use sim_executor::{
    Buggify, Config, Executor, Fact, FactKinds, KeyedRandom, Limits, Needs, Outcome, Point, ProductionOrder,
    Property, PropertyKind, Ratio, Report, RunError, Source, Value, always, buggify, check_invariants,
    context, eventually, invariant, progress, reachable, sometimes, spawn, spawn_named, time, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn report_of<F: Future<Output = ()> + 'static>(program: F) -> Report {
    let mut executor = Executor::new(ProductionOrder);
    let outcome = executor.block_on(program).map_or_else(Outcome::from, |()| Outcome::Done);
    executor.finish(outcome)
}

fn violated(report: &Report) -> (PropertyKind, &'static str, String) {
    match &report.outcome {
        Outcome::Error(RunError::Violated(violated)) => {
            assert_eq!(report.outcome.word(), "property");
            (violated.kind, violated.name, violated.lineage.to_string())
        }
        other => panic!("{other}"),
    }
}

#[test]
fn a_violation_fails_the_run_whatever_the_program_makes_of_panics_and_errors() {
    let report = report_of(async {
        let worker = spawn_named("worker", async {
            let caught = catch_unwind(AssertUnwindSafe(|| always!(1 > 2, "one is more than two")));
            assert!(caught.is_ok(), "it does not panic");
        });
        drop(worker.await);
        time::sleep(SECOND).await;
    });
    assert_eq!(violated(&report), (PropertyKind::Always, "one is more than two", "main/worker".to_string()));
    assert_eq!(report.ended_at.to_string(), "0.000", "it is polled no more");
}

#[test]
fn the_first_violation_is_told_and_not_the_panic_that_came_of_it() {
    let report = report_of(async {
        always!(false, "the first");
        always!(false, "the second");
        panic!("what came of it");
    });
    assert_eq!(violated(&report).1, "the first");
    let report = report_of(async {
        let broken = spawn(async { panic!("the cause") });
        drop(broken);
        yield_now().await;
        always!(false, "too late");
    });
    assert_eq!(report.outcome.word(), "panic", "{}", report.outcome);
}

#[test]
fn a_program_that_throws_the_error_of_its_run_away_has_failed_all_the_same() {
    let mut executor = Executor::new(ProductionOrder);
    let thrown_away = executor.block_on(async { sim_executor::unreachable!("nobody comes here") });
    assert!(thrown_away.is_err());
    assert!(executor.block_on(async {}).is_err(), "the run stays failed");
    assert_eq!(violated(&executor.finish(Outcome::Done)).1, "nobody comes here");
}

#[test]
fn a_violation_outside_of_the_loop_and_in_a_drop_at_the_end_fails_the_run() {
    struct Promises;
    impl Drop for Promises {
        fn drop(&mut self) {
            always!(false, "it is never dropped");
        }
    }
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| always!(false, "nobody enters"));
    assert_eq!(violated(&executor.finish(Outcome::Done)).1, "nobody enters");
    let report = report_of(async {
        drop(spawn(async {
            let _promises = Promises;
            std::future::pending::<()>().await;
        }));
        yield_now().await;
    });
    assert_eq!(violated(&report).1, "it is never dropped");
}

#[test]
fn how_often_each_property_held_is_in_the_report_sorted() {
    let report = report_of(async {
        for n in 0..5 {
            sometimes!(n == 3, "three");
            always!(n < 5, "below five");
            reachable!("the loop");
            sometimes!(n == 7, "seven");
        }
    });
    let told = |kind, name, held, failed| Property { kind, name, held, failed };
    let expected = [
        told(PropertyKind::Always, "below five", 5, 0),
        told(PropertyKind::Sometimes, "seven", 0, 5),
        told(PropertyKind::Sometimes, "three", 1, 4),
        told(PropertyKind::Reachable, "the loop", 5, 0),
    ];
    assert_eq!(report.properties, expected);
    assert!(report_of(async {}).properties.is_empty());
}

#[test]
fn a_source_that_asks_for_it_is_told_of_each_property_in_its_place() {
    struct Listener(Rc<Cell<Vec<(&'static str, bool)>>>);
    impl Source for Listener {
        fn needs(&self) -> Needs {
            Needs { facts: FactKinds::PROPERTIES, ..Needs::default() }
        }

        fn decide(&mut self, _: &Point<'_>) -> Option<Value> {
            None
        }

        fn observe(&mut self, fact: &Fact) {
            let Fact::Passed { name, holds } = fact else { panic!("{fact:?} was not asked for") };
            let mut all = self.0.take();
            all.push((name, *holds));
            self.0.set(all);
        }

        fn describe(&self) -> String {
            "a listener".to_string()
        }
    }
    let told = Rc::new(Cell::new(Vec::new()));
    let program = async {
        sometimes!(false, "one");
        yield_now().await;
        reachable!("other");
        sometimes!(true, "one");
    };
    Executor::new(Listener(Rc::clone(&told))).block_on(program).unwrap();
    assert_eq!(told.take(), [("one", false), ("other", true), ("one", true)]);
}

#[test]
fn outside_a_run_nothing_is_promised() {
    always!(false, "never");
    sometimes!(true, "once");
    reachable!("here");
    progress!("on");
    eventually!(false, "in the end");
    eventually!("in the end").holds();
    assert!(!buggify!("trouble", Ratio::new(1, 1)));
}

#[test]
fn what_is_pending_at_the_end_fails_a_run_that_passed() {
    let report = report_of(async {
        eventually!(true, "agreed");
        eventually!(false, "agreed");
    });
    assert_eq!(violated(&report), (PropertyKind::Eventually, "agreed", "main".to_string()));
    let report = report_of(async {
        let requests = [(); 3].map(|()| eventually!("answered"));
        let [first, ..] = requests;
        first.holds();
    });
    assert!(report.outcome.to_string().ends_with("is still pending at the end of the run: 2 of them"));
    let report = report_of(async {
        let request = eventually!("answered");
        eventually!(false, "agreed");
        yield_now().await;
        eventually!(true, "agreed");
        request.holds();
    });
    assert!(report.outcome.is_done(), "{}", report.outcome);
    let report = report_of(async {
        eventually!(false, "agreed");
        panic!("before that");
    });
    assert_eq!(report.outcome.word(), "panic");
}

#[test]
fn what_was_begun_in_another_run_ends_nothing_in_this_one() {
    let kept = Rc::new(Cell::new(None));
    let other = Rc::clone(&kept);
    let report = report_of(async move { other.set(Some(eventually!("answered"))) });
    assert_eq!(violated(&report).1, "answered");
    let report = report_of(async move {
        let own = eventually!("answered");
        kept.take().unwrap().holds();
        drop(own);
    });
    assert_eq!(violated(&report).1, "answered");
}

#[test]
fn an_invariant_is_looked_at_after_every_poll_of_any_task_in_every_order() {
    let program = || async {
        let sum = Rc::new(Cell::new(0));
        let seen = Rc::clone(&sum);
        invariant("the sum is below three", move || seen.get() < 3);
        let workers = [(); 4].map(|()| {
            let sum = Rc::clone(&sum);
            spawn_named("worker", async move {
                yield_now().await;
                sum.set(sum.get() + 1);
            })
        });
        for worker in workers {
            worker.await.unwrap();
        }
    };
    let production = report_of(program());
    assert_eq!(
        violated(&production),
        (PropertyKind::Invariant, "the sum is below three", "main/worker#3".to_string())
    );
    for seed in 0..20 {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let error = executor.block_on(program()).unwrap_err();
        assert!(matches!(error, RunError::Violated(_)), "{error}");
        let report = executor.finish(error.into());
        let looked_at = report.properties[0];
        assert_eq!((looked_at.kind, looked_at.failed), (PropertyKind::Invariant, 1));
        assert_eq!(looked_at.held + looked_at.failed, report.polls, "after every poll");
    }
}

#[test]
fn an_invariant_changes_nothing_in_its_run() {
    let hash = |seed, is_watched: bool| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let run = executor.block_on(async move {
            if is_watched {
                invariant("true is true", || true);
            }
            let workers: Vec<_> =
                (0..5).map(|n| spawn(async move { time::sleep(n * SECOND).await })).collect();
            for worker in workers {
                worker.await.unwrap();
            }
        });
        run.unwrap();
        executor.hash()
    };
    for seed in 0..20 {
        assert_eq!(hash(seed, false), hash(seed, true), "seed {seed}");
    }
}

#[test]
fn invariants_are_looked_at_on_demand_and_dropped_inside_the_run() {
    struct InRun;
    impl Drop for InRun {
        fn drop(&mut self) {
            assert!(context::in_run());
        }
    }
    let report = report_of(async {
        let (broken, kept) = (Rc::new(Cell::new(false)), InRun);
        let seen = Rc::clone(&broken);
        invariant("not broken", move || {
            let _kept = &kept;
            !seen.get()
        });
        broken.set(true);
        check_invariants();
        broken.set(false);
    });
    assert_eq!(violated(&report).1, "not broken");
    let report = report_of(async { invariant("it can be told", || panic!("it cannot")) });
    assert!(report.outcome.to_string().contains("in an invariant: it cannot"), "{}", report.outcome);
}

#[test]
fn a_run_that_is_at_work_and_does_not_get_on_is_a_livelock() {
    let run = |marks: u32| {
        let limits = Limits { progress_max: 10 * SECOND, ..Limits::default() };
        let mut executor = Executor::with_config(Config { limits, ..Config::default() }, ProductionOrder);
        executor.block_on(async move {
            for second in 0..60 {
                time::sleep(SECOND).await;
                if second < marks {
                    progress!("a step");
                }
            }
        })
    };
    assert_eq!(run(60), Ok(()));
    assert_eq!(run(50), Ok(()), "as long as it may");
    let RunError::Limit { limit, at, pending, .. } = run(20).unwrap_err() else { panic!("no limit") };
    assert_eq!((limit.name, at.to_string().as_str(), pending.len()), ("progress_max", "30.000", 1));
    assert!(run(0).unwrap_err().to_string().contains("livelock"));
}

#[test]
fn a_place_makes_trouble_in_some_runs_only_and_there_now_and_then() {
    let troubles = |seed, buggify: Buggify| {
        let config = Config { buggify, ..Config::default() };
        let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
        let run = async {
            (0..40).filter(|_| buggify!("one")).count()
                + 1_000 * (0..40).filter(|_| buggify!("other")).count()
        };
        executor.block_on(run).unwrap()
    };
    let both: Vec<usize> = (0..400).map(|seed| troubles(seed, Buggify::default())).collect();
    let (one, other): (Vec<usize>, Vec<usize>) = both.iter().map(|both| (both % 1_000, both / 1_000)).unzip();
    for place in [&one, &other] {
        let active: Vec<usize> = place.iter().copied().filter(|&count| count > 0).collect();
        assert!((70..130).contains(&active.len()), "{}", active.len());
        let mean = active.iter().sum::<usize>() / active.len();
        assert!((8..12).contains(&mean), "{mean}");
    }
    let together = both.iter().filter(|&&both| both % 1_000 > 0 && both > 1_000).count();
    assert!((10..45).contains(&together), "each by itself: {together}");
    let always = Buggify { sites: Ratio::new(1, 1), fires: Ratio::new(1, 1) };
    assert_eq!(troubles(1, always), 40_040);
    assert!((0..50).all(|seed| troubles(seed, Buggify::OFF) == 0));
}

#[test]
fn production_order_has_no_trouble_and_a_place_counts_what_it_made() {
    let report = report_of(async { assert!(!(0..100).any(|_| buggify!("trouble"))) });
    let expected = Property { kind: PropertyKind::Buggify, name: "trouble", held: 0, failed: 100 };
    assert_eq!(report.properties, [expected]);
}

#[test]
fn one_place_more_disturbs_no_other() {
    let troubles = |seed, has_more: bool| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let run = async move {
            let one = |_| {
                if has_more {
                    let _ = buggify!("more");
                }
                buggify!("one")
            };
            (0..40).map(one).collect::<Vec<bool>>()
        };
        executor.block_on(run).unwrap()
    };
    for seed in 0..100 {
        assert_eq!(troubles(seed, false), troubles(seed, true), "seed {seed}");
    }
}
