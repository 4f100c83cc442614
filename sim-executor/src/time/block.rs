//! Holding a node's CPU: what a blocking call does to an event loop.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::clock::Instant;
use crate::context;

/// Holds the CPU of the current node for `duration`, as `time.sleep` does in an asyncio program.
///
/// No other task of the node is polled until it is over, and then this task goes on first. What comes from outside
/// meanwhile (timers, packets) is looked at after the node's current iteration. The other nodes go on.
pub fn block(duration: Duration) -> Block {
    Block { duration, until: None }
}

/// The future of [`block`].
#[must_use = "it holds the CPU only when it is awaited"]
#[derive(Debug)]
pub struct Block {
    duration: Duration,
    until: Option<Instant>,
}

impl Future for Block {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<()> {
        match self.until {
            None if self.duration.is_zero() => Poll::Ready(()),
            None => {
                self.until = Some(context::hold_cpu(self.duration));
                Poll::Pending
            }
            Some(until) if context::now() >= until => Poll::Ready(()),
            Some(_) => Poll::Pending,
        }
    }
}

/// Costs `duration` of the current node's CPU, for code that cannot await.
///
/// The node's own clock is ahead of the world's from here on; what it sends is stamped with its own time, and it is
/// polled again when the world has caught up. For a worker of [`spawn_blocking`](crate::spawn_blocking), only the worker is.
///
/// # Panics
/// Outside a task.
pub fn block_now(duration: Duration) {
    context::run_ahead(duration);
}
