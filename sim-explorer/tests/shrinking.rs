//! Shrinking: what is left of a failing run, and what it must never do.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;

use sim_executor::{
    Config, Executor, Key, Label, Limits, Outcome, Ratio, Report, Source, Value, choose, choose_at, flip,
    many, span, spawn_named,
};
use sim_explorer::{
    Exceptions, Explanation, Follow, Progress, Shrink, ShrinkEnd, ShrinkError, Shrunk, Strategy, Turn,
    TurnException, ValueException, Without,
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

type Program = fn(&Rc<Cell<Option<&'static str>>>) -> std::pin::Pin<Box<dyn Future<Output = ()>>>;

/// Makes a run of a program, which says what went wrong.
fn run(program: Program, config: Config, source: Box<dyn Source>) -> Report {
    let wrong = Rc::new(Cell::new(None));
    let mut executor = Executor::with_boxed_source(config, source);
    let outcome = match executor.block_on(program(&wrong)) {
        Ok(()) => {
            wrong.get().map_or(Outcome::Done, |message| Outcome::Failed { message: message.to_string() })
        }
        Err(error) => error.into(),
    };
    executor.finish(outcome)
}

fn shrink_from(program: Program, found: &dyn Fn() -> Box<dyn Source>) -> Result<Shrunk, ShrinkError> {
    let mut make = |config, source| run(program, config, source);
    Shrink::default().shrink(Config::default(), found, &mut make, &mut |_| ControlFlow::Continue(()))
}

/// The first seed whose run fails with this message, shrunk.
fn shrink(program: Program, strategy: Strategy, message: &str) -> Shrunk {
    let source = |seed| strategy.source(seed, &Arc::default());
    let fails =
        |seed: &u64| run(program, Config::default(), source(*seed)).outcome.to_string().contains(message);
    let seed = (0..20_000).find(fails).expect("a seed fails");
    shrink_from(program, &|| source(seed)).unwrap()
}

fn counting(tasks: u64, wrong: &Rc<Cell<Option<&'static str>>>) -> impl Future<Output = ()> + use<> {
    let wrong = Rc::clone(wrong);
    async move {
        let count = Rc::new(Cell::new(0));
        let all: Vec<_> = (0..tasks)
            .map(|_| {
                let count = Rc::clone(&count);
                spawn_named("counter", async move {
                    let read = count.get();
                    pause().await;
                    count.set(read + 1);
                })
            })
            .collect();
        for task in all {
            task.await.unwrap();
        }
        if count.get() < tasks {
            wrong.set(Some("a count was lost"));
        }
    }
}

const LOST_UPDATE: Program = |wrong| Box::pin(counting(5, wrong));

#[test]
fn one_switch_is_left_of_a_lost_update() {
    let shrunk = shrink(LOST_UPDATE, Strategy::Walk, "lost");
    assert_eq!((shrunk.cost.preemptions, shrunk.cost.exceptions), (1, 1), "{}", shrunk.exceptions);
    assert!(shrunk.cost < shrunk.found);
    assert_eq!(shrunk.ended, ShrinkEnd::Smallest);
    assert!(shrunk.runs <= 100, "{} runs", shrunk.runs);
    let again = run(LOST_UPDATE, Config::default(), Box::new(Follow::new(&shrunk.exceptions).0));
    assert_eq!(again.hash, shrunk.report.hash, "what it gives makes the smallest run");
}

#[test]
fn cost_is_that_of_the_run_that_was_made_and_not_of_what_was_asked_for() {
    let shrunk = shrink(LOST_UPDATE, Strategy::Walk, "lost");
    let mut exceptions = shrunk.exceptions.clone();
    let nowhere = Key { stream: 7, ordinal: 7 };
    for ordinal in 0..20 {
        let after = Key { ordinal, ..nowhere };
        exceptions.schedule.push(TurnException { after, run: Turn { lineage: 1, nth: 0 } });
        exceptions.values.push(ValueException { key: after, value: Value::Int(3) });
    }
    let again = shrink_from(LOST_UPDATE, &|| Box::new(Follow::new(&exceptions).0)).unwrap();
    assert_eq!((again.found, again.cost), (shrunk.cost, shrunk.cost));
    assert_eq!(again.exceptions, shrunk.exceptions);
}

#[test]
fn shrinking_never_slides_to_another_bug_and_keeps_it_as_a_failure_of_its_own() {
    // Seven is wrong in one way, all else from three on in another, which is smaller.
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            wrong.set(match (choose(8), choose(8)) {
                (7, _) => Some("it drew the greatest"),
                (0..=2, 0..=2) => None,
                _ => Some("it drew too much"),
            });
        })
    };
    let shrunk = shrink(program, Strategy::Random, "greatest");
    assert_eq!(shrunk.signature.property, "it drew the greatest");
    assert_eq!(shrunk.exceptions.to_string(), "main @ user:choose #0 = 7\n");
    let others: Vec<_> = shrunk.others.iter().collect();
    assert_eq!(others.len(), 1);
    let (signature, other) = others[0];
    assert_eq!((&*signature.property, &*other.message), ("it drew too much", "it drew too much"));
    let again = run(program, Config::default(), Box::new(Follow::new(&other.exceptions).0));
    assert_eq!(again.outcome.to_string(), "it drew too much");
}

