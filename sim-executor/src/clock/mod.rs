//! Virtual time: what the time is, what is due, and in which order.

mod event_queue;
mod instant;

pub use event_queue::{EventId, EventQueue, QueueFull};
pub use instant::Instant;
