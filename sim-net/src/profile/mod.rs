//! Profiles of networks: links as they are somewhere in the world, by name.
//!
//! Each constant equals the file of its name in the folder `profiles` of this crate, which also says where its numbers come
//! from. A [`Profile`] is what such a file holds.
//!
//! ```
//! use sim_executor::{Executor, ProductionOrder};
//! use sim_net::{NetworkConfig, install, profile};
//!
//! let mut executor = Executor::new(ProductionOrder);
//! executor.enter(|| install(NetworkConfig { link: profile::SATELLITE, ..NetworkConfig::default() }));
//! ```

mod chosen;
#[cfg(feature = "serde")]
mod parse;

use std::time::Duration;

use sim_executor::Ratio;

use crate::config::{NetworkConfig, UdpConfig, UnixConfig};
use crate::config_error::ConfigError;
use crate::link::{Latency, LinkConfig};
use crate::resolver::DnsConfig;
use crate::tcp::TcpConfig;

pub use chosen::choose;
#[cfg(feature = "serde")]
pub use parse::{ProfileError, ProfileProblem};

/// Two machines of one datacentre: 0.25 ms in the mean, 1 Gbit/s.
pub const LAN: LinkConfig = LinkConfig {
    latency: Latency::Exponential { min: Duration::from_micros(150), mean: Duration::from_micros(250) },
    bandwidth_bytes_per_second: Some(125_000_000),
    ..PERFECT
};

/// From one continent to another: 80 ms in the mean, 5 Gbit/s, 0.5 % loss.
pub const CROSS_REGION: LinkConfig = LinkConfig {
    latency: Latency::Exponential { min: Duration::from_millis(75), mean: Duration::from_millis(80) },
    bandwidth_bytes_per_second: Some(625_000_000),
    queue_bytes: 12_500_000,
    loss: Ratio::one_in(200),
    ..PERFECT
};

/// A phone at the edge of its cell: 400 ms, 240 kbit/s, 1 % loss, and stalls.
pub const LOSSY_MOBILE: LinkConfig = LinkConfig {
    latency: Latency::Fixed(Duration::from_millis(400)),
    bandwidth_bytes_per_second: Some(30_000),
    queue_bytes: 60_000,
    loss: Ratio::one_in(100),
    delay: Ratio::one_in(100),
    delay_max: Duration::from_secs(1),
    ..PERFECT
};

/// Over a geostationary satellite: 300 ms in the mean, 25 Mbit/s, one bit in ten million wrong.
pub const SATELLITE: LinkConfig = LinkConfig {
    latency: Latency::Exponential { min: Duration::from_millis(240), mean: Duration::from_millis(300) },
    bandwidth_bytes_per_second: Some(3_125_000),
    queue_bytes: 1_562_500,
    corrupt: Ratio::one_in(833),
    ..PERFECT
};

/// All of them, by the names of their files.
pub const ALL: [(&str, LinkConfig); 4] =
    [("cross_region", CROSS_REGION), ("lan", LAN), ("lossy_mobile", LOSSY_MOBILE), ("satellite", SATELLITE)];

const PERFECT: LinkConfig = LinkConfig::fixed(Duration::from_millis(1));

/// Parts of a network's configuration. What it leaves out is not said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct Profile {
    /// Each direction between two hosts.
    pub link: Option<LinkConfig>,
    /// From a host to itself.
    pub loopback: Option<LinkConfig>,
    /// TCP of every host.
    pub tcp: Option<TcpConfig>,
    /// UDP of every host.
    pub udp: Option<UdpConfig>,
    /// Unix sockets of every host.
    pub unix: Option<UnixConfig>,
    /// The resolver of names.
    pub dns: Option<DnsConfig>,
}

impl Profile {
    /// A network like this one, but with the parts that the profile has.
    ///
    /// ```
    /// use sim_net::{NetworkConfig, profile::{self, Profile}};
    ///
    /// let profile = Profile { link: Some(profile::LAN), ..Profile::default() };
    /// assert_eq!(profile.over(NetworkConfig::default()).link, profile::LAN);
    /// ```
    #[must_use]
    pub fn over(&self, config: NetworkConfig) -> NetworkConfig {
        NetworkConfig {
            link: self.link.unwrap_or(config.link),
            loopback: self.loopback.unwrap_or(config.loopback),
            tcp: self.tcp.unwrap_or(config.tcp),
            udp: self.udp.unwrap_or(config.udp),
            unix: self.unix.unwrap_or(config.unix),
            dns: self.dns.unwrap_or(config.dns),
            ..config
        }
    }

    /// Looks whether all fields are within their bounds.
    ///
    /// # Errors
    /// If one is not: which, its value, and its bound.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.over(NetworkConfig::default()).check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_within_its_bounds() {
        for (name, link) in ALL {
            assert_eq!(link.check(), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_profile_replaces_what_it_has_and_nothing_else() {
        let own = NetworkConfig { link: LAN, packets_max: 7, ..NetworkConfig::default() };
        assert_eq!(Profile::default().over(own), own);
        let profile = Profile { link: Some(SATELLITE), ..Profile::default() };
        assert_eq!(profile.over(own), NetworkConfig { link: SATELLITE, ..own });
    }
}
