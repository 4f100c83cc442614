//! The profile that was chosen for a run, whatever its program sets.

use std::rc::Rc;

use sim_executor::context;

use super::Profile;
use crate::config::NetworkConfig;
use crate::network::{Extension, Network, extend, extension};

/// Chooses a profile for the current run. Its parts replace those of the configuration with which the run's network is made,
/// also if the program makes it with [`install`](crate::install). What the program changes afterwards, as with
/// [`fault::set_link`](crate::fault::set_link), it changes.
///
/// ```
/// use sim_executor::{Executor, Node, ProductionOrder};
/// use sim_net::profile::{self, Profile};
/// use sim_net::{NetworkConfig, fault, install};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.enter(|| {
///     profile::choose(Profile { link: Some(profile::SATELLITE), ..Profile::default() });
///     install(NetworkConfig::default());
///     let _server = Node::named("server");
///     assert_eq!(fault::link("main", "server"), profile::SATELLITE);
/// });
/// ```
///
/// # Panics
/// Outside a run; if the run has a network or a profile already; if a field of the profile is out of its bounds.
pub fn choose(profile: Profile) {
    profile.check().unwrap_or_else(|error| panic!("the profile cannot be used: {error}"));
    assert!(
        context::device::<Network>().is_none() && extension::<Chosen>().is_none(),
        "the run has a network or a profile already: choose one before the first use"
    );
    extend(Rc::new(Chosen(profile)));
}

/// The profile, as it changes the configuration of the network that is made.
struct Chosen(Profile);

impl Extension for Chosen {
    fn configure(&self, config: NetworkConfig) -> NetworkConfig {
        self.0.over(config)
    }
}
