//! Letting time pass, or others go first.

use std::future::Future as StdFuture;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::handle::Handle;

/// Waits for `duration` of virtual time. It ends two hops after its deadline: the timer settles a future, which wakes the
/// task. A sleep of zero is [`yield_now`].
///
/// # Errors
/// [`Exc::Cancelled`].
///
/// # Panics
/// Outside a run.
pub async fn sleep(duration: Duration) -> Result<(), Exc> {
    if duration.is_zero() {
        return yield_now().await;
    }
    let event_loop = EventLoop::current();
    let over = event_loop.create_future();
    let settled = over.clone();
    let _timer = CancelledOnDrop(event_loop.call_later(duration, move || settled.release()));
    over.await
}

/// Goes to the back of the ready queue once, without a future or a timer: `sleep(0)`.
///
/// # Errors
/// [`Exc::Cancelled`].
///
/// # Panics
/// Outside a run.
pub async fn yield_now() -> Result<(), Exc> {
    sim_executor::yield_now().await;
    EventLoop::current().core().take_raised().map_or(Ok(()), Err)
}

/// Holds the CPU of the current node for `duration`, as `time.sleep` does: nothing else of the loop happens meanwhile.
///
/// # Panics
/// Outside of a task or callback; between two runs use [`Runner::block`](crate::Runner::block).
pub fn block(duration: Duration) {
    sim_executor::time::block_now(duration);
}

/// Lets a future of another library be awaited in a task, so that a cancellation reaches it: the future is dropped then.
///
/// ```
/// use sim_asyncio::{Exc, Runner, cancellable};
/// use sim_executor::{Executor, ProductionOrder};
///
/// let mut executor = Executor::new(ProductionOrder);
/// let mut asyncio = Runner::new(&mut executor);
/// let task = asyncio.create_task("waits", cancellable(std::future::pending::<()>()));
/// asyncio.call_soon({
///     let task = task.clone();
///     move || {
///         task.cancel();
///     }
/// });
/// assert_eq!(asyncio.run_until_complete(&task).unwrap(), Err(Exc::Cancelled));
/// ```
///
/// # Errors
/// [`Exc::Cancelled`].
pub async fn cancellable<F: StdFuture>(future: F) -> Result<F::Output, Exc> {
    Cancellable { future: pin!(future), polled: false }.await
}

struct Cancellable<'future, F> {
    future: Pin<&'future mut F>,
    polled: bool,
}

impl<F: StdFuture> StdFuture for Cancellable<'_, F> {
    type Output = Result<F::Output, Exc>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polled
            && let Some(exc) = EventLoop::current().core().take_raised()
        {
            return Poll::Ready(Err(exc));
        }
        self.polled = true;
        self.future.as_mut().poll(context).map(Ok)
    }
}

/// A callback that is cancelled when the await that it belongs to is over, however that ends.
pub(crate) struct CancelledOnDrop(pub(crate) Handle);

impl Drop for CancelledOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
