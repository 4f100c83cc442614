//! What is between the hosts of one run, made as new for the next.

use sim_executor::context::RunHandle;
use sim_executor::{EventQueue, Instant, Reuse as _};

use super::held::HeldPackets;
use super::{EVENTS_MAX, Wire};
use crate::config::NetworkConfig;
use crate::tcp::Rules;
use crate::wakers::Wakers;

/// A run with more events does not leave the memory for them to the next. How many were pending together is not known; but a run
/// with so many has so much to do that allocating again costs nothing beside it.
const SCHEDULED_MAX: u64 = 4_096;

impl Wire {
    /// Makes it as new, and keeps memory for the next run, which calls [`Wire::configure`].
    pub(crate) fn renew(&mut self) {
        let Wire {
            run,
            config: _,
            tcp: _,
            pool,
            interfaces,
            links,
            groups,
            wakes,
            garbage,
            names,
            events,
            scheduled,
            lane,
            packets,
            searches,
            due,
            held,
            aside,
            has_hooks,
            down,
            is_traced: _,
            is_watched: _,
            #[cfg(feature = "pcap")]
            tap,
        } = self;
        *run = RunHandle::default();
        pool.renew();
        interfaces.renew();
        links.renew();
        groups.renew();
        *wakes = Wakers::default();
        *garbage = Wakers::default();
        names.renew();
        if *scheduled <= SCHEDULED_MAX {
            events.clear();
        } else {
            *events = EventQueue::new(EVENTS_MAX);
        }
        *scheduled = 0;
        lane.renew();
        *packets = 0;
        *searches = 0;
        due.set(Instant::MAX);
        *held = HeldPackets::default();
        aside.renew();
        *has_hooks = false;
        down.renew();
        #[cfg(feature = "pcap")]
        {
            *tap = None;
        }
    }

    /// Begins a run.
    pub(crate) fn configure(&mut self, config: &NetworkConfig, is_traced: bool) {
        self.run = RunHandle::current();
        self.config = *config;
        self.tcp = Rules::new(config.tcp);
        self.is_traced = is_traced;
        self.look_whether_watched();
    }
}
