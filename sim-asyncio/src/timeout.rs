//! A time limit for a part of a task: `asyncio.timeout`.

use std::cell::Cell;
use std::future::Future as StdFuture;
use std::rc::Rc;
use std::time::Duration;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::sleep::CancelledOnDrop;

/// Awaits `body`; if it takes longer than `limit` the task is cancelled, and what comes out of `body` by that is
/// [`Exc::Timeout`]. A body that swallows the cancellation just goes on. A cancellation that somebody else asked for
/// meanwhile stays one.
///
/// # Errors
/// Those of `body`; [`Exc::Timeout`].
///
/// # Panics
/// Outside of a task of this crate.
pub async fn timeout<T>(limit: Duration, body: impl StdFuture<Output = Result<T, Exc>>) -> Result<T, Exc> {
    let event_loop = EventLoop::current();
    let task = event_loop.current_task().expect("a timeout cancels the task in which it is: use it in one");
    let cancels_before = task.cancelling();
    let expiring = Rc::new(Cell::new(false));
    let expire = {
        let (task, expiring) = (task.clone(), Rc::clone(&expiring));
        move || {
            task.cancel();
            expiring.set(true);
        }
    };
    let handle =
        if limit.is_zero() { event_loop.call_soon(expire) } else { event_loop.call_later(limit, expire) };
    let cancelled = CancelledOnDrop(handle);
    let result = body.await;
    drop(cancelled);
    if expiring.get() && task.uncancel() <= cancels_before && matches!(result, Err(Exc::Cancelled)) {
        return Err(Exc::Timeout);
    }
    result
}
