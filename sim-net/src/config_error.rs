//! What is wrong with a configuration: which field, its value, its bound.

use std::fmt;
use std::time::Duration;

/// A field of a configuration is out of its bounds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{field} {out_of_bounds}", Part(part))]
pub struct ConfigError {
    /// The part of a [`NetworkConfig`](crate::NetworkConfig) that the field is in, such as `link`; empty if it was checked
    /// alone.
    pub part: &'static str,
    /// The field, such as `latency.max`.
    pub field: &'static str,
    /// Its value with the bound that it breaks.
    pub out_of_bounds: OutOfBounds,
}

/// A value with the bound that it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OutOfBounds {
    /// A time is too short.
    #[error("is {value:?}: it must be at least {least:?}")]
    TooShort {
        /// What it is.
        value: Duration,
        /// What it must at least be.
        least: Duration,
    },
    /// A time is too long.
    #[error("is {value:?}: it must be at most {greatest:?}")]
    TooLong {
        /// What it is.
        value: Duration,
        /// What it may at most be.
        greatest: Duration,
    },
    /// A number is too small.
    #[error("is {value}: it must be at least {least}")]
    TooSmall {
        /// What it is.
        value: u64,
        /// What it must at least be.
        least: u64,
    },
    /// A number is too large.
    #[error("is {value}: it must be at most {greatest}")]
    TooLarge {
        /// What it is.
        value: u64,
        /// What it may at most be.
        greatest: u64,
    },
}

/// The longest time that a configuration may hold: what 64 bits count in nanoseconds, which is 584 years.
pub(crate) const DURATION_MAX: Duration = Duration::from_nanos(u64::MAX);

struct Part<'a>(&'a str);

impl fmt::Display for Part<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() { Ok(()) } else { write!(out, "{}.", self.0) }
    }
}

impl ConfigError {
    fn new(field: &'static str, out_of_bounds: OutOfBounds) -> Self {
        ConfigError { part: "", field, out_of_bounds }
    }

    /// The same, of a field in this part of a network's configuration.
    pub(crate) fn within(self, part: &'static str) -> Self {
        ConfigError { part, ..self }
    }
}

/// # Errors
/// If the time is out of these bounds.
pub(crate) fn check_duration(
    field: &'static str,
    value: Duration,
    least: Duration,
    greatest: Duration,
) -> Result<(), ConfigError> {
    if value < least {
        return Err(ConfigError::new(field, OutOfBounds::TooShort { value, least }));
    }
    if value > greatest {
        return Err(ConfigError::new(field, OutOfBounds::TooLong { value, greatest }));
    }
    Ok(())
}

/// # Errors
/// If the number is out of these bounds.
pub(crate) fn check_number(
    field: &'static str,
    value: u64,
    least: u64,
    greatest: u64,
) -> Result<(), ConfigError> {
    if value < least {
        return Err(ConfigError::new(field, OutOfBounds::TooSmall { value, least }));
    }
    if value > greatest {
        return Err(ConfigError::new(field, OutOfBounds::TooLarge { value, greatest }));
    }
    Ok(())
}
