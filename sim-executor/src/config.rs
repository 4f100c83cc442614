//! How a run is made.

use std::time::Duration;

use crate::around::Around;
use crate::await_site::AwaitLook;
use crate::choice::Ratio;
use crate::leaks::Leaks;
use crate::limits::Limits;
use crate::trace::TraceLevel;

/// How a run is made. The default keeps nothing but the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// The bounds of the run.
    pub limits: Limits,
    /// How much the trace holds. Default: nothing.
    pub trace: TraceLevel,
    /// Whether all decisions are recorded. Default: no.
    pub record: bool,
    /// Whether it is kept how long tasks wait for their polls. Default: no.
    pub stats: bool,
    /// After how many holds of its node's CPU a ready task is polled first, in place of what the source asks for:
    /// [`Needs::holds_max`](crate::Needs). Default: as the source says, which is four for most. In production order
    /// it means nothing.
    pub holds_max: Option<u32>,
    /// After how many operations in one poll a task has to yield, as tokio's tasks do after 128: reads and writes of
    /// sockets, sleeps, awaited handles that were over without a wait. Default: none, as in asyncio, where an `await` that need
    /// not wait does not yield. `#[seedbed::test]` sets tokio's.
    pub budget: Option<u32>,
    /// What stands around each poll. Default: nothing.
    pub around: Option<Around>,
    /// Whether it is looked up in which function each panic was, which takes some milliseconds: see
    /// [`context::note_panic_in`](crate::context::note_panic_in). Default: no.
    pub panic_functions: bool,
    /// What looks where in the program each waiting task awaits, if the run fails; and whether it is kept who last used which socket. It
    /// costs some milliseconds, so a failing run is made again with it. It does not change the run. Default: nothing.
    pub awaits: Option<AwaitLook>,
    /// The virtual time that each poll costs its node's CPU. Default: zero.
    pub poll_cost: Duration,
    /// Whether each run draws which kinds of faults are on in it, of those that have a probability: each is on in one of two (swarm
    /// testing; Groce and others, ISSTA 2012). A run in which fewer things go wrong goes further with those that do. Default: no.
    pub swarm: bool,
    /// How probable it is, after each poll in which a task has begun to wait, that it is polled once more although nobody has woken it. A future
    /// has to bear that. Default: never.
    pub spurious_polls: Ratio,
    /// How probable it is, at each await of the body of a [`timeout`](crate::time::timeout), that its time is over there, whatever the clock says.
    /// Default: never.
    pub cancel_timeouts: Ratio,
    /// How probable it is, at each await of a [`select!`](crate::select), that a sleep in one of its branches is over there, whatever the clock
    /// says: then the other branches are dropped at that await. A sleep counts however deep it is in the branch: also that of an
    /// [`Interval`](crate::time::Interval). Default: never.
    pub cancel_selects: Ratio,
    /// How probable it is that an abort of a task which is ready lands one poll later, as if another thread were polling the task just
    /// then: it goes on to its next await, and is dropped there. Default: never.
    pub late_aborts: Ratio,
    /// Whether an operation of a socket, or a sleep, that is ready at once is a decision point, as those of a lock are: others may go first
    /// where the source wants decision points at all, so not in production order or plain random order. It makes runs longer. Default: no.
    pub io_points: bool,
    /// What becomes of a task that nobody can wake any more. Default: nothing is known of that.
    pub dead_wakers: DeadWakers,
    /// How much may be left when the run ends as it should: more is a failure, that names it. Default: it is not looked at.
    pub leaks: Option<Leaks>,
    /// How probable the trouble of [`buggify!`](crate::buggify) is. Default: as in FoundationDB.
    pub buggify: Buggify,
    /// The least important `tracing` events that are captured. Default: `INFO`.
    #[cfg(feature = "tracing")]
    pub tracing_level: tracing_core::LevelFilter,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            limits: Limits::default(),
            trace: TraceLevel::Off,
            record: false,
            stats: false,
            holds_max: None,
            budget: None,
            around: None,
            panic_functions: false,
            awaits: None,
            poll_cost: Duration::ZERO,
            swarm: false,
            spurious_polls: Ratio::NEVER,
            cancel_timeouts: Ratio::NEVER,
            cancel_selects: Ratio::NEVER,
            late_aborts: Ratio::NEVER,
            io_points: false,
            dead_wakers: DeadWakers::Unknown,
            leaks: None,
            buggify: Buggify::default(),
            #[cfg(feature = "tracing")]
            tracing_level: tracing_core::LevelFilter::INFO,
        }
    }
}

/// What becomes of a task that waits, of whose waker no clone is left, and that neither a timer nor a handle knows: it will never be
/// polled again, and whoever waits for it waits for ever. That is exact, and costs a count for each clone of a waker.
///
/// A task that is meant to wait for ever, such as one that awaits [`std::future::pending`], is one of these too.
///
/// ```
/// use sim_executor::{Config, DeadWakers, Executor, ProductionOrder, spawn_named, time};
/// use std::time::Duration;
///
/// let config = Config { dead_wakers: DeadWakers::Fail, ..Config::default() };
/// let ended = Executor::with_config(config, ProductionOrder).block_on(async {
///     // Forgets to keep the waker.
///     let answer = spawn_named("answer", std::future::poll_fn(|_| std::task::Poll::<()>::Pending));
///     let _ = time::timeout(Duration::from_secs(60), answer).await;
/// });
/// let text = ended.unwrap_err().to_string();
/// assert!(text.starts_with("at 0.000: nobody can wake main/answer any more"), "{text}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeadWakers {
    /// It is not known.
    #[default]
    Unknown,
    /// The report of a run says it of each pending task: [`PendingTask::has_dead_waker`](crate::PendingTask::has_dead_waker).
    Told,
    /// The run fails at once.
    Fail,
}

/// How probable the trouble of [`buggify!`](crate::buggify) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buggify {
    /// That a place makes trouble in a run at all. Default: one in four.
    pub sites: Ratio,
    /// That such a place makes trouble each time. Default: one in four.
    pub fires: Ratio,
}

impl Buggify {
    /// No trouble at all.
    pub const OFF: Buggify = Buggify { sites: Ratio::NEVER, fires: Ratio::NEVER };
}

impl Default for Buggify {
    fn default() -> Self {
        Buggify { sites: Ratio::one_in(4), fires: Ratio::one_in(4) }
    }
}
