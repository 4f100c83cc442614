//! What stands around each poll of a test: the watchdog, and tokio's budget.

use sim_executor::{Around, TellPollOf};

use crate::watchdog;

/// For [`Config::around`](sim_executor::Config::around).
pub(crate) const OF_A_TEST: Around = Around(around_poll);

fn around_poll(tell: &TellPollOf<'_>, poll: &mut dyn FnMut()) {
    let mut is_blocking = false;
    tell(&mut |of| {
        is_blocking = of.is_blocking;
        watchdog::begin_poll(of);
    });
    #[cfg(feature = "posix")]
    let poll = &mut || sim_posix::around_native(&mut *poll);
    #[cfg(feature = "tokio")]
    if is_blocking {
        poll()
    } else {
        tokios::poll_in_runtime(poll)
    }
    #[cfg(not(feature = "tokio"))]
    poll();
    watchdog::end_poll();
}

/// A poll as tokio's runtime makes it.
#[cfg(feature = "tokio")]
mod tokios {
    use std::future::poll_fn;
    use std::task::Poll;

    use tokio::runtime::{Builder, Runtime};

    thread_local! {
        /// Never driven, and without time and sockets: it is there for what tokio's primitives ask of the thread.
        static RUNTIME: Runtime = Builder::new_current_thread()
            .thread_name_fn(|| panic!("tokio::task::spawn_blocking has no place in a run: {INSTEAD}"))
            .build()
            .unwrap_or_else(|error| panic!("tokio cannot make a runtime: {error}"));
    }

    const INSTEAD: &str = "use seedbed::spawn, seedbed::task and seedbed::spawn_blocking";

    /// Polls inside of tokio's runtime, so that its channels and semaphores have a budget in this poll (after which they are
    /// pending, and wake the task at once), and so that its calls that block say that they may not.
    pub(super) fn poll_in_runtime(poll: &mut dyn FnMut()) {
        RUNTIME.with(|runtime| {
            let handle = runtime.handle();
            handle.block_on(poll_fn(|_| {
                poll();
                Poll::Ready(())
            }));
            // Nobody would ever run it.
            assert!(
                handle.metrics().num_alive_tasks() == 0,
                "tokio::spawn has no place in a run, which has no runtime of tokio: {INSTEAD}"
            );
        });
    }
}
