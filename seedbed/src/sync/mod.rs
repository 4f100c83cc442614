//! Tokio's synchronisation in a run: `seedbed::sync` in place of `tokio::sync`.
//!
//! What these do is tokio's, name by name, and they wake those who wait in the order in which they came. Besides
//!
//! - each operation that can wait is a [decision point](crate::decision_point), so that a search can have another task go first even where
//!   nothing has to be waited for: two uncontended locks, one after the other, are pulled apart. In production order and in
//!   plain random order there is none.
//! - a report says what a task waits for and who has it: `waits for lock "accounts" held by bank/teller#2 since 0.027`. A lock, a
//!   semaphore, a notification and a channel can be given a name (`Mutex::named`, `mpsc::named_channel`); one without is called by the task
//!   that has made it, and by the line.
//! - what would stop the thread of a run is refused (`blocking_lock`), and what waits for a time does so in virtual time.
//!
//! [`watch`] and [`Barrier`] are our own, since tokio's differ from run to run: tokio's watch spreads those who wait over eight lists by a
//! generator of the thread with a random seed, and its barrier is made of a watch channel. [`SetOnce`] is tokio's as it is.
//!
//! The ends of channels change into tokio's by `into_inner` or `into`, for libraries that take these. Locks hold only types whose size is
//! known, and what is made by `const_new`, for a `static`, has no owned guards.
//!
//! ```
//! use seedbed::sync::{mpsc, watch};
//!
//! seedbed::sweep("a_worker_stops_when_it_is_told", 20, || async {
//!     let (stop, mut stopped) = watch::channel(false);
//!     let (work, mut queue) = mpsc::channel::<u32>(4);
//!     let worker = seedbed::spawn(async move {
//!         let mut done = 0;
//!         loop {
//!             seedbed::select! {
//!                 biased;
//!                 Some(_) = queue.recv() => done += 1,
//!                 Ok(_) = stopped.wait_for(|&is_stopped| is_stopped) => break done,
//!             }
//!         }
//!     });
//!     work.send(7).await.unwrap();
//!     stop.send(true).unwrap();
//!     assert_eq!(worker.await.unwrap(), 1);
//! });
//! ```

mod barrier;
mod book;
pub mod broadcast;
mod guard;
mod inner;
mod known;
pub mod mpsc;
mod mutex;
mod notify;
mod once_cell;
pub mod oneshot;
mod operation;
mod resource;
mod rwlock;
mod semaphore;
mod shell;
pub mod watch;

/// The futures of [`Notify`].
pub mod futures {
    pub use super::notify::{Notified, OwnedNotified};
}

pub use barrier::{Barrier, BarrierWaitResult};
pub use mutex::{MappedMutexGuard, Mutex, MutexGuard, OwnedMappedMutexGuard, OwnedMutexGuard};
pub use notify::Notify;
pub use once_cell::OnceCell;
pub use rwlock::{
    OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock, RwLockMappedWriteGuard,
    RwLockReadGuard, RwLockWriteGuard,
};
pub use semaphore::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
pub use tokio::sync::{AcquireError, SetError, SetOnce, SetOnceError, TryAcquireError, TryLockError};
