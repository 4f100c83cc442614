//! What `select!` takes, and what it does with it.

use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::{Future, IntoFuture, pending, ready};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use sim_executor::{Config, Executor, KeyedRandom, ProductionOrder, coop, select, time};

fn run<F: Future + 'static>(future: F) -> F::Output
where
    F::Output: 'static,
{
    Executor::new(ProductionOrder).block_on(future).unwrap()
}

/// What a future writes when it is polled or dropped.
type Notes = Rc<RefCell<Vec<String>>>;

struct Noted {
    name: &'static str,
    notes: Notes,
    is_ready: bool,
}

fn noted(name: &'static str, notes: &Notes, is_ready: bool) -> Noted {
    Noted { name, notes: Rc::clone(notes), is_ready }
}

impl Future for Noted {
    type Output = &'static str;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<&'static str> {
        self.notes.borrow_mut().push(format!("poll {}", self.name));
        if self.is_ready { Poll::Ready(self.name) } else { Poll::Pending }
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        self.notes.borrow_mut().push(format!("drop {}", self.name));
    }
}

#[test]
fn all_forms_of_a_branch_may_be_mixed() {
    async fn forms(is_on: bool, number: u32) -> Result<u32, String> {
        let value = select! {
            biased;
            _ = pending::<()>(), if is_on => unreachable!(),
            Some(x) = ready(None::<u32>) => x,
            Ok::<u32, String>(1..=3) | Err(_) = async move { Ok(number) } => { 10 }
            a @ (4 | 5) = ready(number) => { a + 1 },
            number = ready(Err::<u32, String>(format!("{number}"))), if number > 7 && is_on => number?,
            else => 0,
        };
        Ok(value)
    }
    for (is_on, number, expected) in
        [(false, 2, Ok(10)), (false, 5, Ok(6)), (false, 9, Ok(0)), (false, 7, Ok(0))]
    {
        assert_eq!(run(forms(is_on, number)), expected, "{is_on} {number}");
    }
    let failed = run(async {
        let value: Result<(), String> = async {
            select! { number = ready(Err::<(), _>("no".to_string())) => number?, }
            Ok(())
        }
        .await;
        value
    });
    assert_eq!(failed, Err("no".to_string()));
}

#[test]
fn handlers_leave_loops_and_functions_and_wait() {
    let turns = run(async {
        let mut turns = 0;
        'outer: loop {
            loop {
                select! {
                    _ = ready(()), if turns < 3 => { turns += 1; continue }
                    _ = time::sleep(Duration::from_secs(1)), if turns == 3 => {
                        time::sleep(Duration::from_secs(1)).await;
                        turns += 10;
                        continue 'outer;
                    }
                    _ = ready(()), if turns > 3 => break 'outer,
                }
            }
        }
        select! { _ = ready(()) => if turns > 0 { return turns } }
        unreachable!()
    });
    assert_eq!(turns, 13);
}

#[test]
fn a_mutable_reference_goes_on_from_one_select_to_the_next() {
    let ticks = run(async {
        let mut work = pin!(time::sleep(Duration::from_secs(5)));
        let mut ticks = 0;
        loop {
            select! {
                () = &mut work => break ticks,
                () = time::sleep(Duration::from_secs(2)) => ticks += 1,
            }
        }
    });
    assert_eq!(ticks, 2);
}

#[test]
fn a_handler_may_borrow_what_the_futures_have_borrowed() {
    async fn push(list: &mut Vec<u32>, value: u32) -> usize {
        list.push(value);
        list.len()
    }
    let list = run(async {
        let mut list = Vec::new();
        let mut other = vec![1];
        select! {
            biased;
            length = push(&mut list, 7) => list.push(length as u32),
            _ = push(&mut other, 8) => other.clear(),
        }
        list
    });
    assert_eq!(list, [7, 1]);
}

#[test]
fn a_temporary_lives_as_long_as_in_a_let() {
    struct Borrowed<'a>(&'a str);
    impl IntoFuture for &Borrowed<'_> {
        type Output = usize;
        type IntoFuture = std::future::Ready<usize>;

        fn into_future(self) -> Self::IntoFuture {
            ready(self.0.len())
        }
    }
    let length = run(async {
        select! { length = &Borrowed(&String::from("three")) => length }
    });
    assert_eq!(length, 5);
}

