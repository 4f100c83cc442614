//! Tokio's synchronisation, repeatable: `seedbed::sync` in place of `tokio::sync`.
//!
//! Most of it is tokio's own, which wakes those who wait in the order in which they came: [`mpsc`], [`oneshot`],
//! [`broadcast`], [`Mutex`], [`RwLock`], [`Semaphore`], [`Notify`], [`OnceCell`], [`SetOnce`]. They can be given to libraries that
//! take tokio's. The bounded sender of [`mpsc`] is tokio's with `send_timeout` in virtual time.
//!
//! Two are our own, since tokio's differ from run to run. Tokio's [`watch`] spreads those who wait over eight lists by a
//! generator of the thread with a random seed, and its [`Barrier`] is made of a watch channel. Here both wake those who wait
//! in the order in which they came. What they have is tokio's, name by name.
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
pub mod mpsc;
mod wait;
pub mod watch;

pub use barrier::{Barrier, BarrierWaitResult};
pub use tokio::sync::{
    AcquireError, MappedMutexGuard, Mutex, MutexGuard, Notify, OnceCell, OwnedMappedMutexGuard,
    OwnedMutexGuard, OwnedRwLockMappedWriteGuard, OwnedRwLockReadGuard, OwnedRwLockWriteGuard,
    OwnedSemaphorePermit, RwLock, RwLockMappedWriteGuard, RwLockReadGuard, RwLockWriteGuard, Semaphore,
    SemaphorePermit, SetError, SetOnce, SetOnceError, TryAcquireError, TryLockError, broadcast, futures,
    oneshot,
};
