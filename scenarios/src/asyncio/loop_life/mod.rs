//! The life of a loop: it runs, is stopped, interrupted, blocked, closed.

pub(crate) mod blocking_between_runs;
pub(crate) mod close_with_pending_task;
pub(crate) mod create_task_without_loop;
pub(crate) mod first_example;
pub(crate) mod graceful_cancel;
pub(crate) mod hello_world;
pub(crate) mod helloworld_twice;
mod my_function;
pub(crate) mod reschedule_for_two_seconds;
pub(crate) mod run_forever_and_stop;
pub(crate) mod sigint_stops_loop;