#[test]
fn a_run_that_was_cut_off_has_not_shown_the_failure() {
    // Without the switch it polls for ever.
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let number = choose(10);
            if number < 5 {
                loop {
                    pause().await;
                }
            }
            wrong.set(Some("five or more"));
        })
    };
    let shrunk = shrink(program, Strategy::Random, "five");
    assert_eq!(shrunk.exceptions.to_string(), "main @ user:choose #0 = 5\n");
    assert!(shrunk.others.is_empty(), "and is no failure of its own");
}

#[test]
fn a_failure_in_the_default_order_has_no_exceptions() {
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            counting(3, &Rc::default()).await;
            wrong.set(Some("always"));
        })
    };
    let shrunk = shrink(program, Strategy::Walk, "always");
    assert_eq!((shrunk.exceptions.count(), shrunk.cost.preemptions), (0, 0));
    assert_eq!(shrunk.runs, 3, "two to see that it is deterministic, and one that has nothing");
}

#[test]
fn what_is_not_deterministic_is_said_so() {
    let runs = Cell::new(0);
    let mut make = |config, source| {
        runs.set(runs.get() + 1);
        let length = runs.get();
        let mut executor = Executor::with_boxed_source(config, source);
        let ended = executor.block_on(async move {
            for _ in 0..length {
                pause().await;
            }
        });
        ended.unwrap();
        executor.finish(Outcome::Failed { message: "no".to_string() })
    };
    let found = || Strategy::Random.source(1, &Arc::default());
    let shrunk =
        Shrink::default().shrink(Config::default(), &found, &mut make, &mut |_| ControlFlow::Continue(()));
    let error = shrunk.unwrap_err();
    assert!(
        matches!(error, ShrinkError::Nondeterministic { hashes: [one, other] } if one != other),
        "{error}"
    );
    assert_eq!(runs.get(), 2);
}

#[test]
fn a_run_that_passes_is_refused() {
    let found = || Strategy::Production.source(0, &Arc::default());
    assert_eq!(shrink_from(LOST_UPDATE_NOT, &found).unwrap_err(), ShrinkError::Passes);
}

const LOST_UPDATE_NOT: Program = |_| Box::pin(async {});

#[test]
fn it_ends_after_so_many_runs_and_when_it_is_told_to() {
    let source = || Strategy::Walk.source(3, &Arc::default());
    let shrink = |bounds: Shrink, stop_at: u64| {
        let mut told = Vec::new();
        let mut tell = |progress: &Progress| {
            told.push(*progress);
            if progress.runs == stop_at { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let mut make = |config, source| run(LOST_UPDATE, config, source);
        let shrunk = bounds.shrink(Config::default(), &source, &mut make, &mut tell).unwrap();
        assert!(told.windows(2).all(|pair| pair[0].cost >= pair[1].cost), "it never grows");
        (shrunk.runs, shrunk.ended)
    };
    assert_eq!(shrink(Shrink { runs_max: 4, ..Shrink::default() }, u64::MAX), (4, ShrinkEnd::Runs));
    assert_eq!(shrink(Shrink::default(), 5), (5, ShrinkEnd::Stopped));
    let (runs, ended) = shrink(Shrink { stall_max: 2, ..Shrink::default() }, u64::MAX);
    assert_eq!(ended, ShrinkEnd::Stalled);
    assert!(runs < shrink(Shrink::default(), u64::MAX).0, "{runs}");
}

/// An operation: which account, and how much.
const ACCOUNT: Label = Label::new("user:account");
const AMOUNT: Label = Label::new("user:amount");

/// Two operations on the third account with an amount from 50 on are one too many.
fn is_too_much(operations: &[(u64, u64)]) -> bool {
    operations.iter().filter(|(account, amount)| *account == 3 && *amount >= 50).count() >= 2
}

#[test]
fn of_two_hundred_operations_whose_number_is_drawn_few_are_left() {
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let count = 150 + choose_at(Label::new("user:more"), 51);
            let count = count.min(choose_at(Label::new("user:count"), 201));
            let operations: Vec<_> =
                (0..count).map(|_| (choose_at(ACCOUNT, 16), choose_at(AMOUNT, 100))).collect();
            if is_too_much(&operations) {
                wrong.set(Some("too much"));
            }
        })
    };
    let values = |shrunk: &Shrunk, label: &str| {
        let of_label = shrunk.run.asked.iter().filter(|asked| shrunk.run.label(asked.key) == Some(label));
        of_label.map(|asked| asked.value).collect::<Vec<_>>()
    };
    let found = |seed| move || Strategy::Random.source(seed, &Arc::default());
    let is_long = |seed: &u64| {
        let report = run(program, Config { record: true, ..Config::default() }, found(*seed)());
        !report.outcome.is_done() && report.decisions > 300
    };
    for seed in (0..500).filter(is_long).take(5) {
        let shrunk = shrink_from(program, &found(seed)).unwrap();
        let accounts = values(&shrunk, "user:account");
        assert!(
            accounts.len() <= 5,
            "{} operations are left of seed {seed}\n{}",
            accounts.len(),
            shrunk.exceptions
        );
        let big = values(&shrunk, "user:amount").iter().filter(|amount| **amount == Value::Int(50)).count();
        assert_eq!(big, 2, "no amount is greater than it need be\n{}", shrunk.exceptions);
        assert!(shrunk.runs < 400, "{} runs", shrunk.runs);
    }
}

