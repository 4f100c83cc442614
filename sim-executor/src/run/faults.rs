//! Which kinds of faults are asked about in a run: named ones also where they never happen by themselves, and under swarm testing some only.

use super::Run;
use crate::choice::{Fault, Faults, Label, LineageId, Ratio};

const SWARM: Label = Label::new("swarm");

/// Which kinds of faults are asked about.
#[derive(Debug)]
pub(crate) struct FaultsAsked {
    /// Of [`Needs::asked_anyway`](crate::Needs).
    anyway: Faults,
    /// Of [`Config::swarm`](crate::Config).
    is_swarm: bool,
    /// Those of which it was drawn whether they are on, and which are.
    drawn: Faults,
    on: Faults,
    /// Those that the program does not bear, by what it is.
    refused: Faults,
}

impl FaultsAsked {
    pub(super) fn new(anyway: Faults, is_swarm: bool) -> Self {
        FaultsAsked { anyway, is_swarm, drawn: Faults::NONE, on: Faults::NONE, refused: Faults::NONE }
    }

    /// From now on there are none of these.
    pub(crate) fn refuse(&mut self, fault: Fault) {
        self.refused = self.refused | Faults::of(fault);
    }

    /// Whether this kind is asked about also where its probability is zero.
    pub(crate) fn has_anyway(&self, fault: Fault) -> bool {
        self.anyway.has(fault)
    }

    /// Whether all faults are asked about with the probabilities that are set.
    #[inline]
    pub(crate) fn are_as_set(&self) -> bool {
        self.anyway.is_empty() && self.refused.is_empty() && !self.is_swarm
    }

    /// How probable a fault is, unless it is still to be drawn whether there are any of its kind.
    #[inline]
    fn known(&self, fault: Fault, set: Ratio) -> Option<Ratio> {
        if self.refused.has(fault) {
            return Some(Ratio::NEVER);
        }
        match (set.is_never(), self.anyway.has(fault)) {
            (true, true) => Some(Ratio::ALMOST_NEVER),
            (true, false) => Some(Ratio::NEVER),
            (false, true) => Some(set),
            (false, false) if !self.is_swarm || self.on.has(fault) => Some(set),
            (false, false) => self.drawn.has(fault).then_some(Ratio::NEVER),
        }
    }
}

impl Run {
    /// With which probability it is to be asked whether a fault happens whose own probability is `set`.
    #[inline]
    pub(crate) fn probability_of(&self, fault: Fault, set: Ratio) -> Ratio {
        let known = self.core().faults.known(fault, set);
        match known {
            Some(probability) => probability,
            None if self.is_drawn_on(fault) => set,
            None => Ratio::NEVER,
        }
    }

    /// Draws whether there are any faults of a kind.
    #[inline(never)]
    fn is_drawn_on(&self, fault: Fault) -> bool {
        let actor = self.swarm_actor(fault);
        let is_on = self.ask_flag(actor, SWARM, Ratio::new(1, 2));
        let mut core = self.core_mut();
        core.faults.drawn = core.faults.drawn | Faults::of(fault);
        if is_on {
            core.faults.on = core.faults.on | Faults::of(fault);
        }
        is_on
    }

    fn swarm_actor(&self, fault: Fault) -> LineageId {
        let mut core = self.core_mut();
        let lineages = core.decisions.lineages_mut();
        let swarm = lineages.root("swarm");
        lineages.child(swarm, fault.name())
    }
}
