//! How the resolver of a run answers: plain data, checked once.

use std::time::Duration;

use sim_executor::Ratio;

use crate::config_error::{ConfigError, DURATION_MAX, check_duration};
use crate::link::Latency;

/// How the resolver answers. The default answers at once, and always.
///
/// Each decision is one in the name of the question, such as `dns:server @ dns.failure`, and is asked for only if there is
/// something to decide. Addresses and `localhost` are no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct DnsConfig {
    /// How long a lookup takes. Default: no time.
    pub latency: Latency,
    /// How probable it is that a lookup fails for now, as if no server had answered (`EAI_AGAIN`). Default: never.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::ratio"))]
    pub failure: Ratio,
    /// How long such a lookup takes. Default: 10 s, as glibc asks twice and waits for 5 s.
    #[cfg_attr(feature = "serde", serde(deserialize_with = "crate::config_text::duration"))]
    pub failure_after: Duration,
    /// Whether an answer of several addresses begins with any of them, as that of a server does which shares load; with
    /// which is drawn for each lookup. Default: no, it is in the order in which they were set.
    pub rotates: bool,
    /// What the names of nodes stand for that were not set. Default: [`NodeAddresses::V4`].
    pub nodes: NodeAddresses,
}

/// Which of its own addresses the name of a node stands for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum NodeAddresses {
    /// Nothing: only names that were set are known.
    None,
    /// 10.0.0.1 and so on.
    #[default]
    V4,
    /// That, then the one of IPv6. A `connect` that fails takes twice as long, since it tries both.
    V4ThenV6,
    /// The one of IPv6, then that.
    V6ThenV4,
    /// fd00::1 and so on.
    V6,
}

impl Default for DnsConfig {
    fn default() -> Self {
        DnsConfig {
            latency: Latency::Fixed(Duration::ZERO),
            failure: Ratio::NEVER,
            failure_after: Duration::from_secs(10),
            rotates: false,
            nodes: NodeAddresses::V4,
        }
    }
}

impl DnsConfig {
    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.latency.check()?;
        check_duration("failure_after", self.failure_after, Duration::ZERO, DURATION_MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_out_of_its_bounds_is_refused_by_its_name() {
        let default = DnsConfig::default();
        assert_eq!(default.check(), Ok(()));
        let slow = DnsConfig { failure_after: Duration::MAX, ..default };
        assert!(slow.check().unwrap_err().to_string().starts_with("failure_after is 18446744073709551615.9"));
        let (min, max) = (Duration::from_secs(2), Duration::from_secs(1));
        let crossed = DnsConfig { latency: Latency::Uniform { min, max }, ..default };
        assert_eq!(crossed.check().unwrap_err().to_string(), "latency.max is 1s: it must be at least 2s");
    }
}
