//! Single passes of shrinking: which runs each of them makes.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;

use sim_executor::{
    Config, Executor, Label, Outcome, Ratio, Report, Source, choose, choose_at, context, span, spawn_named,
    yield_now,
};
use sim_explorer::{Shrink, Shrunk, Strategy};

/// Makes a run of a program that gives whether it went wrong.
fn run<F>(config: Config, source: Box<dyn Source>, program: F) -> Report
where
    F: Future<Output = bool> + 'static,
{
    let mut executor = Executor::with_boxed_source(config, source);
    let is_wrong = executor.block_on(program).unwrap();
    let wrong = || Outcome::Failed { message: "wrong".to_string() };
    executor.finish(if is_wrong { wrong() } else { Outcome::Done })
}

/// Shrinks the first run that goes wrong and of which this is true.
fn shrink(
    make: &mut dyn FnMut(Config, Box<dyn Source>) -> Report,
    is_meant: impl Fn(&Report) -> bool,
) -> Shrunk {
    let source = |seed| Strategy::Walk.source(seed, &Arc::default());
    let config = Config { record: true, ..Config::default() };
    let mut fails = |seed: &u64| {
        let report = make(config, source(*seed));
        !report.outcome.is_done() && is_meant(&report)
    };
    let seed = (0..20_000).find(&mut fails).expect("a seed fails");
    Shrink::default()
        .shrink(Config::default(), &|| source(seed), make, &mut |_| ControlFlow::Continue(()))
        .unwrap()
}

/// Lets two tasks race, so many times: whether the second came first.
async fn races(count: usize) -> Vec<bool> {
    let mut changed = Vec::new();
    for _ in 0..count {
        let first = Rc::new(Cell::new(None));
        let [one, other] = ["one", "other"].map(|name| {
            let first = Rc::clone(&first);
            spawn_named(name, async move { first.set(first.get().or(Some(name))) })
        });
        other.await.unwrap();
        one.await.unwrap();
        changed.push(first.get() == Some("other"));
    }
    changed
}

/// Whether the order of two tasks is changed, a packet is lost, a latency is long, and something is drawn.
type Kinds = [bool; 4];

/// The runs that shrinking makes if a run goes wrong in which all these are so.
fn runs_of_kinds(needed: Kinds) -> Vec<Kinds> {
    let runs: Rc<RefCell<Vec<Kinds>>> = Rc::default();
    let log = Rc::clone(&runs);
    let mut make = |config, source| {
        let log = Rc::clone(&log);
        run(config, source, async move {
            let is_changed = races(1).await[0];
            let actor = context::current_actor();
            let is_lost = context::ask_flag(actor, Label::new("link.loss"), Ratio::new(1, 2));
            let is_long = context::ask_int(actor, Label::new("link.latency"), 0, 1, 0) == 1;
            let kinds = [is_changed, is_lost, is_long, choose(2) == 1];
            log.borrow_mut().push(kinds);
            kinds.iter().zip(needed).all(|(kind, is_needed)| *kind || !is_needed)
        })
    };
    let last = || *runs.borrow().last().unwrap();
    shrink(&mut make, |_| last() == [true; 4]);
    let mut made = runs.borrow_mut().split_off(0);
    // Up to the run that was found, which was made once more to look at it, and a third time from what it does.
    let found = made.iter().position(|kinds| *kinds == [true; 4]).unwrap();
    made.drain(..found + 3);
    made
}

#[test]
fn whole_kinds_of_exceptions_are_left_out_first() {
    let [x, o] = [true, false];
    assert_eq!(
        runs_of_kinds([x, x, x, x])[..6],
        [[o, o, o, o], [o, x, x, x], [x, o, o, o], [x, o, x, x], [x, x, o, x], [x, x, x, o]],
        "nothing; the values without the order; the order alone; one kind of value after the other"
    );
    assert_eq!(runs_of_kinds([o, o, o, o]), [[o, o, o, o]], "the default order fails: no more is tried");
    assert_eq!(runs_of_kinds([x, o, o, o])[..3], [[o, o, o, o], [o, x, x, x], [x, o, o, o]]);
    assert_eq!(runs_of_kinds([o, x, o, o])[..4], [[o, o, o, o], [o, x, x, x], [o, o, x, x], [o, x, o, x]]);
}

#[test]
fn the_end_of_a_schedule_is_cut_off_by_halves() {
    const RACES: usize = 64;
    let runs: Rc<RefCell<Vec<Vec<bool>>>> = Rc::default();
    let log = Rc::clone(&runs);
    let mut make = |config, source| {
        let log = Rc::clone(&log);
        run(config, source, async move {
            let races = races(RACES).await;
            log.borrow_mut().push(races.clone());
            races[0] && races[20]
        })
    };
    let shrunk =
        shrink(&mut make, |_| runs.borrow().last().unwrap().iter().filter(|race| **race).count() > 32);
    assert_eq!(shrunk.cost.exceptions, 2);
    let length = shrunk.found_exceptions.schedule.len();
    assert!(length > 32, "{length}");
    let runs = runs.borrow();
    let made = &runs[runs.len() - usize::try_from(shrunk.runs).unwrap()..];
    let (found, nothing) = (&made[0], &made[2]);
    assert!(made[1] == *found && !nothing.contains(&true), "the run that was found, and nothing");
    let cut = &made[3..3 + usize::try_from(length.ilog2()).unwrap()];
    for races in cut {
        let end = races.iter().rposition(|race| *race).map_or(0, |last| last + 1);
        assert_eq!(races[..end], found[..end], "a beginning of what was found, and then the default order");
    }
    let smallest = cut.iter().rfind(|races| races[0] && races[20]).unwrap();
    assert_eq!(smallest.iter().rposition(|race| *race), Some(20), "{cut:?}");
}

#[test]
fn what_an_operation_and_its_parts_draw_is_made_the_gentlest_at_once() {
    // Of the three numbers none can go without the others.
    let mut make = |config, source| {
        run(config, source, async {
            let needed = choose_at(Label::new("user:needed"), 8);
            let numbers = span("order").enter(|| {
                let one = choose_at(Label::new("user:one"), 4);
                span("line").enter(|| {
                    let three = choose_at(Label::new("user:three"), 12);
                    [one, three, span("part").enter(|| choose_at(Label::new("user:five"), 20))]
                })
            });
            let is_consistent = numbers == [numbers[0], 3 * numbers[0], 5 * numbers[0]];
            is_consistent && needed == 7
        })
    };
    let shrunk = shrink(&mut make, |_| true);
    let found = shrunk.found_exceptions.values.len();
    assert_eq!(found, 4, "{}", shrunk.found_exceptions);
    assert_eq!(shrunk.exceptions.to_string(), "main @ user:needed #0 = 7\n");
}

#[test]
fn two_operations_exchange_what_they_draw() {
    let mut make = |config, source| {
        run(config, source, async {
            let mut drawn = [0, 0];
            for number in &mut drawn {
                *number = span("order").enter(|| choose(6));
                for _ in 0..*number {
                    yield_now().await;
                }
            }
            // What the first draws is waited for once more.
            for _ in 0..drawn[0] {
                yield_now().await;
            }
            drawn == [3, 5] || drawn == [5, 3]
        })
    };
    let shrunk = shrink(&mut make, |report| report.polls > 13);
    let drawn: Vec<String> = shrunk.exceptions.to_string().lines().map(str::to_string).collect();
    assert_eq!(drawn, ["main/order @ user:choose #0 = 3", "main/order#2 @ user:choose #0 = 5"]);
    assert!(shrunk.found.polls > shrunk.cost.polls);
}
