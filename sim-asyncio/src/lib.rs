//! asyncio's library semantics as ordinary futures over `sim-executor`.
//!
//! ```
//! use sim_asyncio::{EventLoop, Queue, Runner, block, gather, sleep};
//! use sim_executor::{Config, Executor, ProductionOrder, TraceLevel, event};
//! use std::time::Duration;
//!
//! let config = Config { trace: TraceLevel::Events, ..Config::default() };
//! let mut executor = Executor::with_config(config, ProductionOrder);
//! let mut asyncio = Runner::new(&mut executor);
//! let main = asyncio.create_task("main", async {
//!     let queue = Queue::new(1);
//!     let (items, results) = (queue.clone(), queue);
//!     let producer = EventLoop::current().create_task("producer", async move {
//!         for item in 0..2 {
//!             items.put(item).await?;
//!             event!("put {item}");
//!         }
//!         Ok(())
//!     });
//!     let consumer = EventLoop::current().create_task("consumer", async move {
//!         for _ in 0..2 {
//!             event!("got {}", results.get().await?);
//!             sleep(Duration::from_secs(1)).await?;
//!         }
//!         Ok(())
//!     });
//!     gather([producer, consumer]).await?;
//!     Ok(())
//! });
//! asyncio.run_until_complete(&main).unwrap().unwrap();
//! assert_eq!(
//!     executor.trace().to_string(),
//!     "0.000 main/producer put 0\n0.000 main/consumer got 0\n\
//!      0.000 main/producer put 1\n1.000 main/consumer got 1\n"
//! );
//! ```
//!
//! # How it is made
//!
//! Every *handle* of asyncio, be it a callback or a step of a task, is one entry of the executor's ready queue. So in
//! production order iteration batches, timers that are looked at once per iteration, `stop` at the end of an iteration are
//! the executor's own, and under any other source the same program runs in every order that a source can think of. An
//! await gives `Result<T, Exc>`: exceptions are values, [`Exc::Cancelled`] among them.
//!
//! The crate passes the whole of a conformance suite whose logs CPython 3.11 has written, and 3.12 and 3.13 for what is new
//! there ([`EventLoop::create_eager_task`], [`Queue::shutdown`]): see [`difftest`].
//!
//! # What differs from futures and tokio
//!
//! | asyncio, and so here | futures, tokio |
//! | --- | --- |
//! | `cancel` raises an exception at the await point, when the task's turn comes; it can be caught, awaited in, swallowed | `abort` drops the future where it is: no code of it runs but `Drop` |
//! | a cancellation passes on to what the task awaits: a task, all of a gather; [`shield`] stops it | awaiting a `JoinHandle` and being dropped leaves the other task alone |
//! | a task that is cancelled and returns a value all the same ends cancelled | the value stands |
//! | the end of a task reaches who joins it one hop later, through [`gather`], [`wait`], [`wait_for`], [`shield`] two | `join!` and `select!` poll their children inside of one task, and see it at once |
//! | [`gather`] lets the others go on when one fails | `try_join!` drops them |
//! | [`wait_for`] waits until the cancellation has had its effect, and a result that is there by then wins | `tokio::time::timeout` drops the future and is over |
//! | [`Queue::get`] takes what is there without suspending, and a woken getter looks again: a queue is not fair | tokio's channels hand over in order, and yield now and then by their coop budget |
//! | [`Lock`] is fair and belongs to nobody; [`Semaphore`] hands permits over | `futures::lock::Mutex` is not fair; guards release when they are dropped |
//! | [`Event::wait`] does not look again: who was woken goes on even after a `clear` | a `tokio::sync::Notify` permit is consumed |
//! | an await of what is done does not suspend, ever | tokio may yield |
//! | [`yield_now`] goes to the back of the ready queue, before any timer is looked at | the same in tokio's single-threaded runtime |
//! | a future can be awaited by many, and again: so its value is `Clone` | a future gives its output once |
//!
//! What a set leaves open in CPython (`asyncio.wait`, `all_tasks`, `TaskGroup`) is in the order of creation here. Timers
//! with equal deadlines fire in the order of creation, or in that of CPython's heap: [`TieOrder`].
//!
//! # Threads
//!
//! A thread is a node of the simulation. [`Pool`] is a pool of them, which [`EventLoop::run_in_executor`] uses; a loop can live
//! in one, with [`EventLoop::run_forever`]. What another thread queues with `call_soon`, or by settling a future, does not
//! wake a loop that has nothing to do; what it queues with [`EventLoop::call_soon_threadsafe`] does.
//!
//! A future of another library, such as a socket of the simulated network, can be awaited in a task as it is; only
//! [`cancellable`] lets a cancellation reach it. [`open_streams`] makes asyncio's streams of a connection.

mod as_completed;
mod await_point;
mod barrier;
mod bounded_semaphore;
mod condition;
mod context_var;
pub mod difftest;
mod event;
mod event_loop;
mod exc;
mod future;
mod future_core;
mod gather;
mod group_error;
mod handle;
mod heapq;
mod iteration_cost;
mod lock;
mod loop_config;
mod loop_core;
mod loop_signal;
mod loop_thread;
mod loops;
mod pool;
mod queue;
mod queue_error;
mod queue_items;
mod registry;
mod report;
mod runner;
mod running;
mod semaphore;
mod shield;
mod signal;
mod sleep;
mod streams;
mod task;
mod task_core;
mod task_group;
mod thread;
mod timeout;
mod timer_heap;
mod vars;
mod wait;
mod wait_for;
mod waiters;
mod whole_run;

pub use as_completed::{AsCompleted, as_completed};
pub use barrier::{Barrier, NoParties};
pub use bounded_semaphore::{BoundedSemaphore, ReleasedTooOften};
pub use condition::{Condition, LockNotAcquired};
pub use context_var::{ContextVar, VarToken, WrongToken};
pub use event::Event;
pub use event_loop::EventLoop;
pub use exc::Exc;
pub use future::{Await, CallbackId, Future, InvalidState};
pub use gather::{gather, gather_results};
pub use group_error::{GroupError, GroupMisuse};
pub use handle::Handle;
pub use lock::{Lock, NotLocked};
pub use loop_config::LoopConfig;
pub use loops::{cancelled_error, create_task};
pub use pool::Pool;
pub use queue::Queue;
pub use queue_error::{GetError, PutError, TooManyDone};
pub use report::Report;
pub use runner::{Runner, RunnerError};
pub use running::NoRunningLoop;
pub use semaphore::Semaphore;
pub use shield::shield;
pub use signal::Signal;
pub use sleep::{block, cancellable, sleep, yield_now};
pub use streams::{ReadError, StreamConfig, StreamReader, StreamWriter, open_streams};
pub use task::{AnyTask, Task};
pub use task_group::TaskGroup;
pub use timeout::{Timeout, TimeoutMisuse, timeout};
pub use timer_heap::TieOrder;
pub use vars::VarContext;
pub use wait::{ReturnWhen, Waited, wait};
pub use wait_for::wait_for;
