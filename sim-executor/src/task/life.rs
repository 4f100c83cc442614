//! Whether a node lives.

use std::fmt;

/// A node of one run, numbered in the order of creation. Number 0 is `main`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The number.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "node {}", self.0)
    }
}

/// How a node goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Crash {
    /// The program is killed (`SIGKILL`): its tasks are gone, and the kernel goes on. It closes each socket as when a
    /// program ends, so peers see a FIN, or a RST where something was not read.
    ProcessKill,
    /// The machine stops: its tasks are gone, and so is all that its kernel knew. Nothing is sent any more, and what
    /// arrives is lost, until it is started again.
    PowerLoss,
    /// The program is stopped (`SIGSTOP`) until it is thawed: no task is polled, while the kernel goes on to acknowledge
    /// what arrives until its buffers are full. Timers that are due meanwhile are seen afterwards.
    Freeze,
}

impl fmt::Display for Crash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Crash::ProcessKill => "process killed",
            Crash::PowerLoss => "power lost",
            Crash::Freeze => "frozen",
        })
    }
}

/// Whether a node lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Life {
    /// Its tasks are polled.
    #[default]
    Running,
    /// No task is polled until it is thawed.
    Frozen,
    /// It has no tasks until it is started, since its process was killed. Its kernel goes on.
    Killed,
    /// It has nothing until it is started, since it has lost power.
    Off,
}

impl Life {
    /// Whether it has no tasks.
    #[must_use]
    pub fn is_down(self) -> bool {
        matches!(self, Life::Killed | Life::Off)
    }
}

impl fmt::Display for Life {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Life::Running => "running",
            Life::Frozen => "frozen",
            Life::Killed => "down, its process was killed",
            Life::Off => "down, it has lost power",
        })
    }
}
