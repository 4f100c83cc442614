//! What stands around each poll: for who watches a run from outside of it.

use std::fmt;
use std::panic::Location;

/// A function that is called for each poll of a task, and that makes it: for a watchdog, or for a budget of another library.
///
/// Its first argument tells which task is polled, to whom it is given. It stands outside of the run, and must not change what the
/// task does.
///
/// ```
/// use sim_executor::{Around, Config, Executor, ProductionOrder, TellPollOf};
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// static POLLS: AtomicU64 = AtomicU64::new(0);
///
/// fn count(tell: &TellPollOf<'_>, poll: &mut dyn FnMut()) {
///     tell(&mut |of| assert_eq!(of.task, "main"));
///     POLLS.fetch_add(1, Ordering::Relaxed);
///     poll();
/// }
///
/// let config = Config { around: Some(Around(count)), ..Config::default() };
/// Executor::with_config(config, ProductionOrder).block_on(sim_executor::yield_now()).unwrap();
/// assert_eq!(POLLS.load(Ordering::Relaxed), 2);
/// ```
#[derive(Clone, Copy)]
pub struct Around(pub fn(&TellPollOf<'_>, &mut dyn FnMut()));

/// Tells which task is polled, to whom it is given.
pub type TellPollOf<'a> = dyn Fn(&mut dyn FnMut(&PollOf<'_>)) + 'a;

impl PartialEq for Around {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for Around {}

impl fmt::Debug for Around {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Around").finish_non_exhaustive()
    }
}

/// Which task is polled.
#[derive(Clone, Copy, Debug)]
pub struct PollOf<'a> {
    /// The task's path of names.
    pub task: &'a str,
    /// Its node.
    pub node: &'a str,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// The operation at which it last waited before this poll, as far as that is known; `poll` if that is not known.
    pub waited_at: &'static str,
    /// Whether it is a function of `spawn_blocking`.
    pub is_blocking: bool,
}
