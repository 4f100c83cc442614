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
}

impl Run {
    /// With which probability it is to be asked whether a fault happens whose own probability is `set`.
    pub(crate) fn probability_of(&self, fault: Fault, set: Ratio) -> Ratio {
        let (is_anyway, is_undrawn, is_off) = {
            let faults = &self.core().faults;
            if faults.refused.has(fault) {
                return Ratio::NEVER;
            }
            let is_undrawn = faults.is_swarm && !faults.drawn.has(fault);
            (faults.anyway.has(fault), is_undrawn, faults.is_swarm && !faults.on.has(fault))
        };
        match set.is_never() {
            true if is_anyway => Ratio::ALMOST_NEVER,
            false if is_anyway || !(is_undrawn || is_off) => set,
            true => Ratio::NEVER,
            false if is_undrawn => {
                let actor = self.swarm_actor(fault);
                let is_on = self.ask_flag(actor, SWARM, Ratio::new(1, 2));
                let mut core = self.core_mut();
                core.faults.drawn = core.faults.drawn | Faults::of(fault);
                if is_on {
                    core.faults.on = core.faults.on | Faults::of(fault);
                }
                if is_on { set } else { Ratio::NEVER }
            }
            false => Ratio::NEVER,
        }
    }

    fn swarm_actor(&self, fault: Fault) -> LineageId {
        let mut core = self.core_mut();
        let lineages = core.decisions.lineages_mut();
        let swarm = lineages.root("swarm");
        lineages.child(swarm, fault.name())
    }
}
