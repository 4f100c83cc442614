//! Waiting for one future, but not for ever: `asyncio.wait_for` of Python 3.11.

use std::time::Duration;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::{CallbackId, Future};
use crate::sleep::CancelledOnDrop;

/// Waits for a future for no longer than `timeout`; then it is cancelled, and the wait goes on until that has had its
/// effect. A result that is there by then wins over the timeout, and over a cancellation of the wait.
///
/// # Errors
/// Those of the future; [`Exc::Timeout`]; [`Exc::Cancelled`].
///
/// # Panics
/// Outside a run.
pub async fn wait_for<T: Clone + 'static>(future: impl Into<Future<T>>, timeout: Duration) -> Result<T, Exc> {
    let future = future.into();
    if timeout.is_zero() {
        if let Some(result) = future.raised_result() {
            return result;
        }
        return cancelled_in_time(&future).await;
    }
    let event_loop = EventLoop::current();
    let waiter = event_loop.create_future();
    let released = waiter.clone();
    let _timer = CancelledOnDrop(event_loop.call_later(timeout, move || released.release()));
    let callback = Release::on(&future, &waiter);
    let waited = waiter.await;
    drop(callback);
    if let Some(result) = future.raised_result() {
        return result;
    }
    match waited {
        Ok(()) => cancelled_in_time(&future).await,
        Err(exc) => {
            let message = event_loop.cancel_message();
            cancel_and_wait(&future).await?;
            event_loop.core().set_cancel_message(message);
            Err(exc)
        }
    }
}

/// Cancels it since the time is over; its result wins nevertheless.
async fn cancelled_in_time<T: Clone + 'static>(future: &Future<T>) -> Result<T, Exc> {
    cancel_and_wait(future).await?;
    match future.result() {
        Some(Err(Exc::Cancelled)) | None => Err(Exc::Timeout),
        Some(result) => result,
    }
}

async fn cancel_and_wait<T: Clone + 'static>(future: &Future<T>) -> Result<(), Exc> {
    let waiter = EventLoop::current().create_future();
    let _callback = Release::on(future, &waiter);
    future.cancel();
    waiter.await
}

/// A callback that settles a waiter; removed when it is dropped.
struct Release<T>(Future<T>, CallbackId);

impl<T> Release<T> {
    fn on(future: &Future<T>, waiter: &Future<()>) -> Self {
        let released = waiter.clone();
        let callback = future.add_done_callback(move || released.release());
        Release(future.clone(), callback)
    }
}

impl<T> Drop for Release<T> {
    fn drop(&mut self) {
        self.0.remove_done_callback(self.1);
    }
}
