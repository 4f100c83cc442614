//! Which threads of a process were woken, by wakers that anybody may hold.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Wake, Waker};

/// The threads that were woken since it was last looked, and who has to be told.
#[derive(Default)]
pub(super) struct Wakes {
    woken: Mutex<Vec<(u32, u64)>>,
    /// The waker of the process's task.
    task: Mutex<Option<Waker>>,
}

struct ThreadWaker {
    wakes: Arc<Wakes>,
    thread: u32,
    /// For which of its waits; a later one is not over by it.
    wait: u64,
}

/// Nobody holds it when it is asked for: one thread at a time runs.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wakes {
    pub(super) fn set_task(&self, waker: &Waker) {
        let mut task = lock(&self.task);
        match &mut *task {
            Some(before) => before.clone_from(waker),
            None => *task = Some(waker.clone()),
        }
    }

    /// Has the process polled.
    pub(super) fn wake_task(&self) {
        let task = lock(&self.task).clone();
        if let Some(task) = task {
            task.wake();
        }
    }

    /// A waker for one wait of a thread.
    pub(super) fn waker(self: &Arc<Self>, thread: u32, wait: u64) -> Waker {
        Arc::new(ThreadWaker { wakes: Arc::clone(self), thread, wait }).into()
    }

    /// The threads that were woken, with the waits for which they were.
    pub(super) fn take(&self) -> Vec<(u32, u64)> {
        std::mem::take(&mut *lock(&self.woken))
    }

    pub(super) fn is_empty(&self) -> bool {
        lock(&self.woken).is_empty()
    }
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        lock(&self.wakes.woken).push((self.thread, self.wait));
        self.wakes.wake_task();
    }
}
