//! Tasks as data: where each is, what it waits for, and in which order the ready ones would run.

mod kinds;
mod life;
mod ready;
mod short_name;
mod stage;
mod stats;
mod table;

pub(crate) use kinds::Kinds;
pub use life::{Crash, Life, NodeId};
pub(crate) use ready::{Origin, ReadyLists};
pub(crate) use stage::Memory;
pub use stats::{StatsTable, TaskStats};
pub(crate) use table::{Failure, Joiner, NewTask, State, TaskTable, Wait};
