//! Exceptions: a run told by what it does otherwise than the default order.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use sim_executor::{
    Config, Executor, Limits, Outcome, Ratio, Report, Source, Value, choose, flip, spawn_named, yield_now,
};
use sim_explorer::{
    AnswerKind, DefaultOrder, Exceptions, Follow, Noted, Realised, Strategy, Survey, Turn, ValueException,
};

/// A decision point that is no yield.
async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|context| {
        if paused {
            return Poll::Ready(());
        }
        paused = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn run<F: Future<Output = ()> + 'static>(source: impl Source + 'static, program: F) -> Report {
    let limits = Limits { polls_max: 100_000, ..Limits::default() };
    let mut executor = Executor::with_config(Config { record: true, limits, ..Config::default() }, source);
    let outcome = executor.block_on(program).map_or_else(Into::into, |()| Outcome::Done);
    executor.finish(outcome)
}

fn noted<F: Future<Output = ()> + 'static>(source: impl Source + 'static, program: F) -> (Report, Realised) {
    let (source, notes) = Noted::new(source);
    let report = run(source, program);
    let realised = notes.of_run(&report);
    (report, realised)
}

fn follow<F: Future<Output = ()> + 'static>(exceptions: &Exceptions, program: F) -> (Report, Realised) {
    noted(Follow::new(exceptions).0, program)
}

