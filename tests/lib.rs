//! What tests share with fuzz targets. Else the package is its tests.

pub mod tcp_driver;

/// The README, whose example must compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// The introduction for people who come from asyncio, whose example must compile.
#[cfg(doctest)]
#[doc = include_str!("../docs/asyncio.md")]
pub struct Asyncio;

/// The description of the network, whose examples must run.
#[cfg(doctest)]
#[doc = include_str!("../docs/network.md")]
pub struct Network;

/// What a draw is, whose example must run.
#[cfg(doctest)]
#[doc = include_str!("../docs/draws.md")]
pub struct Draws;

/// How a run shows whether a program gets on, whose example must compile.
#[cfg(doctest)]
#[doc = include_str!("../docs/liveness.md")]
pub struct Liveness;

/// What differs from tokio, whose example must run.
#[cfg(doctest)]
#[doc = include_str!("../docs/tokio.md")]
pub struct Tokio;
