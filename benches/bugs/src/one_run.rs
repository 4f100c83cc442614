//! One run of a program on Seedbed.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use send_wrapper::SendWrapper;
use sim_executor::{Config, Executor, JoinHandle, Outcome, Report, Source, World};

use crate::programs::Body;
use crate::runtime::{Runtime, Shared, number_from_the_start};

/// Seedbed's tasks.
pub(crate) struct Simulated;

/// A task that nobody cancels.
pub(crate) struct Joined(SendWrapper<JoinHandle<()>>);

impl Future for Joined {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut *self.0).poll(context).map(|ended| ended.expect("no task of a program panics"))
    }
}

impl Runtime for Simulated {
    type Task = Joined;

    fn spawn(future: impl Future<Output = ()> + Send + 'static) -> Joined {
        Joined(SendWrapper::new(sim_executor::spawn(future)))
    }
}

/// Makes one run: it fails if the bug shows.
pub(crate) fn run(
    world: &mut World,
    config: Config,
    body: Body,
    mended: bool,
    source: Box<dyn Source>,
) -> Report {
    number_from_the_start();
    let bug = Shared::new(false);
    let mut executor = Executor::in_world(config, source, world);
    let ended = executor.block_on(body(mended, &bug));
    let outcome = match ended {
        Ok(()) if bug.get() => Outcome::Failed { message: "the bug shows".to_string() },
        Ok(()) => Outcome::Done,
        Err(error) => error.into(),
    };
    executor.finish_into(outcome, world)
}