/// Two tasks count to two without a lock; who is last loses what the other did. Other tasks may be there too.
async fn lost_update(others: usize) {
    for _ in 0..others {
        drop(spawn_named("other", async {
            for _ in 0..6 {
                pause().await;
            }
        }));
    }
    let count = Rc::new(Cell::new(0));
    let tasks = ["a", "b"].map(|name| {
        let count = Rc::clone(&count);
        spawn_named(name, async move {
            let read = count.get();
            pause().await;
            count.set(read + 1);
            pause().await;
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(count.get(), 2);
}

/// A failing run of the program, and what it does otherwise than the default order.
fn failing() -> (Report, Realised) {
    let survey = Arc::new(Survey::default());
    let seeds = (0..100).map(|seed| noted(Strategy::Walk.source(seed, &survey), lost_update(0)));
    let failing = seeds.into_iter().find(|(report, _)| !report.outcome.is_done());
    failing.expect("one of a hundred seeds loses an update")
}

#[test]
fn a_run_of_each_strategy_is_made_again_from_its_exceptions() {
    let survey = Arc::new(Survey::of(Config::default(), |_, source| run(source, lost_update(3))));
    for strategy in Strategy::ALL {
        for seed in 0..40 {
            let plain = run(strategy.source(seed, &survey), lost_update(3));
            let (report, realised) = noted(strategy.source(seed, &survey), lost_update(3));
            assert_eq!(report.hash, plain.hash, "{strategy} seed {seed}: to note a run changes nothing");
            let exceptions = realised.exceptions();
            let (again, same) = follow(&exceptions, lost_update(3));
            assert_eq!((again.hash, again.misaligned), (report.hash, 0), "{strategy} seed {seed}");
            assert_eq!(same.exceptions(), exceptions, "{strategy} seed {seed}");
            assert_eq!(same.preemptions(), realised.preemptions());
        }
    }
}

#[test]
fn the_default_order_has_no_exceptions() {
    let (report, realised) = noted(DefaultOrder::default(), lost_update(2));
    assert!(report.outcome.is_done(), "{}", report.outcome);
    assert!(!realised.steps.is_empty());
    assert_eq!((realised.exceptions().count(), realised.preemptions()), (0, 0));
    assert_eq!(realised.exceptions().to_string(), "");
    let (same, _) = follow(&Exceptions::default(), lost_update(2));
    assert_eq!(same.hash, report.hash);
}

#[test]
fn an_index_shift_cannot_change_what_exceptions_mean() {
    let (report, realised) = failing();
    let exceptions = realised.exceptions();
    assert!(exceptions.count() > 0);
    for others in [1, 2, 5] {
        let (source, followed) = Follow::new(&exceptions);
        let again = run(source, lost_update(others));
        assert_eq!(again.outcome.word(), report.outcome.word(), "{others} tasks before\n{exceptions}");
        assert!(followed.is_complete(), "{:?}", followed.turns_left());
    }
}

#[test]
fn an_exception_is_told_in_words() {
    let (_, realised) = failing();
    let text = realised.exceptions().to_string();
    let is_line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        matches!(words[..], ["after", task, "@", _, _, "run", other]
            if task.starts_with("main") && other.starts_with("main"))
    };
    assert!(!text.is_empty() && text.lines().all(is_line), "{text}");
}

#[test]
fn what_a_run_does_not_come_to_is_left_out_and_told() {
    let (_, realised) = failing();
    let mut exceptions = realised.exceptions();
    let first = exceptions.schedule[0];
    exceptions.schedule[0].after.ordinal = 77;
    let absent = exceptions.schedule[0];
    let mut no_such_task = first;
    no_such_task.run = Turn { lineage: 1, nth: 0 };
    let value = ValueException { key: first.after, value: Value::Int(3) };
    for (schedule, values, left) in [
        (vec![absent], vec![], (vec![absent], vec![])),
        (vec![no_such_task], vec![], (vec![no_such_task], vec![])),
        (vec![], vec![value], (vec![], vec![value])),
        (vec![first], vec![], (vec![], vec![])),
    ] {
        let exceptions = Exceptions { schedule, values, ..exceptions.none() };
        let (source, followed) = Follow::new(&exceptions);
        drop(run(source, lost_update(0)));
        assert_eq!((followed.turns_left(), followed.values_left()), left);
        assert_eq!(followed.is_complete(), left.0.is_empty() && left.1.is_empty());
    }
}

#[test]
fn a_task_that_waits_actively_cannot_keep_the_others_from_their_turns() {
    let program = async {
        let is_set = Rc::new(Cell::new(false));
        let set = Rc::clone(&is_set);
        let spinning = spawn_named("spinning", async move {
            while !is_set.get() {
                pause().await;
            }
        });
        let setting = spawn_named("setting", async move {
            pause().await;
            set.set(true);
        });
        spinning.await.unwrap();
        setting.await.unwrap();
    };
    let (report, realised) = noted(DefaultOrder::default(), program);
    assert!(report.outcome.is_done(), "{}", report.outcome);
    assert!(report.polls > u64::from(DefaultOrder::QUOTA), "it goes on for its quota");
    assert_eq!(realised.exceptions().count(), 0);
}

#[test]
fn a_switch_from_a_task_that_yields_is_no_preemption() {
    let program = |yields: bool| async move {
        let order = Rc::new(RefCell::new(String::new()));
        let tasks = ["a", "b"].map(|name| {
            let order = Rc::clone(&order);
            spawn_named(name, async move {
                for _ in 0..3 {
                    order.borrow_mut().push_str(name);
                    if yields { yield_now().await } else { pause().await }
                }
            })
        });
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.borrow(), "ababab");
    };
    let (production, yielding) = noted(sim_executor::ProductionOrder, program(true));
    assert!(production.outcome.is_done());
    assert_eq!((yielding.preemptions(), yielding.exceptions().schedule.len()), (0, 0));
    let (production, pausing) = noted(sim_executor::ProductionOrder, program(false));
    assert!(production.outcome.is_done());
    assert_eq!(pausing.preemptions(), 6, "from each of a b a b a b");
    assert_eq!(pausing.exceptions().schedule.len(), 6);
}

#[test]
fn values_and_faults_are_exceptions_when_they_are_not_the_gentlest() {
    let seen = Rc::new(RefCell::new(Vec::new()));
    let program = || {
        let seen = Rc::clone(&seen);
        async move {
            let drawn = (choose(1_000), flip(Ratio::new(1, 2)), choose(1));
            seen.borrow_mut().push(drawn);
        }
    };
    let strategy = Strategy::Random;
    let (report, realised) = noted(strategy.source(3, &Arc::default()), program());
    let exceptions = realised.exceptions();
    let (again, _) = follow(&exceptions, program());
    assert_eq!(again.hash, report.hash);
    let (gentle, _) = follow(&exceptions.none(), program());
    assert!(gentle.outcome.is_done());
    let seen = seen.take();
    assert_eq!((seen[0], seen[2]), (seen[1], (0, false, 0)));
    assert!(exceptions.values.iter().all(|value| exceptions.kind(value) == AnswerKind::Workload));
    assert_eq!(exceptions.values.len(), usize::from(seen[0].0 > 0) + usize::from(seen[0].1));
}

#[test]
fn an_answer_that_is_outside_of_the_question_is_not_given() {
    let (_, realised) = noted(DefaultOrder::default(), async { assert_eq!(choose(10), 0) });
    let key = realised.asked[0].key;
    for value in [Value::Int(10), Value::Flag(true)] {
        let exceptions = Exceptions { values: vec![ValueException { key, value }], ..Exceptions::default() };
        let (source, followed) = Follow::new(&exceptions);
        let report = run(source, async { assert_eq!(choose(10), 0) });
        assert!(report.outcome.is_done());
        assert_eq!((report.misaligned, followed.is_complete()), (0, false));
    }
}

#[test]
fn tasks_that_bear_one_name_are_told_apart() {
    let order = Rc::new(RefCell::new(String::new()));
    let program = || {
        let order = Rc::clone(&order);
        order.borrow_mut().clear();
        async move {
            let node = sim_executor::Node::named("server");
            let tasks = ["a", "b", "c"].map(|name| {
                let order = Rc::clone(&order);
                node.spawn(async move { order.borrow_mut().push_str(name) })
            });
            for task in tasks {
                task.await.unwrap();
            }
        }
    };
    let mut orders = std::collections::BTreeSet::new();
    for seed in 0..40 {
        let (report, realised) = noted(Strategy::Walk.source(seed, &Arc::default()), program());
        let first = order.borrow().clone();
        let (again, _) = follow(&realised.exceptions(), program());
        assert_eq!((again.hash, &*order.borrow()), (report.hash, &first), "seed {seed}");
        orders.insert(first);
    }
    assert_eq!(orders.len(), 6);
}
