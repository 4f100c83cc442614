//! Adapters: libraries of others over the simulated network, each behind a feature of its name.
//!
//! A library that is generic over its streams, its timers, its executor, its source of randomness, gets those of the run
//! here, and then runs unchanged. `docs/adapters.md` says of each library what is repeated exactly and what is not.
//!
//! Many of these libraries were written for runtimes with threads and ask for `Send`. A run lives on one thread, and so does
//! all that belongs to it; what is not `Send` for that reason is held in a [`SendWrapper`], which panics if another thread
//! ever touches it. Use it in the same way for your own futures, in a handler of axum for example.

#[cfg(any(feature = "tower", feature = "tungstenite"))]
mod authority;
#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "hyper")]
pub mod hyper;
#[cfg(feature = "quinn")]
pub mod quinn;
#[cfg(feature = "rustls")]
pub mod rustls;
#[cfg(any(feature = "hyper", feature = "quinn"))]
mod std_time;
#[cfg(feature = "tower")]
pub mod tower;
#[cfg(feature = "tungstenite")]
pub mod tungstenite;

#[cfg(any(feature = "hyper", feature = "quinn"))]
pub use send_wrapper::SendWrapper;