#[test]
fn patterns_may_take_a_value_apart_in_any_way() {
    struct Point {
        x: i32,
        y: Option<Box<i32>>,
    }
    const LIMIT: i32 = 3;
    run(async {
        select! { mut list = ready(vec![1]) => { list.push(2); assert_eq!(list, [1, 2]) } }
        select! { Some(mut text) = ready(Some(String::new())) => { text.push('a'); assert_eq!(text, "a") } }
        select! { Point { ref x, y: Some(y), .. } = ready(Point { x: 1, y: Some(Box::new(2)) }) => assert_eq!(*x + *y, 3) }
        select! { Some(ref mut text) = ready(Some(String::new())), if true => text.push('a'), else => unreachable!() }
        select! { &number = ready(&5) => assert_eq!(number, 5) }
        select! { Some(&number) = ready(Some(&5)), if true => assert_eq!(number, 5), else => unreachable!() }
        let mut number = 6;
        select! { Some(&mut ref mut number) = ready(Some(&mut number)) => *number += 1, else => unreachable!() }
        assert_eq!(number, 7);
        select! { (LIMIT, [first, .., last]) = ready((3, [1, 2, 3])) => assert_eq!(first + last, 4), else => unreachable!() }
        select! { (&LIMIT, Some(&x)) = ready((&4, Some(&1))) => unreachable!("{x}"), else => {} }
        select! { "a" | "b" = ready("b") => {}, else => unreachable!() }
        select! { ..LIMIT | 7..=9 = ready(8) => {}, else => unreachable!() }
        select! { _ = ready(Rc::new(Cell::new(1))) => {} }
    });
}

#[test]
fn conditions_are_evaluated_before_futures_and_all_of_both() {
    let order = run(async {
        let order = RefCell::new(Vec::new());
        let note = |name: &'static str, value: bool| {
            order.borrow_mut().push(name);
            value
        };
        let future = |name: &'static str| {
            order.borrow_mut().push(name);
            ready(())
        };
        select! {
            biased;
            () = future("future a"), if note("if a", false) => unreachable!(),
            () = future("future b") => order.borrow_mut().push("handler b"),
            () = future("future c"), if note("if c", true) => unreachable!(),
        }
        order.into_inner()
    });
    assert_eq!(order, ["if a", "if c", "future a", "future b", "future c", "handler b"]);
}

#[test]
fn a_handler_runs_when_all_futures_are_dropped_in_the_written_order() {
    let notes = run(async {
        let notes = Notes::default();
        select! {
            biased;
            _ = noted("a", &notes, false) => unreachable!(),
            name = noted("b", &notes, true) => notes.borrow_mut().push(format!("handler {name}")),
            _ = noted("c", &notes, true) => unreachable!(),
        }
        notes.take()
    });
    assert_eq!(notes, ["poll a", "poll b", "drop a", "drop b", "drop c", "handler b"]);
}

#[test]
fn a_branch_whose_pattern_did_not_match_is_not_polled_again() {
    let notes = run(async {
        let notes = Notes::default();
        select! {
            biased;
            "b" = noted("a", &notes, true) => unreachable!(),
            () = sim_executor::yield_now() => {}
        }
        notes.take()
    });
    assert_eq!(notes, ["poll a", "drop a"]);
}

#[test]
fn with_all_branches_off_there_has_to_be_an_else() {
    let error = Executor::new(ProductionOrder)
        .block_on(async {
            select! { 1 = ready(2) => {}, _ = ready(()), if false => {} }
        })
        .unwrap_err();
    assert!(error.to_string().contains("all branches are disabled and there is no else branch"), "{error}");
    assert_eq!(
        run(async {
            select! { else => 3 }
        }),
        3
    );
    assert_eq!(
        run(async {
            select! { biased; else => { 4 } }
        }),
        4
    );
}

