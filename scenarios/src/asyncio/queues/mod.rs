//! Queues: sentinels, sleeps, bounds, consumers that never end.

pub(crate) mod infinite_coroutine;
mod lcg;
pub(crate) mod producer_consumer;
pub(crate) mod sentinel;
