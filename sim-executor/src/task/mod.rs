//! Tasks as data: where each is, what it waits for, and in which order the ready ones would run.

mod ready;
mod short_name;
mod stage;
mod stats;
mod table;

pub(crate) use ready::{Origin, ReadyLists};
pub(crate) use short_name::ShortNames;
pub(crate) use stage::{Pollable, Stage};
pub use stats::TaskStats;
pub(crate) use table::{Failure, State, TaskTable, Wait};