#[test]
fn operations_that_each_stand_behind_a_flag_are_left_out_whole() {
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let mut operations = Vec::new();
            while operations.len() < 200 && flip(Ratio::new(49, 50)) {
                operations.push((choose_at(ACCOUNT, 8), choose_at(AMOUNT, 100)));
            }
            if is_too_much(&operations) {
                wrong.set(Some("too much"));
            }
        })
    };
    let shrunk = shrink(program, Strategy::Random, "too much");
    let accounts =
        shrunk.run.asked.iter().filter(|asked| shrunk.run.label(asked.key) == Some("user:account"));
    assert_eq!(accounts.count(), 2, "{}", shrunk.exceptions);
}

#[test]
fn equal_numbers_are_lowered_together_and_two_numbers_become_one() {
    let equal: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let (one, other) = (choose(4), choose(4));
            wrong.set((one == other && one > 0).then_some("equal"));
        })
    };
    let shrunk = shrink(equal, Strategy::Random, "equal");
    assert_eq!(shrunk.exceptions.to_string(), "main @ user:choose #0 = 1\nmain @ user:choose #1 = 1\n");
    let sum: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move { wrong.set((choose(1_000) + choose(1_000) >= 700).then_some("sum")) })
    };
    let shrunk = shrink(sum, Strategy::Random, "sum");
    assert_eq!((shrunk.cost.exceptions, shrunk.cost.values), (1, 700), "{}", shrunk.exceptions);
}

#[test]
fn what_is_left_does_not_depend_on_how_it_was_found() {
    let none = Exceptions::default();
    assert!(run(LOST_UPDATE, Config::default(), Box::new(Follow::new(&none).0)).outcome.is_done());
    for strategy in [Strategy::Random, Strategy::Walk, Strategy::Urw] {
        assert_eq!(shrink(LOST_UPDATE, strategy, "lost").cost.exceptions, 1, "{strategy}");
    }
}

fn explain(program: Program, shrunk: &Shrunk) -> Explanation {
    shrunk.explain(Config::default(), &mut |config, source| run(program, config, source), &mut || true)
}

#[test]
fn the_order_that_decides_is_told_with_the_run_that_passes() {
    let shrunk = shrink(LOST_UPDATE, Strategy::Walk, "lost");
    let explanation = explain(LOST_UPDATE, &shrunk);
    let critical = explanation.critical.as_ref().expect("one switch decides");
    assert!(critical.passes_otherwise, "{explanation}");
    // The second of two tasks begins before the first has written what it read.
    assert!(
        critical.first.ends_with(" @ poll #0") && critical.second.ends_with(" @ poll #1"),
        "{explanation}"
    );
    assert_eq!(explanation.exceptions.len(), 1);
    assert_eq!(explanation.exceptions[0].without, Without::Passes);
    let not_asked = shrunk.explain(Config::default(), &mut |c, s| run(LOST_UPDATE, c, s), &mut || false);
    assert_eq!(not_asked.exceptions[0].without, Without::Unknown, "what was not tried is not claimed");
    assert_eq!(not_asked.critical, None);
}

