//! Touches of what tasks share, as names that do not depend on the order of those that do not race.

use std::collections::BTreeMap;

use sim_executor::{Access, Resource, mix};

/// What was touched so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Touches(BTreeMap<Resource, Touched>);

#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    last_write: u64,
    /// The sum of the reads since then.
    reads: u64,
}

impl Touches {
    /// The name of a touch: by which poll, of what, and which touches of it came before: for a write all since the last one, for a read the last
    /// write.
    pub(crate) fn add(&mut self, poll: u64, resource: Resource, access: Access) -> u64 {
        let touched = self.0.entry(resource).or_default();
        let what = mix(mix(poll, resource.number()), touched.last_write);
        match access {
            Access::Read => {
                touched.reads = touched.reads.wrapping_add(what);
                what
            }
            Access::Write => {
                let name = mix(what, touched.reads);
                *touched = Touched { last_write: name, reads: 0 };
                name
            }
        }
    }

    /// Forgets all: what comes now races with nothing that was.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
