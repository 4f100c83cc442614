//! A time limit for a part of a task: `asyncio.timeout`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::Instant;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::handle::Handle;
use crate::task::AnyTask;

/// A time limit that can be moved while it is in force. Cloning gives another reference to the same one.
///
/// ```
/// use sim_asyncio::{EventLoop, Exc, Runner, Timeout, sleep};
/// use sim_executor::{Executor, ProductionOrder};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let main = asyncio.create_task("main", async {
///     let limit = Timeout::after(None);
///     let moved = limit.clone();
///     let ended = limit.with(async move {
///         moved.reschedule(Some(EventLoop::current().time() + Duration::from_secs(2)))?;
///         sleep(Duration::from_secs(60)).await
///     });
///     assert_eq!(ended.await, Err(Exc::Timeout));
///     Ok(limit.is_expired())
/// });
/// assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(true));
/// assert_eq!(asyncio.time().to_string(), "2.000");
/// ```
#[derive(Clone)]
pub struct Timeout(Rc<State>);

struct State {
    phase: Cell<Phase>,
    when: Cell<Option<Instant>>,
    handle: RefCell<Option<Handle>>,
    /// Who has entered it, and how many requests to cancel that task there were.
    entered: RefCell<Option<(AnyTask, u64)>>,
}

/// How far a timeout has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Created,
    Active,
    Expiring,
    Expired,
    Finished,
}

impl fmt::Display for Phase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Phase::Created => "created",
            Phase::Active => "active",
            Phase::Expiring => "expiring",
            Phase::Expired => "expired",
            Phase::Finished => "finished",
        })
    }
}

/// A use of a [`Timeout`] that has no meaning: a `RuntimeError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeoutMisuse {
    /// It was to be moved before it was entered.
    #[error("Timeout has not been entered")]
    NotEntered,
    /// It was to be entered again.
    #[error("Timeout has already been entered")]
    EnteredAgain,
    /// It was to be entered outside of a task.
    #[error("Timeout should be used inside a task")]
    OutsideOfTask,
    /// It was to be moved when its time was over, or its body.
    #[error("Cannot change state of {state} Timeout")]
    Over {
        /// `expiring`, `expired` or `finished`.
        state: String,
    },
}

impl From<TimeoutMisuse> for Exc {
    fn from(misuse: TimeoutMisuse) -> Self {
        Exc::raised("RuntimeError", misuse)
    }
}

impl Timeout {
    /// A limit that is over after `delay` from now; `None`: never.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn after(delay: impl Into<Option<Duration>>) -> Self {
        Timeout::at(delay.into().map(|delay| EventLoop::current().time() + delay))
    }

    /// A limit that is over at `when`: `asyncio.timeout_at`; `None`: never.
    #[must_use]
    pub fn at(when: impl Into<Option<Instant>>) -> Self {
        Timeout(Rc::new(State {
            phase: Cell::new(Phase::Created),
            when: Cell::new(when.into()),
            handle: RefCell::new(None),
            entered: RefCell::new(None),
        }))
    }

    /// When its time is over.
    #[must_use]
    pub fn when(&self) -> Option<Instant> {
        self.0.when.get()
    }

    /// Whether its time was over before its body: `expired`.
    #[must_use]
    pub fn is_expired(&self) -> bool {
        matches!(self.0.phase.get(), Phase::Expiring | Phase::Expired)
    }

    /// Moves it; `None`: it is never over.
    ///
    /// # Errors
    /// When it is not in force: before it was entered, when its time is over, after its body.
    ///
    /// # Panics
    /// Outside a run.
    pub fn reschedule(&self, when: Option<Instant>) -> Result<(), TimeoutMisuse> {
        match self.0.phase.get() {
            Phase::Active => self.schedule(when),
            Phase::Created => return Err(TimeoutMisuse::NotEntered),
            phase => return Err(TimeoutMisuse::Over { state: phase.to_string() }),
        }
        Ok(())
    }

    fn schedule(&self, when: Option<Instant>) {
        self.0.when.set(when);
        self.cancel_timer();
        let Some(when) = when else { return };
        let event_loop = EventLoop::current();
        let state = Rc::clone(&self.0);
        let expire = move || {
            state.phase.set(Phase::Expiring);
            let task = state.entered.borrow().clone();
            if let Some((task, _)) = task {
                task.cancel();
            }
        };
        let is_over = when <= event_loop.time();
        let handle = if is_over { event_loop.call_soon(expire) } else { event_loop.call_at(when, expire) };
        *self.0.handle.borrow_mut() = Some(handle);
    }

    fn cancel_timer(&self) {
        if let Some(handle) = self.0.handle.take() {
            handle.cancel();
        }
    }

    /// Awaits `body` under the limit, as [`timeout`] does: `async with timeout`.
    ///
    /// # Errors
    /// Those of `body`; [`Exc::Timeout`]; a `RuntimeError` when it was entered before, or outside of a task of this crate.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn with<T>(&self, body: impl StdFuture<Output = Result<T, Exc>>) -> Result<T, Exc> {
        self.enter()?;
        let timer = CancelledTimer(self);
        let result = body.await;
        drop(timer);
        self.exit(result)
    }

    pub(crate) fn enter(&self) -> Result<(), TimeoutMisuse> {
        if self.0.phase.get() != Phase::Created {
            return Err(TimeoutMisuse::EnteredAgain);
        }
        let task = EventLoop::current().current_task().ok_or(TimeoutMisuse::OutsideOfTask)?;
        let cancels = task.cancelling();
        *self.0.entered.borrow_mut() = Some((task, cancels));
        self.0.phase.set(Phase::Active);
        self.schedule(self.0.when.get());
        Ok(())
    }

    /// What a body that came to `result` comes to under the limit.
    pub(crate) fn exit<T>(&self, result: Result<T, Exc>) -> Result<T, Exc> {
        self.cancel_timer();
        let entered = self.0.entered.take();
        let (task, cancels_before) = entered.expect("who leaves a timeout has entered it");
        if self.0.phase.get() != Phase::Expiring {
            self.0.phase.set(Phase::Finished);
            return result;
        }
        self.0.phase.set(Phase::Expired);
        let is_ours = task.uncancel() <= cancels_before;
        if is_ours && matches!(result, Err(Exc::Cancelled)) { Err(Exc::Timeout) } else { result }
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Timeout {}", self.0.phase.get())
    }
}

/// Cancels the timer when the await is over, however that ends.
struct CancelledTimer<'timeout>(&'timeout Timeout);

impl Drop for CancelledTimer<'_> {
    fn drop(&mut self) {
        self.0.cancel_timer();
    }
}

/// Awaits `body`; if it takes longer than `limit` the task is cancelled, and what comes out of `body` by that is
/// [`Exc::Timeout`]. A body that swallows the cancellation just goes on. A cancellation that somebody else asked for
/// meanwhile stays one. For a limit that is moved, or asked, use [`Timeout`].
///
/// # Errors
/// Those of `body`; [`Exc::Timeout`]; a `RuntimeError` outside of a task of this crate.
///
/// # Panics
/// Outside a run.
pub async fn timeout<T>(
    limit: impl Into<Option<Duration>>,
    body: impl StdFuture<Output = Result<T, Exc>>,
) -> Result<T, Exc> {
    Timeout::after(limit).with(body).await
}