#[test]
fn a_future_without_an_output_is_a_branch_as_any() {
    async fn for_ever() -> Infallible {
        pending().await
    }
    assert_eq!(
        run(async {
            select! { _ = for_ever() => 0, x = ready(1) => x }
        }),
        1
    );
    assert_eq!(
        run(async {
            select! { x = ready(1) => x, never = for_ever() => match never {} }
        }),
        1
    );
    let off = std::future::poll_fn(|_| panic!("it is off"));
    run(async move {
        select! { () = off, if false => unreachable!(), _ = ready(1) => {} }
    });
}

#[test]
fn names_of_the_program_are_not_those_of_the_macro() {
    let sum = run(async {
        let (output, off, first, context, number, waits, is_match) = (1, 2, 3, 4, 5, 6, 7);
        let (future_0, future_1) = (ready(10), ready(20));
        select! {
            biased;
            x = future_1, if off == 3 => x,
            output2 = future_0, if number == 5 && is_match == 7 => {
                let inner = select! { x = async { select! { x = ready(100) => x } } => x + output2 + output };
                inner + off + first + context + waits
            }
        }
    });
    assert_eq!(sum, 126);
}

#[test]
fn parts_of_a_branch_may_come_from_a_macro() {
    macro_rules! one {
        ($pattern:pat, $future:expr, $condition:expr, $block:block, $handler:expr) => {
            select! {
                biased;
                $pattern = $future, if !$condition => $block
                $pattern = $future, if $condition => $handler,
                else => $block
            }
        };
    }
    let all = run(async {
        let found = one!(Some(2 | 3), async { Some(1 + 1) }, 1 == 1, { "block" }, ["a", "b"].concat().leak());
        let not_found = one!(Some(&0), ready(Some(&1)), "a".len() == 1, { "block" }, "handler");
        (found.to_string(), not_found)
    });
    assert_eq!(all, ("ab".to_string(), "block"));
}

#[test]
fn what_waits_for_parts_that_are_send_is_send() {
    fn assert_send<T: Send>(part: T) -> T {
        part
    }
    let selected = assert_send(async {
        select! {
            Some(x) = ready(Some(1)), if true => { sim_executor::join!(ready(x), async { 2 }) }
            else => (0, 0),
        }
    });
    assert_eq!(run(selected), (1, 2));
}

#[test]
fn a_task_without_budget_polls_no_branch() {
    let config = Config { budget: Some(128), ..Config::default() };
    let taken = Executor::with_config(config, ProductionOrder)
        .block_on(async {
            let mut taken = 0;
            select! {
                biased;
                () = async {
                    loop {
                        select! { biased; () = coop::consume_budget() => taken += 1, () = ready(()) => break }
                    }
                } => unreachable!("the branch that needs no budget was polled without budget"),
                () = sim_executor::yield_now() => {}
            }
            taken
        })
        .unwrap();
    assert_eq!(taken, 2 * 128, "in each of two polls");
}

#[test]
fn there_may_be_64_branches() {
    macro_rules! with_branches {
        ($($number:literal)*) => {
            async move {
                select! {
                    $(x = async { 100 + $number }, if $number == 63 => x,)*
                }
            }
        };
    }
    let last = run(with_branches!(
        0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
        32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
    ));
    assert_eq!(last, 163);
}

#[test]
fn the_first_branch_is_a_choice_of_the_seed_unless_it_is_biased() {
    let first_of = |seed, is_biased: bool| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        executor
            .block_on(async move {
                if is_biased {
                    select! { biased; _ = ready(()) => 0, _ = ready(()) => 1, _ = ready(()) => 2 }
                } else {
                    select! { _ = ready(()) => 0, _ = ready(()) => 1, _ = ready(()) => 2 }
                }
            })
            .unwrap()
    };
    let mut seen = [0; 3];
    for seed in 0..60 {
        assert_eq!(first_of(seed, true), 0);
        seen[first_of(seed, false)] += 1;
    }
    assert!(seen.iter().all(|&count| count > 5), "{seen:?}");
}

#[test]
fn outside_of_a_run_the_first_branch_is_the_one_written_first() {
    let mut chosen = pin!(async {
        select! { x = ready(1) => x, x = ready(2) => x }
    });
    let polled = chosen.as_mut().poll(&mut Context::from_waker(std::task::Waker::noop()));
    assert_eq!(polled, Poll::Ready(1));
}
