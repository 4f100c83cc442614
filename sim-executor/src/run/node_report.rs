//! What a person is told of nodes that did not just run.

use std::fmt;
use std::rc::Rc;

use crate::clock::Instant;
use crate::task::Life;

/// A node that has crashed, was frozen, or still is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeReport {
    /// The node's name.
    pub name: Rc<str>,
    /// Whether it lives.
    pub life: Life,
    /// Since when.
    pub since: Instant,
    /// How often it went down.
    pub crashes: u32,
    /// How often it was started after that.
    pub starts: u32,
}

impl fmt::Display for NodeReport {
    /// `server is down, it has lost power, since 2.000 (crashed 3 times, started 2 times)`
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NodeReport { name, life, since, crashes, starts } = self;
        let times = |count: u32| format!("{count} time{}", if count == 1 { "" } else { "s" });
        let comma = if life.is_down() { "," } else { "" };
        write!(out, "{name} is {life}{comma} since {since}")?;
        if *crashes > 0 {
            write!(out, " (crashed {}, started {})", times(*crashes), times(*starts))?;
        }
        Ok(())
    }
}
