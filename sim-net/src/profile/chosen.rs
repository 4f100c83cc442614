//! The profile that was chosen for a run, whatever its program sets.

use std::any::Any;
use std::rc::Rc;

use sim_executor::{Device, Instant, context};

use super::Profile;
use crate::config::NetworkConfig;
use crate::network::Network;

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
        context::device::<Network>().is_none() && context::device::<Chosen>().is_none(),
        "the run has a network or a profile already: choose one before the first use"
    );
    context::install_device(Rc::new(Chosen(profile)));
}

/// The configuration with the parts of the chosen profile, if there is one.
pub(crate) fn apply_chosen(config: NetworkConfig) -> NetworkConfig {
    context::device::<Chosen>().map_or(config, |chosen| chosen.0.over(config))
}

/// Does nothing: a run keeps it as it keeps its devices.
struct Chosen(Profile);

impl Device for Chosen {
    fn next_due(&self) -> Option<Instant> {
        None
    }

    fn fire(&self, _: Instant) {}

    fn may_wake(&self) -> bool {
        false
    }

    fn describe(&self, _: u64) -> String {
        String::new()
    }

    fn as_any(self: Rc<Self>) -> Rc<dyn Any> {
        self
    }
}
