//! What `join!` does with its futures; with that of `try_join!`.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use sim_executor::{Executor, Instant, ProductionOrder, join, time, try_join};

fn run<F: Future + 'static>(future: F) -> F::Output
where
    F::Output: 'static,
{
    Executor::new(ProductionOrder).block_on(future).unwrap()
}

type Notes = Rc<RefCell<Vec<&'static str>>>;

/// A future that notes its polls, and is ready at the last of so many.
struct Noted {
    name: &'static str,
    notes: Notes,
    polls_left: u32,
}

impl Future for Noted {
    type Output = &'static str;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<&'static str> {
        self.notes.borrow_mut().push(self.name);
        self.polls_left -= 1;
        if self.polls_left == 0 {
            return Poll::Ready(self.name);
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

fn noted(name: &'static str, notes: &Notes, polls_left: u32) -> Noted {
    Noted { name, notes: Rc::clone(notes), polls_left }
}

#[test]
fn all_outputs_are_given_in_the_written_order() {
    let joined = run(async {
        let slow = async {
            time::sleep(Duration::from_secs(2)).await;
            "slow"
        };
        join!(slow, ready(2), async { Some(3) },)
    });
    assert_eq!(joined, ("slow", 2, Some(3)));
    run(async { assert_eq!((join!(), join!(biased;), join!(ready(1))), ((), (), (1,))) });
    run(async { assert_eq!(join!(biased; ready(1), ready(2)), (1, 2)) });
}

#[test]
fn the_future_that_is_polled_first_changes_in_turn_unless_it_is_biased() {
    let (rotated, biased) = run(async {
        let notes = Notes::default();
        join!(noted("a", &notes, 3), noted("b", &notes, 4), noted("c", &notes, 3));
        let rotated = notes.take();
        join!(biased; noted("a", &notes, 2), noted("b", &notes, 3));
        (rotated.concat(), notes.take().concat())
    });
    assert_eq!(rotated, "abcbcacabb");
    assert_eq!(biased, "ababb");
}

#[test]
fn the_first_error_ends_a_try_join() {
    let failed = run(async {
        let late = async {
            time::sleep(Duration::from_secs(1)).await;
            Err::<u8, _>("late")
        };
        let never = pending::<Result<u8, &str>>();
        let failed = try_join!(never, late, async { Ok(3) });
        (failed, time::now() - Instant::START)
    });
    assert_eq!(failed, (Err("late"), Duration::from_secs(1)));
}

#[test]
fn a_try_join_without_error_gives_all_values() {
    let joined = run(async { try_join!(ready(Ok::<_, String>(1)), async { Ok("two") }) });
    assert_eq!(joined, Ok((1, "two")));
    let joined = run(async { try_join!(biased; ready(Ok::<_, Infallible>(1)),) });
    assert_eq!(joined, Ok((1,)));
    let none: Result<(), Infallible> = run(async { try_join!() });
    assert_eq!(none, Ok(()));
}

#[test]
fn futures_may_borrow_and_are_dropped_when_it_is_over() {
    let text = run(async {
        let mut text = String::from("a");
        let mut other = String::from("b");
        let failed: Result<((), ()), &str> = try_join!(
            async {
                text.push('c');
                Ok(())
            },
            async {
                other.push('d');
                Err("no")
            }
        );
        assert_eq!(failed, Err("no"));
        text + &other
    });
    assert_eq!(text, "acbd");
}
