//! A run in two phases: chaos, then a time in which all is well and the program has to get on.
//!
//! Faults hide mistakes: while links fail, a program that makes no progress may be right not to. So a test lets its run *settle* at
//! some moment. From then on no fault happens, no choice is drawn, tasks run in production order, nodes are up and links whole. A
//! program that still does not get on is livelocked, whatever went wrong before.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::context::{self, Node};
use crate::run::Plan;

/// When a run settles, and what it has to do then.
///
/// ```
/// use sim_executor::{Config, Executor, KeyedRandom, Settle, progress, settle, spawn, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(KeyedRandom::new(7));
/// let ended = executor.block_on(async {
///     Settle { chaos_max: Duration::from_secs(5), ..Settle::default() }.plan();
///     settle::chaos(async {
///         loop {
///             time::sleep(Duration::from_millis(100)).await; // and let a node crash, or cut a link
///         }
///     })
///     .await;
///     assert!(settle::is_settled());
///     loop {
///         time::sleep(Duration::from_secs(1)).await; // tries again for ever, and never says `progress!`
///     }
/// });
/// let error = ended.map(|()| ()).unwrap_err().to_string();
/// assert!(error.contains("Limits::livelock_min = 60.000 s is reached"), "{error}");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settle {
    /// The longest time from now to the moment at which the run settles. The moment is a choice, in milliseconds, and shrinks; the gentlest is
    /// now. Default: 10 s.
    pub chaos_max: Duration,
    /// The longest timeout of the program. Then there has to be a [`progress!`](crate::progress) within
    /// [`Limits::livelock_timeouts`](crate::Limits::livelock_timeouts) times that, and [`Limits::livelock_min`](crate::Limits::livelock_min) at
    /// least, again and again until the end of the run; else it is a livelock. Default: 3 s.
    pub timeout_max: Duration,
    /// How long after that moment all that was begun with [`eventually!`](crate::eventually) has to hold. Default: none; then it has to at
    /// the end of the run.
    pub response_max: Option<Duration>,
}

impl Default for Settle {
    fn default() -> Self {
        Settle { chaos_max: Duration::from_secs(10), timeout_max: Duration::from_secs(3), response_max: None }
    }
}

impl Settle {
    /// Lets the run settle, with all its nodes.
    ///
    /// # Panics
    /// Outside a run; if it was asked for before.
    pub fn plan(self) {
        self.plan_with(&[]);
    }

    /// Lets the run settle, with these nodes as its core: they come up and stay up, and the links between them are whole. The
    /// others stay as they are.
    ///
    /// # Panics
    /// Outside a run; if it was asked for before.
    pub fn plan_with(self, core: &[Node]) {
        let Settle { chaos_max, timeout_max, response_max } = self;
        let nodes = core.iter().map(Node::id).collect();
        context::plan_settling(Plan { timeout_max, response_max, nodes }, chaos_max);
    }
}

/// Whether the run has settled.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn is_settled() -> bool {
    context::settling_since().is_some()
}

/// Waits until the run settles; for ever, if nobody has asked for that.
///
/// # Panics
/// Outside a run.
pub async fn settled() {
    poll_fn(context::poll_settled).await;
}

/// Runs a future that does harm until the run settles, and drops it then. What it has done to nodes and links is undone by then, and
/// it cannot do more. `None` if it was dropped.
///
/// # Panics
/// Outside a run.
pub async fn chaos<F: Future>(harm: F) -> Option<F::Output> {
    let mut harm = pin!(harm);
    poll_fn(move |context| {
        if context::poll_settled(context).is_ready() {
            return Poll::Ready(None);
        }
        harm.as_mut().poll(context).map(Some)
    })
    .await
}
