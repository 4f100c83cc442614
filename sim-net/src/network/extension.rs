//! Extensions of a run's network: what has a say in it, and may come before it.
//!
//! So the network need not know what stands above it.

use std::any::Any;
use std::cell::RefCell;
use std::rc::Rc;

use sim_executor::{Device, Instant, context};

use super::Network;
use crate::config::NetworkConfig;
use crate::wire::Wire;

/// Something that has a say in the network of a run.
pub(crate) trait Extension: Any {
    /// The configuration with which the network is made, in place of this one.
    fn configure(&self, config: NetworkConfig) -> NetworkConfig {
        config
    }

    /// Begins its work at what is between the hosts.
    fn attach(self: Rc<Self>, _wire: &mut Wire) {}
}

/// Adds an extension to the run: to its network, now if there is one, else when it is made.
///
/// # Panics
/// Outside a run.
pub(crate) fn extend(extension: Rc<dyn Extension>) {
    let extensions = context::device::<Extensions>().unwrap_or_else(|| {
        let extensions = Rc::new(Extensions::default());
        context::install_device(Rc::clone(&extensions) as Rc<dyn Device>);
        extensions
    });
    extensions.all.borrow_mut().push(Rc::clone(&extension));
    if let Some(network) = context::device::<Network>() {
        network.with_wire(|wire| extension.attach(wire));
    }
}

/// The run's extension of a type, if it has one.
///
/// # Panics
/// Outside a run.
pub(crate) fn extension<E: Extension>() -> Option<Rc<E>> {
    all().into_iter().find_map(|extension| (extension as Rc<dyn Any>).downcast().ok())
}

/// All extensions of the run, in the order in which they came.
pub(super) fn all() -> Vec<Rc<dyn Extension>> {
    context::device::<Extensions>().map_or_else(Vec::new, |extensions| extensions.all.borrow().clone())
}

/// The extensions of a run, which keeps them as it keeps its devices. They do nothing by themselves.
#[derive(Default)]
struct Extensions {
    all: RefCell<Vec<Rc<dyn Extension>>>,
}

impl Device for Extensions {
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
