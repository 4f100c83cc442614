//! How much a task does in one poll: one that never has to wait is made to yield, or is stopped by a limit.

use std::cell::Cell;
use std::task::Context;

use super::{CURRENT, Current, wake_again, with};
use crate::choice::Label;
use crate::limits::LimitReached;
use crate::run::Culprit;

/// What is done in the polls of a run.
///
/// Most of it is counted in one number that is set back at the end of each poll, so that an operation costs next to nothing
/// for it.
#[derive(Debug)]
pub(super) struct Turn {
    /// The operations that were over in this poll.
    done: Cell<u32>,
    /// With so many it has to be looked whether there may be more.
    done_max: Cell<u32>,
    has_budget: Cell<bool>,
    /// Calls that never wait, of all polls. They are looked at now and then only.
    calls: Cell<u32>,
    /// The poll that was under way when it was last looked at how much was done, and that, in steps of [`STRIDE`].
    poll: Cell<u64>,
    in_poll: Cell<u64>,
}

const STRIDE: u32 = 1_024;

impl Turn {
    pub(super) const fn new() -> Self {
        Turn {
            done: Cell::new(0),
            done_max: Cell::new(STRIDE),
            has_budget: Cell::new(false),
            calls: Cell::new(0),
            poll: Cell::new(0),
            in_poll: Cell::new(0),
        }
    }

    /// Begins with a run whose tasks have this budget.
    pub(super) fn begin(&self, budget: Option<u32>) {
        self.done.set(0);
        self.done_max.set(budget.unwrap_or(STRIDE));
        self.has_budget.set(budget.is_some());
        self.calls.set(0);
        self.poll.set(0);
        self.in_poll.set(0);
    }

    /// Begins a poll.
    #[inline(always)]
    pub(super) fn begin_poll(&self) {
        self.done.set(0);
    }

    #[inline(always)]
    fn is_over(&self) -> bool {
        self.done.get() >= self.done_max.get()
    }

    #[inline(always)]
    fn count_operation(&self) {
        self.done.set(self.done.get().wrapping_add(1));
    }

    /// Counts a call that never waits; whether it has to be looked at how many there are.
    #[inline(always)]
    fn count_call(&self) -> bool {
        let calls = self.calls.get().wrapping_add(1);
        self.calls.set(calls);
        calls.is_multiple_of(STRIDE)
    }

    /// Adds a stride to what this poll has done, if all of it was in this poll, as `in_this` says or the last look shows.
    #[cold]
    fn is_within_limit(&self, in_this: bool) -> bool {
        with(|run| {
            let mut core = run.core_mut();
            let polls = core.polling.polls();
            if self.poll.replace(polls) != polls {
                self.in_poll.set(0);
                if !in_this {
                    return true;
                }
            }
            self.in_poll.set(self.in_poll.get() + u64::from(STRIDE));
            let tasks = core.polling.tasks().most();
            if self.in_poll.get() < core.verdict.limits().operations_per_poll_of(tasks) {
                return true;
            }
            match core.polling.current() {
                Some(task) => {
                    core.verdict.limit_reached_by(Culprit::Hog(task), LimitReached::operations_per_poll);
                }
                None => core.limit_reached(LimitReached::operations_per_poll),
            }
            false
        })
    }
}

/// Whether the current task may do one more operation in this poll; a leaf future that gets `false` is pending. To be asked
/// before an operation that may be over at once, again and again, such as a read.
///
/// It says no when the task has used up its budget ([`Config::budget`](crate::Config::budget)): then the waker is woken, so
/// that the task goes on when others have had their turn. It also says no beyond
/// [`Limits::operations_per_poll_max`](crate::Limits::operations_per_poll_max): then the run ends after this poll.
///
/// An operation that is over counts, and one that has to wait does not: see [`made_progress`].
///
/// # Panics
/// Outside a run.
#[inline]
#[must_use = "a future that may not go on is pending"]
pub fn may_go_on(context: &Context<'_>) -> bool {
    CURRENT.with(|current| !current.turn.is_over() || may_still_go_on(current, context))
}

/// Whether the current task may do one more operation in this poll without a second look, as nearly always, and does not stop at
/// [`wants_io_points`](super::wants_io_points). If not, [`may_go_on`] has to be asked.
#[inline]
#[must_use = "a future that does not go on at once asks `may_go_on`"]
pub fn goes_on_at_once() -> bool {
    CURRENT.with(|current| !current.turn.is_over() && !current.wanted.io_points.get())
}

#[cold]
#[inline(never)]
fn may_still_go_on(current: &Current, context: &Context<'_>) -> bool {
    let turn = &current.turn;
    if current.polled.get() == 0 {
        // Between polls there is no task that could yield.
        turn.begin_poll();
        return true;
    }
    if turn.has_budget.get() {
        // A task that asks on and on, though it has to yield, is stopped too.
        if !turn.count_call() || turn.is_within_limit(false) {
            wake_again(Label::BUDGET, context.waker());
        }
        return false;
    }
    if turn.is_within_limit(true) {
        turn.begin_poll();
        return true;
    }
    false
}

/// An operation of the current task was over without a wait: it counts towards [`Config::budget`](crate::Config::budget).
#[inline]
pub fn made_progress() {
    CURRENT.with(|current| current.turn.count_operation());
}

/// Whether the current task has not used up its budget in this poll, as `tokio::task::coop::has_budget_remaining` says.
#[inline]
pub(crate) fn has_budget_remaining() -> bool {
    CURRENT.with(|current| !current.turn.is_over() || !current.turn.has_budget.get())
}

/// Calls `what` as if the task had no budget: nothing that it does counts.
pub(crate) fn without_budget<R>(what: impl FnOnce() -> R) -> R {
    struct GoBack {
        done: u32,
        done_max: u32,
        has_budget: bool,
    }
    impl Drop for GoBack {
        fn drop(&mut self) {
            CURRENT.with(|current| {
                current.turn.done.set(self.done);
                current.turn.done_max.set(self.done_max);
                current.turn.has_budget.set(self.has_budget);
            });
        }
    }
    let _before = CURRENT.with(|current| GoBack {
        done: current.turn.done.replace(0),
        done_max: current.turn.done_max.replace(STRIDE),
        has_budget: current.turn.has_budget.replace(false),
    });
    what()
}

/// Counts a call that never waits, and is no future that could be pending: opening a socket, looking at the time, a `try_`
/// call. In a poll in which there are too many it does not come back: it unwinds, and the run ends with the limit
/// [`Limits::operations_per_poll_max`](crate::Limits::operations_per_poll_max).
///
/// Outside a run it does nothing.
#[inline]
pub fn count_call() {
    CURRENT.with(|current| {
        if current.turn.count_call() {
            look_at_calls(current);
        }
    });
}

/// What is thrown where a task that does not come back is stopped. The task counts as pending after that, so that the report
/// names it.
pub(crate) struct Stopped;

#[cold]
#[inline(never)]
fn look_at_calls(current: &Current) {
    // Between polls there is no task to be stopped; while a panic unwinds, a second one would end the process.
    if current.polled.get() != 0 && !std::thread::panicking() && !current.turn.is_within_limit(false) {
        // Without the panic hook: the report of the limit says it all.
        std::panic::resume_unwind(Box::new(Stopped));
    }
}
