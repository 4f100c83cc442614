//! Libraries of others over the simulated network: what goes in comes out, the same seed gives the same run.

#[cfg(feature = "tower")]
mod connector;
#[cfg(feature = "hyper")]
mod http;
mod multiplex;
mod networks;
#[cfg(feature = "quinn")]
mod quic;
#[cfg(feature = "axum")]
mod router;
#[cfg(feature = "rustls")]
mod tap;
#[cfg(feature = "rustls")]
mod tls;
#[cfg(feature = "tungstenite")]
mod websocket;