#[test]
fn a_neighbour_that_was_cut_off_has_not_passed() {
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            match choose(3) {
                0 => loop {
                    pause().await;
                },
                1 => {}
                _ => wrong.set(Some("two")),
            }
        })
    };
    let shrunk = shrink(program, Strategy::Random, "two");
    let limits = Limits { polls_max: 1_000, ..Limits::default() };
    let mut make = |config: Config, source| run(program, Config { limits, ..config }, source);
    let explanation = shrunk.explain(Config::default(), &mut make, &mut || true);
    assert_eq!(explanation.exceptions[0].without, Without::Unknown, "{explanation}");
    assert!(explanation.to_string().contains("not known whether it is needed"), "{explanation}");
}

#[test]
fn a_failure_in_the_default_order_is_explained_as_one() {
    let program: Program = |wrong| {
        wrong.set(Some("always"));
        Box::pin(async {})
    };
    let text = explain(program, &shrink(program, Strategy::Walk, "always")).to_string();
    assert!(text.contains("it fails in the default order already"), "{text}");
}

/// The operations that are left, by their names.
fn operations(shrunk: &Shrunk) -> Vec<String> {
    let lines = shrunk.exceptions.to_string();
    let there =
        lines.lines().filter_map(|line| line.split_once(" @ user:many").map(|(name, _)| name.to_string()));
    there.collect()
}

#[test]
fn operations_that_have_names_are_left_out_with_what_they_draw_and_spawn() {
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let bookings = Rc::new(RefCell::new(Vec::new()));
            for booking in many("booking", 0..=200) {
                let bookings = Rc::clone(&bookings);
                let task = booking.enter(|| {
                    let (account, amount) = (choose_at(ACCOUNT, 8), choose_at(AMOUNT, 100));
                    spawn_named("writer", async move { bookings.borrow_mut().push((account, amount)) })
                });
                task.await.unwrap();
            }
            if is_too_much(&bookings.borrow()) {
                wrong.set(Some("too much"));
            }
        })
    };
    let shrunk = shrink(program, Strategy::Random, "too much");
    assert!(shrunk.found.workload > 150, "{}", shrunk.found);
    let left = operations(&shrunk);
    assert_eq!(left.len(), 2, "{}", shrunk.exceptions);
    let expected: Vec<String> = left
        .iter()
        .flat_map(|name| {
            ["user:many #0 = true", "user:account #0 = 3", "user:amount #0 = 50"]
                .map(|value| format!("{name} @ {value}"))
        })
        .collect();
    assert_eq!(shrunk.exceptions.to_string().trim_end(), expected.join("\n"));
    assert!(shrunk.runs < 150, "{} runs", shrunk.runs);
}

#[test]
fn operations_are_left_out_though_the_schedule_matters_behind_them() {
    // Each operation takes a few polls of the task that then loses the update.
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let count = Rc::new(Cell::new(0));
            let tasks = ["a", "b"].map(|name| {
                let count = Rc::clone(&count);
                spawn_named(name, async move {
                    for step in many("step", 0..=40) {
                        step.run(pause()).await;
                    }
                    let read = count.get();
                    pause().await;
                    count.set(read + 1);
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
            if count.get() < 2 {
                wrong.set(Some("lost"));
            }
        })
    };
    for strategy in [Strategy::Random, Strategy::Walk] {
        let shrunk = shrink(program, strategy, "lost");
        assert!(shrunk.found.workload > 20, "{}", shrunk.found);
        assert_eq!(
            (operations(&shrunk).len(), shrunk.cost.exceptions),
            (0, 1),
            "{strategy}\n{}",
            shrunk.exceptions
        );
    }
}

#[test]
fn a_part_takes_the_place_of_the_operation_that_it_is_in() {
    /// A tree whose leaves are numbers; wrong if there is a seven in it.
    fn grow(depth: u64, leaves: &mut Vec<u64>) {
        if depth < 4 && flip(Ratio::new(2, 3)) {
            for _ in 0..2 {
                span("tree").enter(|| grow(depth + 1, leaves));
            }
        } else {
            leaves.push(choose_at(AMOUNT, 10));
        }
    }
    let program: Program = |wrong| {
        let wrong = Rc::clone(wrong);
        Box::pin(async move {
            let mut leaves = Vec::new();
            span("tree").enter(|| grow(0, &mut leaves));
            if leaves.contains(&7) {
                wrong.set(Some("seven"));
            }
        })
    };
    let found = |seed| move || Strategy::Random.source(seed, &Arc::default());
    let is_deep = |seed: &u64| {
        let report = run(program, Config { record: true, ..Config::default() }, found(*seed)());
        !report.outcome.is_done() && report.decisions > 20
    };
    for seed in (0..2_000).filter(is_deep).take(5) {
        let shrunk = shrink_from(program, &found(seed)).unwrap();
        assert_eq!(shrunk.exceptions.to_string(), "main/tree @ user:amount #0 = 7\n", "seed {seed}");
    }
}
