//! What happened in a run, as data.

mod record;

pub use record::{Event, Record, Trace, TraceLevel, node_of};
