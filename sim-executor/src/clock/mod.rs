//! Virtual time: what the time is, what is due, and in which order.

mod drift;
mod event_queue;
mod instant;

pub(crate) use drift::{DRIFT_PPB_MAX, DriftingClock};
pub use event_queue::{EventId, EventQueue, QueueFull};
pub use instant::Instant;
