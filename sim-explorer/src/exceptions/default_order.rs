//! The default order: a task goes on for as long as it can.

use std::ops::ControlFlow;

use sim_executor::{Candidate, Candidates, Needs, Point, Source, TaskId, Value};

use crate::strategy::ready_tasks::pick;

/// The order in which exceptions are told: the task that was polled last goes on while it is ready and did not let others go
/// first, for [`DefaultOrder::QUOTA`] contended steps at most; else the task that was woken first is polled first, in all nodes.
/// Every other question has its gentlest answer.
///
/// The failures of most programs differ from this order in one or two switches. From the order in which tasks take turns
/// they may differ in dozens, since there nothing goes on by itself.
///
/// ```
/// use sim_executor::{Executor, spawn, yield_now};
/// use sim_explorer::DefaultOrder;
/// use std::{cell::RefCell, rc::Rc, task::Poll};
///
/// /// A decision point that is no yield.
/// async fn pause() {
///     let mut paused = false;
///     std::future::poll_fn(|context| {
///         if paused {
///             return Poll::Ready(());
///         }
///         paused = true;
///         context.waker().wake_by_ref();
///         Poll::Pending
///     })
///     .await;
/// }
///
/// let seen = Rc::new(RefCell::new(String::new()));
/// let log = Rc::clone(&seen);
/// Executor::new(DefaultOrder::default()).block_on(async move {
///     let tasks = ["a", "b"].map(|name| {
///         let log = Rc::clone(&log);
///         spawn(async move {
///             log.borrow_mut().push_str(name);
///             pause().await;
///             log.borrow_mut().push_str(name);
///             yield_now().await;
///             log.borrow_mut().push_str(name);
///         })
///     });
///     for task in tasks {
///         task.await.unwrap();
///     }
/// }).unwrap();
/// assert_eq!(*seen.borrow(), "aabbab");
/// ```
#[derive(Clone, Debug, Default)]
pub struct DefaultOrder {
    /// The task that goes on, and for how many contended steps it has.
    current: Option<TaskId>,
    steps: u32,
}

impl DefaultOrder {
    /// For so many contended steps a task goes on. An order that is unfair for ever could keep a program from its end that
    /// waits actively for another task.
    pub const QUOTA: u32 = 100;

    /// Whose turn it is. To be asked once at each contended step, whoever is polled then.
    pub(crate) fn turn(&mut self, candidates: &dyn Candidates) -> Candidate {
        let latest = candidates.latest();
        self.steps = match latest {
            Some(latest) if self.current == Some(latest.task) => self.steps + 1,
            _ => 1,
        };
        self.current = latest.map(|latest| latest.task);
        let goes_on = latest.filter(|latest| !latest.yields && self.steps <= DefaultOrder::QUOTA);
        goes_on.unwrap_or_else(|| gentlest(candidates))
    }
}

fn gentlest(candidates: &dyn Candidates) -> Candidate {
    let gentlest = candidates.gentlest();
    find(candidates, |candidate| candidate.task == gentlest).expect("the gentlest is one of the candidates")
}

/// The first candidate of which this is so, in the order in which they are visited.
pub(super) fn find(
    candidates: &dyn Candidates,
    mut is_it: impl FnMut(&Candidate) -> bool,
) -> Option<Candidate> {
    let mut found = None;
    candidates.visit(&mut |candidate| {
        if is_it(&candidate) {
            found = Some(candidate);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    });
    found
}

impl Source for DefaultOrder {
    fn needs(&self) -> Needs {
        Needs { point_keys: true, ..Needs::default() }
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        crate::strategy::among(&point.domain).map(|candidates| pick(&self.turn(candidates)))
    }

    fn describe(&self) -> String {
        "default order".to_string()
    }
}
