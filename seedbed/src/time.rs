//! Virtual time: sleeping, timeouts, intervals, and what holds a node's CPU.

pub use sim_executor::Instant;
pub use sim_executor::time::*;
pub use std::time::Duration;
