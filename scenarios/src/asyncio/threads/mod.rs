//! Threads beside a loop: a loop in a second thread, an executor pool.

pub(crate) mod loop_in_subthread;
pub(crate) mod threads_vs_executor;
pub(crate) mod three_endpoints;
