//! How links behave, changed while the run goes on.

use crate::link::LinkConfig;
use crate::network::{Network, ToHost};

/// How one direction behaves now.
///
/// # Panics
/// As [`partition`](super::partition()).
#[must_use]
pub fn link(from: impl ToHost, to: impl ToHost) -> LinkConfig {
    let network = Network::current();
    let (from, to) = (network.locate(from), network.locate(to));
    network.with_wire(|wire| {
        let link = wire.link(from, to);
        wire.link_mut(link).config()
    })
}

/// Sets how one direction behaves, for packets that are sent from now on.
///
/// # Panics
/// As [`partition`](super::partition()), or if a field is out of its bounds: see [`LinkConfig::check`].
pub fn set_link(from: impl ToHost, to: impl ToHost, config: LinkConfig) {
    config.check().unwrap_or_else(|error| panic!("the link cannot be set: {error}"));
    let network = Network::current();
    let (from, to) = (network.locate(from), network.locate(to));
    network.with_wire(|wire| {
        let link = wire.link(from, to);
        wire.link_mut(link).configure(config);
        wire.note_fault(|| format!("link {} -> {} {}", wire.name(from), wire.name(to), config.summary()));
    });
}

/// Sets how both directions behave, for packets that are sent from now on.
///
/// # Panics
/// As [`set_link`].
pub fn set_links(a: impl ToHost, b: impl ToHost, config: LinkConfig) {
    set_link(&a, &b, config);
    set_link(&b, &a, config);
}
