//! Signals that a test sends to a node: `seedbed::signal` in place of `tokio::signal`.
//!
//! [`Node::send_signal`](crate::Node::send_signal) sends one to the process of a node. What it does there is what Linux does to
//! a Rust program:
//!
//! - A program that has called [`unix::signal`] for this kind, or awaited [`ctrl_c`], is told. It stays so to the end of the process,
//!   as with tokio: dropping the listener does not bring the default back. A process that starts again begins without listeners.
//! - Else the default: most kinds kill the process, as [`Crash::ProcessKill`](crate::Crash::ProcessKill) does; `SIGCHLD`,
//!   `SIGURG`, `SIGWINCH` and (in a Rust program) `SIGPIPE` are ignored; `SIGTSTP`, `SIGTTIN` and `SIGTTOU` freeze it.
//! - `SIGKILL` kills, `SIGSTOP` freezes and `SIGCONT` thaws in any case.
//! - A frozen process handles what it was sent when it is thawed, except for `SIGKILL`. One that is down gets nothing.
//!
//! ```
//! use sim_executor::signal::unix::{SignalKind, signal};
//! use sim_executor::{Executor, Node, ProductionOrder, event, select, time};
//! use std::time::Duration;
//!
//! let mut executor = Executor::new(ProductionOrder);
//! executor.block_on(async {
//!     let server = Node::named("server");
//!     let serving = server.spawn(async {
//!         let mut terminate = signal(SignalKind::terminate()).unwrap();
//!         select! {
//!             () = time::sleep(Duration::MAX) => "served",
//!             Some(()) = terminate.recv() => "told to stop",
//!         }
//!     });
//!     time::sleep(Duration::from_secs(1)).await;
//!     server.send_signal(SignalKind::terminate());
//!     assert_eq!(serving.await.unwrap(), "told to stop");
//! }).unwrap();
//! ```

mod kind;
mod listeners;
mod send;

use std::io;

/// The signals of Unix: `tokio::signal::unix`.
pub mod unix {
    pub use super::kind::SignalKind;
    pub use super::listeners::{Signal, signal};
}

/// Waits until the node gets `SIGINT`, which Ctrl-C sends: `tokio::signal::ctrl_c`. From its first poll on the signal no longer
/// kills the process.
///
/// ```
/// use sim_executor::signal::{ctrl_c, unix::SignalKind};
/// use sim_executor::{Executor, Node, ProductionOrder, time};
/// use std::time::Duration;
///
/// Executor::new(ProductionOrder).block_on(async {
///     let server = Node::named("server");
///     let interrupted = server.spawn(ctrl_c());
///     time::sleep(Duration::from_secs(1)).await;
///     server.send_signal(SignalKind::interrupt());
///     interrupted.await.unwrap().unwrap();
/// }).unwrap();
/// ```
///
/// # Errors
/// Never; it has the signature of tokio's.
///
/// # Panics
/// When awaited outside a run.
pub async fn ctrl_c() -> io::Result<()> {
    unix::signal(unix::SignalKind::interrupt())?.recv().await;
    Ok(())
}
