//! Programs as asyncio has them, over its semantics in Rust: their logs in production order are those of CPython.

mod coroutine;
pub(crate) mod loop_life;
mod program;
pub(crate) mod queues;
pub(crate) mod scheduling;
pub(crate) mod tasks;
pub(crate) mod testing;
pub(crate) mod threads;
