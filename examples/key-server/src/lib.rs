//! A server for keys with values that may expire, written for tokio.
//!
//! It shows how a program switches to Seedbed for its tests: all of it takes the runtime from one module, [`rt`], and a feature
//! of the crate, `sim`, says what stands there. The rest is as it would be with tokio alone.

pub mod client;
pub mod command;
pub mod rt;
pub mod server;
mod store;
