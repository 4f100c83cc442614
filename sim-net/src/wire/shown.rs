//! What is on the wire, for people: in traces, reports and names.

use std::rc::Rc;

use sim_executor::context;

use super::Wire;
use crate::address::{Endpoint, HostId};
use crate::link::Directions;
use crate::packet::Packet;

impl Wire {
    pub(super) fn record(&self, what: &str, packet: &Packet) {
        let (source, destination) = (self.show(packet.source), self.show(packet.destination));
        self.note(|| format!("{what} {source} -> {destination} {}", packet.body));
    }

    /// Whether packets are recorded.
    pub(crate) fn is_traced(&self) -> bool {
        self.is_traced
    }

    /// Adds to the trace, if it is on.
    pub(crate) fn note(&self, text: impl FnOnce() -> String) {
        if self.is_traced && context::in_run() {
            context::record_device("net".into(), text());
        }
    }

    /// Adds to the log of a run what was done to the network, as a crash is in it.
    pub(crate) fn note_fault(&self, text: impl FnOnce() -> String) {
        if context::in_run() {
            context::record_fault("net".into(), text);
        }
    }

    /// Adds to the log of a run what was done in these directions.
    pub(crate) fn note_directions(&self, what: &str, directions: &Directions) {
        let lines = directions.lines(|host| self.name(host));
        lines.into_iter().for_each(|line| self.note_fault(|| format!("{what} {line}")));
    }

    /// An endpoint for people: `server:7`.
    pub(crate) fn show(&self, endpoint: Endpoint) -> String {
        let host = self.interfaces.host(endpoint.interface);
        if host == HostId::NOBODY {
            return self.interfaces.address(endpoint).to_string();
        }
        format!("{}:{}", self.name(host), endpoint.port)
    }

    /// A host for people.
    pub(crate) fn name(&self, host: HostId) -> String {
        name(&self.names, host)
    }
}

pub(super) fn name(names: &[Option<Rc<str>>], host: HostId) -> String {
    match names.get(host.index()) {
        Some(Some(name)) => name.to_string(),
        _ if host == HostId::NOBODY => "nobody".to_string(),
        _ => host.ip().to_string(),
    }
}
