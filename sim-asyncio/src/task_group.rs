//! Tasks that end together: `asyncio.TaskGroup`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future as StdFuture;
use std::panic::Location;
use std::rc::Rc;

use crate::event_loop::EventLoop;
use crate::exc::Exc;
use crate::future::Future;
use crate::group_error::{GroupError, GroupMisuse};
use crate::task::{AnyTask, Task};

/// Tasks of which none outlives the group: if one fails, the others are cancelled, and so is the body of the group.
/// asyncio keeps them in a set; here they are cancelled in the order of their creation.
///
/// What has no meaning is refused with a value, as asyncio raises a `RuntimeError`: to start a task in a group that was not
/// entered, that cancels its tasks, or that has ended; to enter one twice. A body that is refused never starts.
#[derive(Clone, Default)]
pub struct TaskGroup(Rc<State>);

#[derive(Default)]
struct State {
    /// The loop and the task that has entered the group.
    entered: RefCell<Option<(EventLoop, AnyTask)>>,
    tasks: RefCell<Vec<AnyTask>>,
    errors: RefCell<Vec<Exc>>,
    /// The first `KeyboardInterrupt` or `SystemExit`.
    base_error: RefCell<Option<Exc>>,
    aborting: Cell<bool>,
    /// Whether the parent is being cancelled because a task has failed.
    parent_cancelled: Cell<bool>,
    is_exiting: Cell<bool>,
    all_ended: RefCell<Option<Future<()>>>,
}

impl TaskGroup {
    /// A group that nobody has entered yet.
    #[must_use]
    pub fn new() -> Self {
        TaskGroup::default()
    }

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
    ///         group.create_task("fails", async { Err::<(), _>(Exc::raised("ValueError", "no")) })?;
    ///         group.create_task("sleeps", sleep(Duration::from_secs(60)))?;
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
    /// [`GroupError::Failed`] when a task or the body failed, [`GroupError::Cancelled`] when the group was cancelled,
    /// [`GroupError::Misused`] outside of a task of this crate.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn run<T>(body: impl AsyncFnOnce(TaskGroup) -> Result<T, Exc>) -> Result<T, GroupError> {
        let group = TaskGroup::new();
        group.enter()?;
        let result = body(group.clone()).await;
        group.exit(result).await
    }

    /// The same with a group that is there already: `async with group`.
    ///
    /// ```
    /// use sim_asyncio::{Runner, TaskGroup};
    /// use sim_executor::{Executor, ProductionOrder};
    ///
    /// let mut executor = Executor::new(ProductionOrder);
    /// let mut asyncio = Runner::new(&mut executor);
    /// let again = asyncio.run_coroutine("main", async {
    ///     let group = TaskGroup::new();
    ///     group.with(async { Ok(()) }).await?;
    ///     Ok(group.with(async { Ok(()) }).await.unwrap_err().to_string())
    /// });
    /// assert_eq!(again.unwrap().unwrap(), "TaskGroup <TaskGroup entered> has already been entered");
    /// ```
    ///
    /// # Errors
    /// As [`TaskGroup::run`], and when the group was entered before; then the body does not begin.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn with<T>(&self, body: impl StdFuture<Output = Result<T, Exc>>) -> Result<T, GroupError> {
        self.enter()?;
        let result = body.await;
        self.exit(result).await
    }

    /// Starts a task in the group.
    ///
    /// # Errors
    /// When the group was not entered, cancels its tasks, or has ended: the body is dropped and never begins.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn create_task<T, B>(&self, name: impl Into<Rc<str>>, body: B) -> Result<Task<T>, GroupMisuse>
    where
        T: Clone + 'static,
        B: StdFuture<Output = Result<T, Exc>> + 'static,
    {
        let event_loop = self.check()?;
        let task = event_loop.create_task_at(name.into(), body, Location::caller());
        let (state, ended) = (Rc::clone(&self.0), task.erased());
        self.0.tasks.borrow_mut().push(ended.clone());
        task.add_done_callback(move || state.one_ended(&ended));
        Ok(task)
    }

    /// The loop of a group that takes tasks.
    fn check(&self) -> Result<EventLoop, GroupMisuse> {
        let state = &self.0;
        let Some((event_loop, _)) = state.entered.borrow().clone() else {
            return Err(GroupMisuse::NotEntered { group: self.to_string() });
        };
        if state.is_exiting.get() && state.tasks.borrow().is_empty() {
            return Err(GroupMisuse::Finished { group: self.to_string() });
        }
        if state.aborting.get() {
            return Err(GroupMisuse::ShuttingDown { group: self.to_string() });
        }
        Ok(event_loop)
    }

    /// Makes the current task the one that is cancelled when a task of the group fails.
    pub(crate) fn enter(&self) -> Result<(), GroupMisuse> {
        if self.0.entered.borrow().is_some() {
            return Err(GroupMisuse::EnteredAgain { group: self.to_string() });
        }
        let event_loop = EventLoop::current();
        let Some(parent) = event_loop.current_task() else {
            return Err(GroupMisuse::NoParent { group: self.to_string() });
        };
        *self.0.entered.borrow_mut() = Some((event_loop, parent));
        Ok(())
    }

    /// Waits for the tasks, after a body that came to `result`.
    pub(crate) async fn exit<T>(&self, result: Result<T, Exc>) -> Result<T, GroupError> {
        let state = &self.0;
        let entered = state.entered.borrow().clone();
        let (event_loop, parent) = entered.expect("who leaves a group has entered it");
        state.is_exiting.set(true);
        if let Err(exc) = &result {
            state.note_base_error(exc);
        }
        let mut cancelled = matches!(result, Err(Exc::Cancelled));
        let mut message = event_loop.cancel_message();
        if state.parent_cancelled.get() {
            // Our own request: the failures tell why.
            cancelled &= parent.uncancel() > 0;
        }
        if result.is_err() && !state.aborting.get() {
            state.abort();
        }
        while !state.tasks.borrow().is_empty() {
            let all_ended = event_loop.create_future();
            *state.all_ended.borrow_mut() = Some(all_ended.clone());
            let waited = all_ended.await;
            *state.all_ended.borrow_mut() = None;
            if waited.is_err() && !state.aborting.get() {
                cancelled = true;
                message = event_loop.cancel_message();
                state.abort();
            }
        }
        event_loop.core().set_cancel_message(message);
        state.outcome(result, cancelled)
    }
}

