//! Unmodified programs inside a simulation: what they call of the C library is answered by the run.
//!
//! [`process`] runs a whole program on a node, with its threads, on the simulated network, in virtual time. The
//! functions that it calls, such as `clock_gettime`, `read`, `epoll_wait`, are defined by this crate; the linker takes these for those of the
//! C library. On a thread that is in no run they call the real ones, so that nothing changes there.
//!
//! The same definitions are a guard of native tasks, those that are written for the simulation: in their polls, inside of [`around_native`], clocks,
//! randomness and `std::thread::sleep` are answered by the run, and [`set_policy`] says whether that is named.

#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!(
    "sim-posix answers the calls of the GNU C library on Linux, on x86-64 and aarch64: leave the feature `posix` off elsewhere"
);

mod audit;
mod calls;
mod descriptor;
mod entropy;
mod escape;
mod handle;
mod host;
mod isolated;
mod native;
mod process;
mod real;
mod signal;
mod symbols;

pub use audit::{Answerer, Import, audit};
pub use escape::{Escape, Handled, Policy, escapes, set_policy};
pub use handle::{ExitError, Process, process, process_with};
pub use host::was_rehearsal;
pub use isolated::{in_child, without_rehearsal};
pub use process::ProcessConfig;
pub use real::ChildError;
pub use signal::Signal;

/// Calls `poll`, a poll of a native task: in it, the run answers what the task calls of the C library. For
/// [`Config::around`](sim_executor::Config::around).
pub fn around_native<R>(poll: impl FnOnce() -> R) -> R {
    symbols::around_native(poll)
}

/// Calls `what` as if this thread were in no run: the real C library answers.
pub fn outside<R>(what: impl FnOnce() -> R) -> R {
    symbols::outside(what)
}
