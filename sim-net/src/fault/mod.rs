//! What goes wrong between hosts: to be called inside a run, by the test that wants it.
//!
//! - A link behaves as its [`LinkConfig`](crate::LinkConfig) says; [`set_link`] and [`set_links`] change it.
//! - [`partition`], [`partition_one_way`], [`partition_groups`] and [`isolate`] lose packets until their guard is dropped, or
//!   [`heal`] or [`heal_all`] ends them.
//! - [`hold`] and [`hold_one_way`] keep packets back until [`release`]; [`in_flight`] lists them as data, and [`deliver`] and
//!   [`lose`] decide one by one.
//! - [`reset`] ends one TCP connection with a RST.
//! - [`hook`] shows each packet to a function, which may change, drop, delay or multiply it.
//!
//! A host is named by its node's name, its [`NodeId`](sim_executor::NodeId), or its address. Each function panics outside a
//! run, and if there is no such host.

mod hold;
mod hook;
mod partition;
mod reset;
mod settings;

pub use crate::network::ToHost;
pub use crate::wire::{Crossing, HeldId, InFlight, PacketData, Protocol};
pub use hold::{Hold, deliver, hold, hold_one_way, in_flight, lose, release, release_all};
pub use hook::{Hook, hook};
pub use partition::{Partition, heal, heal_all, isolate, partition, partition_groups, partition_one_way};
pub use reset::{ToConnection, reset};
pub use settings::{link, set_link, set_links};
