//! Nothing: the package is its tests.

/// The README, whose example must compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
