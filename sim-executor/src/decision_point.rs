//! A moment at which another task may go first, though nothing has to be waited for.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::choice::{Access, Label, Resource};
use crate::context;

/// Lets the source decide who goes on before the task does this operation. An await that is ready at once lets nobody go first, so that
/// two such operations of one task are never pulled apart; on a runtime with many threads they are. A primitive of a library
/// awaits this before it acts.
///
/// The gentlest answer is that the task goes on. In production order, in plain random order, and where no other task is ready, this is
/// over at once.
///
/// ```
/// use sim_executor::{Executor, Label, KeyedRandom, decision_point, spawn};
/// # use sim_executor::{Candidates, Domain, Point, Source, Value};
/// # use std::{cell::Cell, ops::ControlFlow, rc::Rc};
/// # /// Has the other task go first, wherever it may.
/// # struct Others;
/// # impl Source for Others {
/// #     fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
/// #         let Domain::Among(candidates) = point.domain else { return None };
/// #         let mut other = None;
/// #         candidates.visit(&mut |candidate| {
/// #             if candidate.task != candidates.gentlest() {
/// #                 other = Some(Value::Pick { task: candidate.task, key: candidate.key });
/// #             }
/// #             ControlFlow::Continue(())
/// #         });
/// #         other
/// #     }
/// #     fn describe(&self) -> String { "others".to_string() }
/// # }
/// const TAKE: Label = Label::new("till.take");
///
/// let till = || async {
///     let till = Rc::new(Cell::new(10));
///     let buyers = [(); 2].map(|()| {
///         let till = Rc::clone(&till);
///         spawn(async move {
///             if till.get() >= 10 {
///                 decision_point(TAKE).await;
///                 till.set(till.get() - 10);
///             }
///         })
///     });
///     for buyer in buyers {
///         buyer.await.unwrap();
///     }
///     till.get()
/// };
/// assert_eq!(Executor::new(KeyedRandom::new(1)).block_on(till()).unwrap(), 0);
/// assert_eq!(Executor::new(Others).block_on(till()).unwrap(), -10, "both have looked before one took");
/// ```
pub fn decision_point(label: Label) -> DecisionPoint {
    DecisionPoint { label, touches: None, is_over: false }
}

/// The future of [`decision_point`].
#[derive(Debug)]
#[must_use = "nobody goes first until it is awaited"]
pub struct DecisionPoint {
    label: Label,
    touches: Option<(Resource, Access)>,
    is_over: bool,
}

impl DecisionPoint {
    /// The same, and it says what the operation touches, for sources that want to know which polls race.
    pub fn before(self, resource: Resource, access: Access) -> Self {
        DecisionPoint { touches: Some((resource, access)), ..self }
    }

    /// Whether it is pending. For a leaf future that holds it and acts when this is over.
    #[inline]
    pub fn poll_once(&mut self, context: &Context<'_>) -> Poll<()> {
        if self.is_over {
            return Poll::Ready(());
        }
        self.is_over = true;
        if !context::stop_at(context, self.label) {
            return Poll::Ready(());
        }
        if let Some((resource, access)) = self.touches {
            context::intend(resource, access);
        }
        Poll::Pending
    }
}

impl Future for DecisionPoint {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.poll_once(context)
    }
}
