//! How a run gets its network.

use std::rc::Rc;

use sim_executor::{Device, Fault, context};

use super::{Network, extension};
use crate::config::NetworkConfig;
use crate::tcp::TcpConfig;

/// Gives the current run a network with this configuration, in which a [`profile`](crate::profile::choose) that was chosen for
/// the run replaces its parts.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
/// use sim_net::{LinkConfig, NetworkConfig};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let link = LinkConfig::fixed(Duration::from_millis(20));
/// executor.enter(|| sim_net::install(NetworkConfig { link, ..NetworkConfig::default() }));
/// ```
///
/// # Panics
/// Outside a run; if the run has a network already; if a field of the configuration is out of its bounds.
pub fn install(config: NetworkConfig) {
    assert!(
        context::device::<Network>().is_none(),
        "the run has a network already: install it before the first use"
    );
    let _network = make(Some(config));
}

/// Makes the network of a run that has none: with this configuration, or by default.
pub(super) fn make(given: Option<NetworkConfig>) -> Rc<Network> {
    let extensions = extension::all();
    // The default is within its bounds.
    let is_to_check = given.is_some() || !extensions.is_empty();
    let mut config = given.unwrap_or_default();
    for extension in &extensions {
        config = extension.configure(config);
    }
    if is_to_check {
        config.check().unwrap_or_else(|error| panic!("the network cannot be made: {error}"));
    }
    ask_about_faults(&mut config.tcp);
    let network = match context::take_left::<Network>() {
        Some(mut before) => {
            let network = Rc::get_mut(&mut before).expect("nobody else has what a device has left");
            network.configure(&config, context::tracing_all());
            before
        }
        None => Rc::new(Network::new(config, context::tracing_all())),
    };
    for extension in extensions {
        network.with_wire(|wire| extension.attach(wire));
    }
    context::install_device(Rc::clone(&network) as Rc<dyn Device>);
    network
}

/// Leaves it the faults that are asked about in this run.
fn ask_about_faults(tcp: &mut TcpConfig) {
    let TcpConfig { short_reads, short_writes, held_writes, .. } = tcp;
    let set = [*short_reads, *short_writes, *held_writes].map(|ratio| (Fault::Short, ratio));
    [*short_reads, *short_writes, *held_writes] = context::probabilities_of(set);
}
