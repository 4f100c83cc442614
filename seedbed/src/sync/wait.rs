//! A wait of our own primitives, which a report shows by its name.

use std::future::{Future, poll_fn};
use std::pin::pin;

use sim_executor::{Label, context};

/// Waits until it is notified, and says meanwhile that the task waits at `label`.
pub(super) async fn at(label: Label, notified: impl Future<Output = ()>) {
    let mut notified = pin!(notified);
    poll_fn(|context| {
        let polled = notified.as_mut().poll(context);
        if polled.is_pending() && context::in_run() {
            context::wait_at(label, 0);
        }
        polled
    })
    .await;
}
