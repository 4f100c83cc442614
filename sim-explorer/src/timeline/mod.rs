//! A run as lanes, marks, arrows: what a page or another tool draws.

use sim_executor::{Instant, Trace};

mod band;
mod build;
mod packet;

pub use band::Band;

use build::Builder;

/// A run's trace by who it is about. A *step* is the place of a record in the trace, from zero: nothing of a run is at the same step as
/// something else, while much may be at the same time.
///
/// ```
/// use sim_executor::{Config, Executor, Outcome, ProductionOrder, TraceLevel, event, spawn_named};
/// use sim_explorer::Timeline;
///
/// let config = Config { trace: TraceLevel::Wakes, ..Config::default() };
/// let mut executor = Executor::with_config(config, ProductionOrder);
/// executor.block_on(async { spawn_named("child", async { event!("hello") }).await.unwrap() }).unwrap();
/// let timeline = Timeline::of(&executor.finish(Outcome::Done).trace);
///
/// let lanes: Vec<&str> = timeline.lanes.iter().map(|lane| lane.name.as_str()).collect();
/// assert_eq!(lanes, ["main", "main/child"]);
/// assert!(timeline.marks.iter().any(|mark| mark.lane == 1 && mark.text == "hello"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Who something is about, those of a node together: tasks in the order in which they were first heard of, before them their host.
    pub lanes: Vec<Lane>,
    /// When each step was. Each node has a clock of its own, so that a later step may have an earlier time.
    pub times: Vec<Instant>,
    /// What happened in a lane, by steps.
    pub marks: Vec<Mark>,
    /// When a task was ready, and waited for its poll, by their ends. Known of all tasks if the trace says who wakes whom.
    pub waits: Vec<Wait>,
    /// What went from lane to lane, by their ends.
    pub arrows: Vec<Arrow>,
    /// What lasted: partitions, crashes, a CPU that was held.
    pub bands: Vec<Band>,
}

/// Who something is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The node.
    pub node: String,
    /// The path of the task, or the name of the host.
    pub name: String,
    /// Which of both.
    pub kind: LaneKind,
}

/// What a lane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// A task.
    Task,
    /// A host: what it sends and receives, and what becomes of it.
    Host,
}

/// Something that happened in a lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The step.
    pub step: usize,
    /// The lane, by its place in [`Timeline::lanes`].
    pub lane: usize,
    /// What kind of thing it is.
    pub kind: MarkKind,
    /// In words.
    pub text: String,
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// The task was polled.
    Polled,
    /// The program reported something.
    Said,
    /// The task ended by itself, was cancelled, or panicked.
    Ended,
    /// A packet was sent, received, or lost.
    Packet,
    /// Something befell the node or the network.
    Fault,
    /// Anything else.
    Other,
}

/// A task was ready, and waited for its poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// The lane of the task.
    pub lane: usize,
    /// The step at which it became ready.
    pub from: usize,
    /// The step of its poll.
    pub to: usize,
}

/// Something went from one lane to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// What.
    pub kind: ArrowKind,
    /// From which lane, at which step.
    pub from: (usize, usize),
    /// To which lane, at which step.
    pub to: (usize, usize),
    /// What is in the packet; empty for others.
    pub text: String,
}

/// What goes from lane to lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArrowKind {
    /// A task, or what a host received, woke a task.
    Wake,
    /// A task spawned another.
    Spawn,
    /// A task had its host send a packet, as far as that can be told: its poll was the last thing that happened.
    Send,
    /// A packet arrived.
    Packet,
    /// A packet came to nothing; the arrow ends where that was known.
    LostPacket,
}

impl Timeline {
    /// That of a trace. Of a trace of [`TraceLevel::Wakes`](sim_executor::TraceLevel) all is known.
    #[must_use]
    pub fn of(trace: &Trace) -> Self {
        let mut builder = Builder::default();
        for record in &trace.records {
            builder.add(record);
        }
        builder.finish()
    }
}
