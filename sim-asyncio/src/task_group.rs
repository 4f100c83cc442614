//! Tasks that end together: `asyncio.TaskGroup`.

use std::cell::{Cell, RefCell};
use std::future::Future as StdFuture;
use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::task::{AnyTask, Task};

/// Tasks of which none outlives the group: if one fails, the others are cancelled, and so is the body of the group.
/// asyncio keeps them in a set; here they are cancelled in the order of their creation.
#[derive(Clone)]
pub struct TaskGroup(Rc<State>);

struct State {
    event_loop: EventLoop,
    parent: AnyTask,
    tasks: RefCell<Vec<AnyTask>>,
    errors: RefCell<Vec<Exc>>,
    aborting: Cell<bool>,
    /// Whether the parent is being cancelled because a task has failed.
    parent_cancelled: Cell<bool>,
    is_exiting: Cell<bool>,
    all_ended: RefCell<Option<Future<()>>>,
}

/// Why a group has no result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GroupError {
    /// The group was cancelled from outside.
    #[error("CancelledError")]
    Cancelled,
    /// Tasks, or the body, have failed: `ExceptionGroup`.
    #[error("ExceptionGroup: unhandled errors in a TaskGroup ({} sub-exception{})", exceptions.len(), if exceptions.len() == 1 { "" } else { "s" })]
    Failed {
        /// With what, in the order of the failures; that of the body is the last.
        exceptions: Vec<Exc>,
    },
}

impl From<GroupError> for Exc {
    fn from(error: GroupError) -> Self {
        match error {
            GroupError::Cancelled => Exc::Cancelled,
            GroupError::Failed { exceptions } => {
                let s = if exceptions.len() == 1 { "" } else { "s" };
                let count = exceptions.len();
                Exc::raised(
                    "ExceptionGroup",
                    format!("unhandled errors in a TaskGroup ({count} sub-exception{s})"),
                )
            }
        }
    }
}

impl TaskGroup {
    /// Awaits `body`, then all tasks that it has started in the group: `async with TaskGroup() as group`.
    ///
    /// ```
    /// use sim_asyncio::{Exc, GroupError, Runner, TaskGroup, sleep};
    /// use sim_executor::{Executor, ProductionOrder};
    /// use std::time::Duration;
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let main = asyncio.create_task("main", async {
    ///     let ended = TaskGroup::run(async |group| {
    ///         group.create_task("fails", async { Err::<(), _>(Exc::raised("ValueError", "no")) });
    ///         group.create_task("sleeps", sleep(Duration::from_secs(60)));
    ///         Ok(())
    ///     });
    ///     Ok(ended.await)
    /// });
    /// let ended = asyncio.run_until_complete(&main).unwrap().unwrap();
    /// assert_eq!(ended, Err(GroupError::Failed { exceptions: vec![Exc::raised("ValueError", "no")] }));
    /// assert_eq!(asyncio.time().to_string(), "0.000");
    /// ```
    ///
    /// # Errors
    /// [`GroupError::Failed`] when a task or the body failed, [`GroupError::Cancelled`] when the group was cancelled.
    ///
    /// # Panics
    /// Outside of a task of this crate.
    pub async fn run<T>(body: impl AsyncFnOnce(TaskGroup) -> Result<T, Exc>) -> Result<T, GroupError> {
        let event_loop = EventLoop::current();
        let parent =
            event_loop.current_task().expect("a group cancels the task in which it is: use it in one");
        let group = TaskGroup(Rc::new(State {
            event_loop,
            parent,
            tasks: RefCell::default(),
            errors: RefCell::default(),
            aborting: Cell::new(false),
            parent_cancelled: Cell::new(false),
            is_exiting: Cell::new(false),
            all_ended: RefCell::new(None),
        }));
        let result = body(group.clone()).await;
        group.exit(result).await
    }

    /// Starts a task in the group.
    ///
    /// # Panics
    /// Outside a run, or after the group has ended.
    #[track_caller]
    pub fn create_task<T, B>(&self, name: impl Into<Rc<str>>, body: B) -> Task<T>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let is_over = self.0.is_exiting.get() && self.0.tasks.borrow().is_empty();
        assert!(!is_over, "RuntimeError: the TaskGroup is finished");
        let task = self.0.event_loop.create_task(name, body);
        let (state, ended) = (Rc::clone(&self.0), task.erased());
        self.0.tasks.borrow_mut().push(ended.clone());
        task.add_done_callback(move || state.one_ended(&ended));
        task
    }

    async fn exit<T>(self, result: Result<T, Exc>) -> Result<T, GroupError> {
        let state = &self.0;
        state.is_exiting.set(true);
        let mut cancelled = matches!(result, Err(Exc::Cancelled));
        if state.parent_cancelled.get() {
            // Our own request: the failures tell why.
            cancelled &= state.parent.uncancel() > 0;
        }
        if result.is_err() && !state.aborting.get() {
            state.abort();
        }
        while !state.tasks.borrow().is_empty() {
            let all_ended = state.event_loop.create_future();
            *state.all_ended.borrow_mut() = Some(all_ended.clone());
            let waited = all_ended.await;
            *state.all_ended.borrow_mut() = None;
            if waited.is_err() && !state.aborting.get() {
                cancelled = true;
                state.abort();
            }
        }
        let mut exceptions = state.errors.take();
        if cancelled && exceptions.is_empty() {
            return Err(GroupError::Cancelled);
        }
        match result {
            Ok(value) if exceptions.is_empty() => return Ok(value),
            Ok(_) | Err(Exc::Cancelled) => {}
            Err(exc) => exceptions.push(exc),
        }
        if exceptions.is_empty() {
            Err(GroupError::Cancelled)
        } else {
            Err(GroupError::Failed { exceptions })
        }
    }
}

impl State {
    fn abort(&self) {
        self.aborting.set(true);
        let tasks = self.tasks.borrow().clone();
        for task in tasks {
            task.cancel();
        }
    }

    fn one_ended(&self, task: &AnyTask) {
        let left = {
            let mut tasks = self.tasks.borrow_mut();
            tasks.retain(|other| other != task);
            tasks.len()
        };
        let all_ended = self.all_ended.borrow().clone();
        if let (0, Some(all_ended)) = (left, all_ended) {
            all_ended.release();
        }
        let Some(exc) = task.exception() else { return };
        self.errors.borrow_mut().push(exc);
        if self.parent.is_done() || self.aborting.get() || self.parent_cancelled.get() {
            return;
        }
        self.abort();
        // Also if it waits in `exit` already, as in Python 3.11.
        self.parent_cancelled.set(true);
        self.parent.cancel();
    }
}
