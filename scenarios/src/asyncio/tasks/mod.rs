//! Tasks: how they are scheduled, waited for, and what becomes of their results and exceptions.

pub(crate) mod cancellation_corners;
pub(crate) mod gather_vs_wait;
mod literal;
pub(crate) mod results_of_tasks;
pub(crate) mod wait_and_exceptions;
pub(crate) mod ways_to_schedule;
pub(crate) mod wrong_kind_of_object;
