//! A task's future, and after its end the output until someone takes it: one allocation for both.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project_lite::pin_project! {
    /// What a task's memory holds.
    #[project = StageProjection]
    pub(crate) enum Stage<F: Future> {
        Running { #[pin] future: F },
        Ended { output: Option<F::Output> },
    }
}

/// A [`Stage`] of any future.
pub(crate) trait Pollable {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()>;

    /// Moves the output into `into`, an `Option` of the output's type.
    fn take_output(self: Pin<&mut Self>, into: &mut dyn Any);
}

impl<F> Pollable for Stage<F>
where
    F: Future + 'static,
{
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let output = match self.as_mut().project() {
            StageProjection::Running { future } => match future.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(output) => output,
            },
            StageProjection::Ended { .. } => panic!("a task was polled after its end"),
        };
        self.set(Stage::Ended { output: Some(output) });
        Poll::Ready(())
    }

    fn take_output(self: Pin<&mut Self>, into: &mut dyn Any) {
        let into = into.downcast_mut::<Option<F::Output>>();
        if let (Some(into), StageProjection::Ended { output }) = (into, self.project()) {
            *into = output.take();
        }
    }
}
