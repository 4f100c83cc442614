//! Whether an await suspends.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

/// Awaits a future; tells what there was to see after its first turn, and whether it suspended then.
pub(super) async fn watch<F: Future, T>(future: F, look: impl Fn() -> T) -> (F::Output, T, bool) {
    let mut future = pin!(future);
    let first = poll_fn(|context| Poll::Ready(future.as_mut().poll(context))).await;
    let seen = look();
    match first {
        Poll::Ready(output) => (output, seen, false),
        Poll::Pending => (future.await, seen, true),
    }
}
