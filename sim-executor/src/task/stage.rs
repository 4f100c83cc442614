//! A task's memory: its future, after its end the output until someone takes it, then nothing until it is used again.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

pin_project_lite::pin_project! {
    #[project = StageProjection]
    #[project_replace = StageReplaced]
    enum Stage<F: Future> {
        Running { #[pin] future: F },
        Ended { output: F::Output },
        Vacant,
    }
}

/// The memory of one task after the other, all with futures of one type. Polled, vacated and dropped only while
/// nothing is borrowed, since that runs the program's code; the other operations run none.
pub(crate) type Memory = Pin<Box<dyn Pollable>>;

pub(crate) trait Pollable {
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()>;

    /// Moves the output into `into`, an `Option` of the output's type, and leaves the memory vacant.
    fn take_output(self: Pin<&mut Self>, into: &mut dyn Any);

    /// Drops the future or the output that is left.
    fn vacate(self: Pin<&mut Self>);

    /// Puts in the next future, which it takes out of an `Option` of the future's type.
    fn restart(self: Pin<&mut Self>, future: &mut dyn Any);
}

/// New memory with this future.
pub(crate) fn memory_of<F>(future: F) -> Memory
where
    F: Future + 'static,
{
    Box::pin(Stage::Running { future })
}

impl<F> Pollable for Stage<F>
where
    F: Future + 'static,
{
    #[inline]
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let StageProjection::Running { future } = self.as_mut().project() else {
            panic!("a task was polled after its end");
        };
        match future.poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(output) => {
                self.set(Stage::Ended { output });
                Poll::Ready(())
            }
        }
    }

    fn take_output(self: Pin<&mut Self>, into: &mut dyn Any) {
        let into =
            into.downcast_mut::<Option<F::Output>>().expect("a handle has the type of its task's output");
        if let StageReplaced::Ended { output } = self.project_replace(Stage::Vacant) {
            *into = Some(output);
        }
    }

    fn vacate(mut self: Pin<&mut Self>) {
        self.set(Stage::Vacant);
    }

    fn restart(mut self: Pin<&mut Self>, future: &mut dyn Any) {
        let future = future.downcast_mut::<Option<F>>().and_then(Option::take);
        let future = future.expect("memory is used again for futures of its type");
        assert!(matches!(self.as_mut().project(), StageProjection::Vacant), "the memory of a task is in use");
        self.set(Stage::Running { future });
    }
}
