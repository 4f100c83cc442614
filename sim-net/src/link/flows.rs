//! Who takes the decisions about the packets of a link: the flow that a packet belongs to.

use std::collections::BTreeMap;

use sim_executor::{Instant, LineageId, context};

use crate::address::Endpoint;

/// What crosses a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Carried {
    Tcp,
    Udp,
    Icmp,
}

/// The packets of one connection, or between two datagram sockets, in one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Flow {
    pub(crate) carried: Carried,
    pub(crate) source: Endpoint,
    pub(crate) destination: Endpoint,
}

impl Flow {
    /// Such as `tcp:7`: the lower port is nearly always the one that somebody chose.
    fn name(self) -> String {
        let port = self.source.port.min(self.destination.port);
        match self.carried {
            Carried::Tcp => format!("tcp:{port}"),
            Carried::Udp => format!("udp:{port}"),
            Carried::Icmp => "icmp".to_string(),
        }
    }
}

/// The actors of a link: the link itself, and below it one for each flow that had a decision. So what becomes of a packet does not
/// depend on what other flows send.
#[derive(Debug, Default)]
pub(super) struct Flows {
    link: Option<LineageId>,
    flows: BTreeMap<Flow, LineageId>,
    /// The flow that was asked for last: a packet has several decisions.
    latest: Option<(Flow, LineageId)>,
    /// When the last packet of each flow arrives, where they stay in their order.
    arrivals: BTreeMap<Flow, Instant>,
}

/// So many are remembered. Then all are forgotten, and one that goes on has another name from there: that bounds the memory of
/// a run with many short connections.
const FLOWS_MAX: usize = 1_024;

impl Flows {
    /// The actor of a flow; `name` names the link when that is first needed.
    #[inline]
    pub(super) fn actor(&mut self, flow: Flow, name: impl FnOnce() -> String) -> LineageId {
        match self.latest {
            Some((latest, actor)) if latest == flow => actor,
            _ => self.look_up(flow, name),
        }
    }

    fn look_up(&mut self, flow: Flow, name: impl FnOnce() -> String) -> LineageId {
        let link = *self.link.get_or_insert_with(|| context::actor(name()));
        if self.flows.len() >= FLOWS_MAX && !self.flows.contains_key(&flow) {
            std::mem::take(&mut self.flows).into_values().for_each(context::end_actor);
        }
        let actor = *self.flows.entry(flow).or_insert_with(|| context::actor_below(link, flow.name()));
        self.latest = Some((flow, actor));
        actor
    }

    /// A time of arrival that is not before that of the flow's last packet; it is that of its last packet from then on.
    pub(super) fn not_before_last(&mut self, flow: Flow, at: Instant) -> Instant {
        if self.arrivals.len() >= FLOWS_MAX && !self.arrivals.contains_key(&flow) {
            self.arrivals.clear();
        }
        let last = self.arrivals.entry(flow).or_insert(at);
        *last = at.max(*last);
        *last
    }

    /// The actor of the flow that was asked for last.
    pub(super) fn latest(&self) -> Option<LineageId> {
        self.latest.map(|(_, actor)| actor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder};

    #[test]
    fn a_link_remembers_a_bounded_number_of_flows() {
        Executor::new(ProductionOrder).enter(|| {
            let mut flows = Flows::default();
            let flow = |port: u16| Flow {
                carried: Carried::Tcp,
                source: Endpoint { port, ..Endpoint::LEAST },
                destination: Endpoint { port: 7, ..Endpoint::LEAST },
            };
            let name = || "link".to_string();
            let first = flows.actor(flow(0), name);
            assert_eq!(flows.actor(flow(0), name), first);
            for port in 1..10_000 {
                flows.actor(flow(port), name);
            }
            assert!(flows.flows.len() <= FLOWS_MAX);
        });
    }
}
