//! A workload: what every system is made to do, so that their costs can be compared.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

/// What to do; how often is the size that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Workload {
    /// [`YIELD_TASKS`] tasks that each yield `size` times.
    Yield,
    /// [`SLEEP_TASKS`] tasks that each sleep `size` times, for [`sleep_duration`].
    Sleep,
    /// `size` round trips of [`MESSAGE_BYTES`] over one TCP connection between two hosts.
    Echo,
    /// `size` complete simulations: two hosts, a connection, [`TINY_ROUND_TRIPS`] round trips, close.
    Tiny,
    /// `size` times: spawn a task that ends at once, and wait for it.
    Spawn,
    /// [`IDLE_HOSTS`] hosts, each with one task that sleeps once, for `size` virtual seconds.
    Idle,
    /// `size` writes of [`BULK_BYTES`] over one TCP connection between two hosts, read in pieces as large.
    Bulk,
    /// `size` datagrams of [`MESSAGE_BYTES`] from one host to each of [`FAN_OUT_HOSTS`], one for each and then a millisecond's
    /// sleep.
    FanOut,
    /// `size` hosts, each with a TCP connection to the next one, on which it asks and gets an answer of [`MESSAGE_BYTES`]
    /// once in a virtual second, [`HEARTBEATS`] times.
    Heartbeat,
    /// `size` hosts, each with a task that sleeps for a virtual second, [`HEARTBEATS`] times: all of them wake at one instant.
    Ticks,
    /// `size` tasks that sleep once: for what a task takes of memory.
    Tasks,
    /// `size` TCP connections between two hosts, each used once and then kept: for what a connection takes of memory.
    Connections,
}

pub(crate) const YIELD_TASKS: u64 = 1_000;
pub(crate) const SLEEP_TASKS: u64 = 10_000;
pub(crate) const MESSAGE_BYTES: usize = 64;
pub(crate) const TINY_ROUND_TRIPS: u64 = 10;
pub(crate) const IDLE_HOSTS: u64 = 1_000;
pub(crate) const BULK_BYTES: usize = 16_384;
pub(crate) const FAN_OUT_HOSTS: u64 = 50;
pub(crate) const HEARTBEATS: u64 = 60;

impl Workload {
    pub(crate) const ALL: [Self; 12] = [
        Self::Yield,
        Self::Sleep,
        Self::Echo,
        Self::Bulk,
        Self::FanOut,
        Self::Tiny,
        Self::Heartbeat,
        Self::Ticks,
        Self::Spawn,
        Self::Idle,
        Self::Tasks,
        Self::Connections,
    ];

    /// The name on the command line and in the table.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Yield => "w1",
            Self::Sleep => "w2",
            Self::Echo => "w4",
            Self::Tiny => "w7",
            Self::Spawn => "w9",
            Self::Idle => "idle",
            Self::Bulk => "w5",
            Self::FanOut => "w6",
            Self::Heartbeat => "w8",
            Self::Ticks => "w8t",
            Self::Tasks => "tasks",
            Self::Connections => "connections",
        }
    }
}

/// How long a task of [`Workload::Sleep`] sleeps in a round: 1 to 1,000 ms, spread evenly, the same in every system.
pub(crate) fn sleep_duration(task: u64, round: u64) -> Duration {
    Duration::from_millis(1 + (task * 7_919 + round * 104_729) % 1_000)
}

/// A yield as any future can do it, the same in every system: it wakes itself and is pending once.
pub(crate) async fn wake_and_wait() {
    let mut is_woken = false;
    poll_fn(|context| {
        if is_woken {
            return Poll::Ready(());
        }
        is_woken = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
