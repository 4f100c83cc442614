//! A set of tasks that are awaited in the order in which they end.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use crate::choice::TaskId;
use crate::context::{AbortHandle, JoinError, JoinHandle, made_progress, may_go_on, spawn};
use crate::local_set::{LocalSet, spawn_local};
use crate::spawn_blocking::spawn_blocking;

/// Tasks that are awaited together, as `tokio::task::JoinSet`: their outputs come in the order in which they end. Dropping the
/// set aborts all of them.
///
/// ```
/// use sim_executor::{Executor, JoinSet, ProductionOrder, time};
/// use std::time::Duration;
///
/// let ended = Executor::new(ProductionOrder).block_on(async {
///     let mut set = JoinSet::new();
///     for seconds in [3, 1, 2] {
///         set.spawn(async move {
///             time::sleep(Duration::from_secs(seconds)).await;
///             seconds
///         });
///     }
///     set.join_all().await
/// });
/// assert_eq!(ended.unwrap(), [1, 2, 3]);
/// ```
pub struct JoinSet<T> {
    /// By the order of their spawns.
    tasks: BTreeMap<u64, JoinHandle<T>>,
    spawned: u64,
    ends: Arc<Ends>,
}

/// What tasks tell the set at their ends. Shared by way of wakers, which may be sent to other threads: hence the lock.
#[derive(Default)]
struct Ends(Mutex<Ended>);

#[derive(Default)]
struct Ended {
    /// Ended, and not taken yet.
    tasks: VecDeque<u64>,
    /// Who waits for the next.
    waker: Option<Waker>,
}

impl Ends {
    fn lock(&self) -> MutexGuard<'_, Ended> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Wakes the set at the end of one task.
struct End {
    number: u64,
    ends: Arc<Ends>,
}

impl Wake for End {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let waker = {
            let mut ended = self.ends.lock();
            ended.tasks.push_back(self.number);
            ended.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl<T> JoinSet<T> {
    /// A set without tasks.
    #[must_use]
    pub fn new() -> Self {
        JoinSet { tasks: BTreeMap::new(), spawned: 0, ends: Arc::default() }
    }

    /// How many tasks there are whose outputs were not taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether there is no task whose output was not taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Aborts all tasks; they stay in the set until they are joined.
    pub fn abort_all(&mut self) {
        self.tasks.values().for_each(JoinHandle::abort);
    }

    /// Takes all tasks out of the set; they go on.
    pub fn detach_all(&mut self) {
        self.tasks.clear();
        self.ends.lock().tasks.clear();
    }

    /// The next task that has ended.
    fn take_ended(&mut self) -> Option<JoinHandle<T>> {
        loop {
            let number = self.ends.lock().tasks.pop_front()?;
            if let Some(handle) = self.tasks.remove(&number) {
                return Some(handle);
            }
        }
    }
}

/// Spawning into the set.
impl<T: 'static> JoinSet<T> {
    /// Spawns a task on the current node, into the set.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn(future))
    }

    /// Spawns a task into the current [`LocalSet`] as well as into this set.
    ///
    /// # Panics
    /// Outside a run, or of a local set.
    #[track_caller]
    pub fn spawn_local<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(spawn_local(future))
    }

    /// Spawns a task into a [`LocalSet`] as well as into this set.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_local_on<F>(&mut self, future: F, local_set: &LocalSet) -> AbortHandle
    where
        F: Future<Output = T> + 'static,
    {
        self.insert(local_set.spawn_local(future))
    }

    /// Runs a function that blocks on a worker thread of the node, as [`spawn_blocking`] does.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, function: F) -> AbortHandle
    where
        F: FnOnce() -> T + 'static,
    {
        self.insert(spawn_blocking(function))
    }

    pub(crate) fn insert(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        let number = self.spawned;
        self.spawned += 1;
        let end = Waker::from(Arc::new(End { number, ends: Arc::clone(&self.ends) }));
        handle.wake_at_end(&end);
        self.tasks.insert(number, handle);
        abort
    }
}

/// Joining.
impl<T: 'static> JoinSet<T> {
    /// Waits for the next task to end, and gives its output; `None` if the set is empty. Nothing is lost when this is dropped
    /// before it is ready.
    ///
    /// # Errors
    /// When the task panicked or was aborted.
    pub async fn join_next(&mut self) -> Option<Result<T, JoinError>> {
        poll_fn(|context| self.poll_join_next(context)).await
    }

    /// As [`JoinSet::join_next`], with the task's id.
    ///
    /// # Errors
    /// When the task panicked or was aborted; the error has the id.
    pub async fn join_next_with_id(&mut self) -> Option<Result<(TaskId, T), JoinError>> {
        poll_fn(|context| self.poll_join_next_with_id(context)).await
    }

    /// The output of a task that has ended, if there is one.
    ///
    /// # Errors
    /// When the task panicked or was aborted.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        self.try_join_next_with_id().map(without_id)
    }

    /// As [`JoinSet::try_join_next`], with the task's id.
    ///
    /// # Errors
    /// When the task panicked or was aborted; the error has the id.
    pub fn try_join_next_with_id(&mut self) -> Option<Result<(TaskId, T), JoinError>> {
        let mut handle = self.take_ended()?;
        let id = handle.id();
        let end = handle.take_end().expect("a task that has ended has an output or an error");
        Some(end.map(|output| (id, output)))
    }

    /// Aborts all tasks and waits until they have ended.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Waits for all tasks, and gives their outputs in the order in which they end.
    ///
    /// # Panics
    /// When a task has panicked, with what it has thrown; or was aborted. The others are aborted then.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(output) = self.join_next().await {
            match output {
                Ok(output) => outputs.push(output),
                Err(error) => match error.try_into_panic() {
                    Ok(thrown) => std::panic::resume_unwind(thrown),
                    Err(error) => panic!("{error}"),
                },
            }
        }
        outputs
    }

    /// Polls for the next task to end: see [`JoinSet::join_next`].
    ///
    /// # Errors
    /// When the task panicked or was aborted.
    pub fn poll_join_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        self.poll_join_next_with_id(context).map(|joined| joined.map(without_id))
    }

    /// Polls for the next task to end: see [`JoinSet::join_next_with_id`].
    ///
    /// # Errors
    /// When the task panicked or was aborted; the error has the id.
    pub fn poll_join_next_with_id(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<(TaskId, T), JoinError>>> {
        let has_ended = !self.ends.lock().tasks.is_empty();
        if has_ended && !may_go_on(context) {
            return Poll::Pending;
        }
        if let Some(joined) = self.try_join_next_with_id() {
            made_progress();
            return Poll::Ready(Some(joined));
        }
        let Some((_, first)) = self.tasks.first_key_value() else { return Poll::Ready(None) };
        first.note_wait();
        let replaced = self.ends.lock().waker.replace(context.waker().clone());
        drop(replaced); // with nothing locked: a foreign waker may run code
        Poll::Pending
    }
}

fn without_id<T>(joined: Result<(TaskId, T), JoinError>) -> Result<T, JoinError> {
    joined.map(|(_, output)| output)
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.tasks.values().for_each(JoinHandle::abort_if_in_run);
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + 'static,
    T: 'static,
{
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = JoinSet::new();
        set.extend(futures);
        set
    }
}

impl<T, F> Extend<F> for JoinSet<T>
where
    F: Future<Output = T> + 'static,
    T: 'static,
{
    fn extend<I: IntoIterator<Item = F>>(&mut self, futures: I) {
        for future in futures {
            self.spawn(future);
        }
    }
}
