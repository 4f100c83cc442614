//! Tasks as data: where each is, what it waits for, and in which order the ready ones would run.

mod background;
mod histogram;
mod kinds;
mod life;
mod ready;
mod short_name;
mod slot;
mod stage;
mod stats;
mod table;
mod wait;

pub(crate) use background::{Background, Failure, Joiner};
pub use histogram::Histogram;
pub(crate) use kinds::Kinds;
pub use life::{Crash, Life, NodeId};
pub(crate) use ready::{Links, Origin, Picked, ReadyQueue, is_ready};
pub(crate) use short_name::shorten;
pub(crate) use slot::{NewTask, Slot, State};
pub(crate) use stage::Memory;
pub use stats::{StatsTable, TaskStats, WaitsTable};
pub(crate) use table::{TASKS_MAX, TaskTable};
pub(crate) use wait::Wait;
