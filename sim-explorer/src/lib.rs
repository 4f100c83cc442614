//! Which simulated runs to make, and what to make of a failure. Knows nothing of sockets.

mod scenario;

pub use scenario::{Body, Expect, Parameter, Scenario, SettingError, Settings, Variant, Violation};
