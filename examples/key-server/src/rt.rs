//! The runtime: tokio, or Seedbed with the feature `sim`. Nothing else in this crate names either.

#[cfg(not(feature = "sim"))]
pub use tokio::{net, select, signal, spawn, sync, task, test, time};

#[cfg(feature = "sim")]
pub use seedbed::{net, select, signal, spawn, sync, task, test, time};

// Traits and buffers without a runtime.
pub use tokio::io;