impl State {
    /// What a group comes to when all its tasks have ended.
    fn outcome<T>(&self, result: Result<T, Exc>, cancelled: bool) -> Result<T, GroupError> {
        if let Some(exc) = self.base_error.take() {
            return Err(GroupError::Base(exc));
        }
        let mut exceptions = self.errors.take();
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

    fn note_base_error(&self, exc: &Exc) {
        let mut base_error = self.base_error.borrow_mut();
        if exc.ends_the_run() && base_error.is_none() {
            *base_error = Some(exc.clone());
        }
    }

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
        self.note_base_error(&exc);
        self.errors.borrow_mut().push(exc);
        let Some((_, parent)) = self.entered.borrow().clone() else { return };
        if parent.is_done() || self.aborting.get() || self.parent_cancelled.get() {
            return;
        }
        self.abort();
        // Also if it waits in `exit` already, as in Python 3.11.
        self.parent_cancelled.set(true);
        parent.cancel();
    }
}

impl fmt::Display for TaskGroup {
    /// As Python shows it: `<TaskGroup tasks=2 entered>`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = &self.0;
        out.write_str("<TaskGroup")?;
        let (tasks, errors) = (state.tasks.borrow().len(), state.errors.borrow().len());
        if tasks > 0 {
            write!(out, " tasks={tasks}")?;
        }
        if errors > 0 {
            write!(out, " errors={errors}")?;
        }
        if state.aborting.get() {
            out.write_str(" cancelling")?;
        } else if state.entered.borrow().is_some() {
            out.write_str(" entered")?;
        }
        out.write_str(">")
    }
}

impl fmt::Debug for TaskGroup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}
