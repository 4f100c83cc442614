//! Libraries of others over the simulated network: what goes in comes out, and the same seed gives the same run.

#[cfg(feature = "tower")]
mod connector;
#[cfg(feature = "hyper")]
mod http;
#[cfg(feature = "hyper")]
mod networks;
#[cfg(feature = "axum")]
mod router;
