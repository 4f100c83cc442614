//! The records of a trace: their text is the format of snapshots.

use std::fmt;
use std::rc::Rc;

use crate::clock::Instant;

/// How much a run's trace holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceLevel {
    /// Nothing.
    #[default]
    Off,
    /// What the program itself reports.
    Events,
    /// Also what tasks and devices do.
    All,
    /// Also who wakes whom.
    Wakes,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The program reported something.
    User {
        /// In its words.
        text: String,
    },
    /// The task spawned another.
    Spawned {
        /// The lineage of the new task.
        task: Rc<str>,
    },
    /// The task was polled.
    Polled,
    /// A task was woken, by the one that the record names: a task, `a timer`, or `a device` such as the network. A task that wakes
    /// itself is ready again after its poll.
    Woke {
        /// The lineage of the task that was woken.
        task: Rc<str>,
    },
    /// The task ended by itself.
    Done,
    /// The task's future was dropped at its await point, since someone aborted it.
    Cancelled,
    /// The task panicked.
    Panicked {
        /// The panic's message.
        message: String,
    },
    /// The task holds its node's CPU.
    Blocked {
        /// Until when.
        until: Instant,
    },
    /// The node has crashed.
    NodeDown {
        /// `power lost`, or `process killed`.
        how: String,
    },
    /// The node was frozen.
    NodeFrozen,
    /// The node was started after it was down.
    NodeStarted,
    /// The node was thawed.
    NodeThawed,
    /// The node's clocks were set.
    ClockSet {
        /// How much faster than the world's they go now, in parts of 10⁹.
        drift_ppb: i32,
        /// By how much the wall clock is ahead besides, in nanoseconds.
        offset_ns: i64,
    },
    /// The node's wall clock has jumped.
    ClockStepped {
        /// By so many nanoseconds, back if that is negative.
        nanos: i64,
    },
    /// Something of a device, such as a packet.
    Device {
        /// In the device's words.
        text: String,
    },
}

impl fmt::Display for Event {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::User { text } | Event::Device { text } => out.write_str(text),
            Event::Spawned { task } => write!(out, "spawned {task}"),
            Event::Polled => out.write_str("polled"),
            Event::Woke { task } => write!(out, "woke {task}"),
            Event::ClockSet { drift_ppb, offset_ns } => {
                write!(
                    out,
                    "has its clocks set: drift {drift_ppb} ppb, wall clock {} ahead",
                    Seconds(*offset_ns)
                )
            }
            Event::ClockStepped { nanos } => write!(out, "has its wall clock stepped by {}", Seconds(*nanos)),
            Event::Done => out.write_str("done"),
            Event::Cancelled => out.write_str("cancelled"),
            Event::Panicked { message } => write!(out, "panicked: {message}"),
            Event::NodeDown { how } => write!(out, "is down: {how}"),
            Event::NodeFrozen => out.write_str("is frozen"),
            Event::NodeStarted => out.write_str("starts"),
            Event::NodeThawed => out.write_str("is thawed"),
            Event::Blocked { until } => write!(out, "blocked until {until}"),
        }
    }
}

/// Nanoseconds, as seconds with a sign.
struct Seconds(i64);

impl fmt::Display for Seconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(out, "{sign}{} s", Instant::from_nanos(self.0.unsigned_abs()))
    }
}

/// One thing that happened. Its text is `<virtual seconds> <lineage> <event>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When, on the node's own clock.
    pub at: Instant,
    /// Who: a task's lineage, or a device's name for itself.
    pub lineage: Rc<str>,
    /// What.
    pub event: Event,
}

impl Record {
    /// The node of the task, which begins its path; of a device its name. In a name a slash stands behind a backslash.
    #[must_use]
    pub fn node(&self) -> &str {
        node_of(&self.lineage)
    }
}

/// The node of the task with this path.
///
/// ```
/// assert_eq!(sim_executor::node_of("server/conn#2"), "server");
/// assert_eq!(sim_executor::node_of("main"), "main");
/// assert_eq!(sim_executor::node_of("odd\\/name/task"), "odd\\/name");
/// ```
#[must_use]
pub fn node_of(path: &str) -> &str {
    let mut is_escaped = false;
    for (place, letter) in path.char_indices() {
        match letter {
            '/' if !is_escaped => return &path[..place],
            _ => is_escaped = letter == '\\' && !is_escaped,
        }
    }
    path
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {} {}", self.at, self.lineage, self.event)
    }
}

/// All records of a run, in order. Its text has one record a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The records.
    pub records: Vec<Record>,
}

impl Trace {
    /// The lines that the program itself reported.
    pub fn user_events(&self) -> impl Iterator<Item = (&Record, &str)> {
        self.records.iter().filter_map(|record| match &record.event {
            Event::User { text } => Some((record, text.as_str())),
            _ => None,
        })
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.records.iter().try_for_each(|record| writeln!(out, "{record}"))
    }
}
