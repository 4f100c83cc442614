//! What a run keeps for the next: its memory.

use std::cell::{Cell, RefCell};

use super::{Cancels, Core, Decisions, Devices, Facts, FaultsAsked, Log, Nodes, Polling, Properties, Run};
use super::{RunId, RunTag, Settling, Time, Users, Verdict};
use crate::choice::{Faults, ProductionOrder, Ratio};
use crate::config::Buggify;
use crate::reuse::Reuse as _;

impl Run {
    /// A run that has not begun: [`Run::configure`] begins it.
    pub(crate) fn new(tag: RunTag, id: RunId) -> Self {
        Run {
            tag,
            id,
            budget: None,
            around: None,
            awaits: None,
            tells_accesses: false,
            decision_points: Cell::new(false),
            io_points: false,
            core: RefCell::new(Core::new()),
            source: RefCell::new(Box::new(ProductionOrder)),
            devices: Devices::default(),
            invariants: RefCell::default(),
            wakers: None,
            leaks: None,
            buggify: Buggify::OFF,
            spurious: Ratio::NEVER,
            cancels: Cancels::default(),
            late_aborts: RefCell::default(),
        }
    }

    /// Makes a run that was torn down as one that has not begun, and keeps its memory. If a part of its program could not be dropped, it
    /// cannot be kept.
    #[must_use = "what it says tells whether the run may be used again"]
    pub(crate) fn renew(&mut self) -> bool {
        let Run {
            tag: _,
            id: _,
            budget: _,
            around: _,
            awaits: _,
            tells_accesses: _,
            decision_points: _,
            io_points: _,
            core,
            source,
            devices,
            invariants,
            wakers,
            leaks: _,
            buggify: _,
            spurious: _,
            cancels: _,
            late_aborts,
        } = self;
        let core = core.get_mut();
        if core.polling.tasks().len() > 0 {
            return false;
        }
        core.renew();
        *source.get_mut() = Box::new(ProductionOrder);
        devices.renew();
        invariants.get_mut().renew();
        *wakers = None;
        late_aborts.get_mut().renew();
        true
    }
}

impl Core {
    fn new() -> Self {
        Core {
            time: Time::new(),
            decisions: Decisions::new(),
            polling: Polling::new(),
            nodes: Nodes::default(),
            log: Log::default(),
            verdict: Verdict::default(),
            facts: Facts::new(),
            users: Users::default(),
            faults: FaultsAsked::new(Faults::NONE, false),
            properties: Properties::default(),
            span: None,
            settling: Settling::default(),
        }
    }

    fn renew(&mut self) {
        let Core {
            time,
            decisions,
            polling,
            nodes,
            log,
            verdict,
            facts,
            users,
            faults: _,
            properties,
            span,
            settling,
        } = self;
        time.renew();
        decisions.renew();
        polling.renew();
        nodes.renew();
        log.renew();
        verdict.renew();
        facts.renew();
        *users = Users::default();
        properties.renew();
        *span = None;
        *settling = Settling::default();
    }
}
