//! Which simulated runs to make, and what to make of a failure. Knows nothing of sockets.

mod failure_text;
mod pattern;
mod run_seed;
mod scenario;
mod strategy;
mod sweep;
mod verdict;

pub use failure_text::FailureText;
pub use pattern::Pattern;
pub use run_seed::{ParseRunSeedError, RunSeed};
pub use scenario::{Body, Expect, Parameter, Scenario, SettingError, Settings, Variant, Violation};
pub use strategy::{Bytes, Strategy, UnknownStrategy};
pub use sweep::{FailedSeed, Part, RunResult, Tally, sweep_variant};
pub use verdict::Verdict;
