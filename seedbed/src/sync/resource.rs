//! A primitive as its run sees it: what it is called, who has it, where tasks stop before they use it and wait for it.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use sim_executor::{Access, DecisionPoint, Label, context, decision_point, mix};

use super::book;
use super::known::{Held, Known, Side};
use super::operation::Operation;

/// What a primitive is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    /// For people: `lock`.
    pub(super) word: &'static str,
    /// For the names of its resources.
    pub(super) label: Label,
}

impl Kind {
    pub(super) const fn new(word: &'static str) -> Self {
        Kind { word, label: Label::new(word) }
    }
}

/// A primitive's place in the run. It has a name of its own, or is called by who made it, and where.
pub(super) struct Resource {
    kind: Kind,
    name: Option<String>,
    made_at: &'static Location<'static>,
    /// By whom: the hash of the lineage, and the how-manieth of its kind. Nobody outside of a run.
    made_by: Option<(u64, u32)>,
    known: OnceLock<Arc<Known>>,
}

impl Resource {
    #[track_caller]
    pub(super) fn new(kind: Kind) -> Self {
        let made_by = context::in_run().then(|| context::made(kind.label));
        Resource { made_by, ..Resource::const_new(kind) }
    }

    #[track_caller]
    pub(super) fn named(kind: Kind, name: String) -> Self {
        Resource { name: Some(name), ..Resource::new(kind) }
    }

    /// Of what is made before all runs.
    #[track_caller]
    pub(super) const fn const_new(kind: Kind) -> Self {
        let made_at = Location::caller();
        Resource { kind, name: None, made_at, made_by: None, known: OnceLock::new() }
    }

    /// What a run knows of it. It is made when it is first needed: most primitives are never waited for.
    fn known(&self) -> &Arc<Known> {
        self.known.get_or_init(|| {
            Arc::new(Known::new(self.kind.word, self.name.clone(), self.made_at, self.made_by))
        })
    }

    /// For sources that want to know which polls race.
    fn id(&self) -> sim_executor::Resource {
        let (lineage, ordinal) = self.made_by.unwrap_or_default();
        sim_executor::Resource::new(self.kind.label, mix(lineage, u64::from(ordinal)))
    }

    /// The current task uses it, now.
    pub(super) fn touch(&self, access: Access) {
        context::access_named(self.id(), access, || self.known().to_string());
    }

    /// The same, and it is the last that was at this end of it.
    pub(super) fn touch_at(&self, side: Side) {
        self.touch(Access::Write);
        if context::in_run() {
            self.known().note_user(side);
        }
    }

    /// The current task has so much of it from now on.
    pub(super) fn hold(&self, permits: usize) -> Option<Held> {
        if context::in_run() { Known::hold(self.known(), permits) } else { None }
    }

    /// What lets others go before an operation.
    pub(super) fn point(&self, operation: Operation) -> DecisionPoint {
        decision_point(operation.label()).before(self.id(), operation.access())
    }

    /// Says that the current task waits for it.
    pub(super) fn wait(&self, operation: Operation) {
        if context::in_run() {
            context::wait_at(operation.label(), book::number(self.known(), operation));
        }
    }

    /// Polls what is pending as long as the operation has to wait, which the task then says.
    pub(super) fn poll<T>(&self, operation: Operation, polled: Poll<T>) -> Poll<T> {
        match polled {
            Poll::Pending => self.wait(operation),
            Poll::Ready(_) => self.touch(operation.access()),
        }
        polled
    }

    /// Waits for a future, which the task says.
    pub(super) async fn wait_for<F: Future>(&self, operation: Operation, future: F) -> F::Output {
        let mut future = pin!(future);
        poll_fn(|context| self.poll(operation, future.as_mut().poll(context))).await
    }

    /// Does an operation: others may go first, then it waits for as long as it has to.
    pub(super) async fn act<F: Future>(&self, operation: Operation, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut point = self.point(operation);
        poll_fn(|context: &mut Context<'_>| {
            if point.poll_once(context).is_pending() {
                return Poll::Pending;
            }
            self.poll(operation, future.as_mut().poll(context))
        })
        .await
    }
}

impl fmt::Debug for Resource {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.known().fmt(out)
    }
}

/// # Panics
/// In a run, whose one thread would stand still.
#[track_caller]
pub(super) fn refuse_to_block(instead: &str) {
    assert!(
        !context::in_run(),
        "Cannot block the current thread from within a runtime, which a run is: use {instead}"
    );
}
