//! Letting others go first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::choice::Label;
use crate::context;

/// Goes to the back of the ready queue once, without a timer: what asyncio's `sleep(0)` does.
///
/// # Panics
/// When awaited outside a run.
pub fn yield_now() -> YieldNow {
    YieldNow { yielded: false }
}

/// The future of [`yield_now`].
#[must_use = "nothing is yielded until it is awaited"]
#[derive(Debug)]
pub struct YieldNow {
    yielded: bool,
}

impl Future for YieldNow {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.yielded {
            return Poll::Ready(());
        }
        self.yielded = true;
        context::wake_again(Label::YIELD, context.waker());
        Poll::Pending
    }
}
