//! Waiting for several futures' results: `asyncio.gather`.

use std::cell::Cell;
use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::future_core::{Canceller, Status};

/// The results of all, in the order of the arguments; the first exception ends the wait, while the others go on. It is
/// there two hops after the last of them ended.
///
/// Cancelling the future, or a task that awaits it, cancels all that it gathers; the wait ends when the first of them has.
///
/// # Panics
/// Outside a run.
pub fn gather<T, F>(children: impl IntoIterator<Item = F>) -> Future<Vec<T>>
where
    T: Clone + 'static,
    F: Into<Future<T>>,
{
    gather_into(children, true, |results| {
        results.into_iter().map(|result| result.expect("an exception ends a gather at once")).collect()
    })
}

/// As [`gather`], with exceptions among the results: `return_exceptions=True`.
///
/// # Panics
/// Outside a run.
pub fn gather_results<T, F>(children: impl IntoIterator<Item = F>) -> Future<Vec<Result<T, Exc>>>
where
    T: Clone + 'static,
    F: Into<Future<T>>,
{
    gather_into(children, false, |results| results)
}

struct Gathering<T, R> {
    children: Vec<Future<T>>,
    outer: Future<R>,
    finished: Cell<usize>,
    requested: Rc<Cell<bool>>,
    ends_at_exception: bool,
    collect: Collect<T, R>,
}

type Collect<T, R> = fn(Vec<Result<T, Exc>>) -> R;

fn gather_into<T, F, R>(
    children: impl IntoIterator<Item = F>,
    ends_at_exception: bool,
    collect: Collect<T, R>,
) -> Future<R>
where
    T: Clone + 'static,
    F: Into<Future<T>>,
    R: Clone + 'static,
{
    let children: Vec<Future<T>> = children.into_iter().map(Into::into).collect();
    let outer: Future<R> = match children.first() {
        Some(child) => Future::new(Rc::clone(child.core.loop_core())),
        None => EventLoop::current().create_future(),
    };
    if children.is_empty() {
        *outer.value.borrow_mut() = Some(collect(Vec::new()));
        outer.core.settle(Status::Done);
        return outer;
    }
    let unique = unique(&children);
    let requested = Rc::new(Cell::new(false));
    outer.core.set_canceller(Canceller::Gather {
        children: unique.iter().map(|child| Rc::clone(&child.core)).collect(),
        requested: Rc::clone(&requested),
    });
    let count = unique.len();
    let gathering = Rc::new(Gathering {
        children,
        outer: outer.clone(),
        finished: Cell::new(0),
        requested,
        ends_at_exception,
        collect,
    });
    for child in unique {
        let gathering = Rc::clone(&gathering);
        let core = Rc::clone(&child.core);
        core.add_call(move || gathering.child_ended(&child, count));
    }
    outer
}

/// Each once, in the order of the first times.
pub(crate) fn unique<T>(futures: &[Future<T>]) -> Vec<Future<T>> {
    let mut unique: Vec<Future<T>> = Vec::new();
    for future in futures {
        if !unique.iter().any(|other| other.is(future)) {
            unique.push(future.clone());
        }
    }
    unique
}

impl<T: Clone + 'static, R: Clone + 'static> Gathering<T, R> {
    fn child_ended(&self, child: &Future<T>, count: usize) {
        self.finished.set(self.finished.get() + 1);
        let status = child.core.status();
        if self.outer.is_done() {
            return;
        }
        if self.ends_at_exception {
            let exc = match status {
                Status::Cancelled => Some(Exc::Cancelled),
                Status::Failed(exc) => Some(exc),
                Status::Pending | Status::Done => None,
            };
            match exc {
                Some(Exc::Cancelled) => {
                    return self.outer.core.fail_cancelled(child.core.take_cancel_message());
                }
                Some(exc) => {
                    self.outer.core.settle(Status::Failed(exc));
                    return;
                }
                None => {}
            }
        }
        if self.finished.get() < count {
            return;
        }
        if self.requested.get() {
            self.outer.core.fail_cancelled(child.core.take_cancel_message());
            return;
        }
        let results = self.children.iter().filter_map(Future::result).collect();
        *self.outer.value.borrow_mut() = Some((self.collect)(results));
        self.outer.core.settle(Status::Done);
    }
}
