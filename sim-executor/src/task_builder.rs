//! Tasks with a name, by tokio's way to make them.

use std::future::Future;
use std::io;
use std::panic::Location;

use crate::context::{AbortHandle, JoinHandle, spawn, spawn_named};
use crate::join_set::JoinSet;
use crate::local_set::{LocalSet, spawn_local};
use crate::spawn_blocking::{on_worker, spawn_blocking};

/// Spawns tasks with a name, as `tokio::task::Builder`. [`spawn_named`] does the same in fewer words.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder, TaskBuilder, context};
///
/// let lineage = Executor::new(ProductionOrder).block_on(async {
///     let task = TaskBuilder::new().name("reader").spawn(async { context::current_lineage() });
///     task.unwrap().await.unwrap()
/// });
/// assert_eq!(&*lineage.unwrap(), "main/reader");
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct TaskBuilder<'name> {
    name: Option<&'name str>,
}

impl<'name> TaskBuilder<'name> {
    /// For a task without a name.
    pub fn new() -> Self {
        TaskBuilder::default()
    }

    /// Gives the task a name. One of [`TaskBuilder::spawn_local`] is named after its type all the same.
    pub fn name(self, name: &'name str) -> Self {
        TaskBuilder { name: Some(name) }
    }

    /// Spawns a task on the current node.
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
    {
        Ok(match self.name {
            Some(name) => spawn_named(name.to_string(), future),
            None => spawn(future),
        })
    }

    /// Spawns a task into the current [`LocalSet`].
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run, or of a local set.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
    {
        Ok(spawn_local(future))
    }

    /// Spawns a task into a [`LocalSet`].
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_local_on<F>(self, future: F, local_set: &LocalSet) -> io::Result<JoinHandle<F::Output>>
    where
        F: Future + 'static,
    {
        Ok(local_set.spawn_local(future))
    }

    /// Runs a function that blocks on a worker thread of the node, as [`spawn_blocking`] does.
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_blocking<F, R>(self, function: F) -> io::Result<JoinHandle<R>>
    where
        F: FnOnce() -> R + 'static,
        R: 'static,
    {
        Ok(match self.name {
            Some(name) => on_worker(name.to_string().into(), function, Location::caller()),
            None => spawn_blocking(function),
        })
    }
}

/// Spawns tasks with a name into a set, as `tokio::task::join_set::Builder`: see [`JoinSet::build_task`].
#[derive(Debug)]
#[must_use = "a builder does nothing until it spawns"]
pub struct JoinSetBuilder<'set, T> {
    set: &'set mut JoinSet<T>,
    builder: TaskBuilder<'set>,
}

impl<T: 'static> JoinSet<T> {
    /// Spawns a task with a name into the set.
    pub fn build_task(&mut self) -> JoinSetBuilder<'_, T> {
        JoinSetBuilder { set: self, builder: TaskBuilder::new() }
    }
}

impl<'set, T: 'static> JoinSetBuilder<'set, T> {
    /// Gives the task a name.
    pub fn name(self, name: &'set str) -> Self {
        JoinSetBuilder { builder: self.builder.name(name), ..self }
    }

    /// Spawns a task on the current node, into the set.
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self.set.insert(self.builder.spawn(future)?))
    }

    /// Runs a function that blocks on a worker thread of the node, as a task of the set.
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run.
    #[track_caller]
    pub fn spawn_blocking<F>(self, function: F) -> io::Result<AbortHandle>
    where
        F: FnOnce() -> T + 'static,
    {
        Ok(self.set.insert(self.builder.spawn_blocking(function)?))
    }

    /// Spawns a task into the current [`LocalSet`] as well as into the set.
    ///
    /// # Errors
    /// None; it is a `Result` as tokio's is.
    ///
    /// # Panics
    /// Outside a run, or of a local set.
    #[track_caller]
    pub fn spawn_local<F>(self, future: F) -> io::Result<AbortHandle>
    where
        F: Future<Output = T> + 'static,
    {
        Ok(self.set.insert(self.builder.spawn_local(future)?))
    }
}
