//! Every schedule with few preemptions: how many there are, and what is found among them.

mod stepping;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::Poll;

use sim_executor::{Access, Config, Executor, Label, Outcome, Report, Resource, Source, context};
use sim_explorer::{Exceptions, Exhaustive, ExhaustiveEnd, Follow};
use stepping::{run, steps};

/// What each step touches.
const SHARED: Resource = Resource::new(Label::new("test.shared"), 1);

/// A decision point that is no yield: a switch away from who is there is a preemption.
async fn pause() {
    let mut is_first = true;
    std::future::poll_fn(|context| {
        if !std::mem::take(&mut is_first) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Two tasks with so many steps, without yields, that fail in this order of their steps.
fn without_yields(counts: [u32; 2], wrong: &'static [usize], source: Box<dyn Source>) -> Report {
    let order: Rc<RefCell<Vec<usize>>> = Rc::default();
    let program = stepping::tasks(counts.to_vec(), &order, async |_, step| {
        if step > 0 {
            pause().await;
        }
        context::access(SHARED, Access::Write);
    });
    let mut executor = Executor::new(source);
    executor.block_on(program).unwrap();
    let is_wrong = *order.borrow() == wrong;
    executor.finish(if is_wrong { Outcome::Failed { message: "wrong".to_string() } } else { Outcome::Done })
}

#[test]
fn exhaustive_makes_all_seventy_interleavings_of_a_pair_and_says_so() {
    let search = Exhaustive { preemptions_max: 9, ..Exhaustive::default() };
    let yields = search.search(|source| run(Config::default(), source, steps(&[4, 4], &Rc::default())));
    assert_eq!((yields.schedules, yields.runs), (70, 70), "{yields}");
    assert!(yields.to_string().starts_with("exhausted: 70 schedules, all there are"), "{yields}");
    let pauses = search.search(|source| without_yields([4, 4], &[], source));
    assert_eq!(pauses.schedules, 70, "{pauses}");
    assert_eq!(pauses.to_string(), "exhausted: 70 schedules, all there are; 70 orders of what they touch");
}

/// How many interleavings of two tasks there are with at most so many switches away from one that could go on, counted by one
/// that makes them all.
fn interleavings([a, b]: [u32; 2], preemptions: u32) -> u64 {
    fn go(left: [u32; 2], last: Option<usize>, preemptions: u32) -> u64 {
        if left == [0, 0] {
            return 1;
        }
        let mut count = 0;
        for next in [0, 1] {
            let is_preemption = last.is_some_and(|last| last != next && left[last] > 0);
            if left[next] > 0 && (!is_preemption || preemptions > 0) {
                let mut after = left;
                after[next] -= 1;
                count += go(after, Some(next), preemptions - u32::from(is_preemption));
            }
        }
        count
    }
    go([a, b], None, preemptions)
}

#[test]
fn the_schedules_within_a_bound_are_as_many_as_an_independent_enumeration_counts() {
    for counts in [[1, 1], [2, 3], [4, 4], [1, 6], [5, 3]] {
        for preemptions_max in 0..=3 {
            let search = Exhaustive { preemptions_max, ..Exhaustive::default() };
            let found = search.search(|source| without_yields(counts, &[], source));
            let expected = interleavings(counts, preemptions_max);
            assert_eq!(found.schedules, expected, "{counts:?} within {preemptions_max}: {found}");
        }
    }
    let found = Exhaustive::default().search(|source| without_yields([4, 4], &[], source));
    let orders = found.orders.unwrap();
    let expected =
        format!("exhausted: {orders} schedules within 2 preemptions; {orders} orders of what they touch");
    assert_eq!(found.to_string(), expected);
}

#[test]
fn a_failure_that_exhaustive_finds_has_as_few_preemptions_as_any_and_is_made_again() {
    const WRONG: &[usize] = &[0, 1, 1, 0, 0, 1];
    let found = Exhaustive { preemptions_max: 5, ..Exhaustive::default() }
        .search(|source| without_yields([3, 3], WRONG, source));
    let ExhaustiveEnd::Failed { preemptions, turns, report } = found.ended else { panic!("{found}") };
    assert_eq!((preemptions, turns.len()), (2, 2));
    let exceptions = Exceptions { schedule: turns, ..Exceptions::default() };
    let (source, followed) = Follow::new(&exceptions);
    let again = without_yields([3, 3], WRONG, Box::new(source));
    assert!(followed.is_complete());
    assert_eq!((again.outcome, again.hash), (report.outcome, report.hash));
    let bounded = Exhaustive { preemptions_max: 1, ..Exhaustive::default() }
        .search(|source| without_yields([3, 3], WRONG, source));
    assert_eq!(bounded.ended, ExhaustiveEnd::Exhausted { preemptions: Some(1) });
}

#[test]
fn a_search_that_is_cut_off_says_about_how_many_schedules_there_are() {
    let search = Exhaustive { preemptions_max: 0, runs_max: 100 };
    let found = search.search(|source| run(Config::default(), source, steps(&[4, 4, 4], &Rc::default())));
    let ExhaustiveEnd::CutOff { preemptions: 0, estimate } = found.ended else { panic!("{found}") };
    // 12! / 4!^3 are 34,650.
    assert!((10_000..100_000).contains(&estimate), "{estimate}");
    assert!(found.to_string().starts_with("cut off at 100 schedules, of about "), "{found}");
}

#[test]
fn a_program_that_is_not_the_same_twice_is_told_by_exhaustive() {
    let runs = Rc::new(Cell::new(0));
    let found = Exhaustive::default().search(|source| {
        runs.set(runs.get() + 1);
        let counts: &[u32] = if runs.get() == 3 { &[1, 1] } else { &[2, 2] };
        run(Config::default(), source, steps(counts, &Rc::default()))
    });
    assert_eq!(found.ended, ExhaustiveEnd::Diverged);
}
