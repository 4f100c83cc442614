//! A run as what it does otherwise than the default order: few lines that still mean the same after the program was edited.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use sim_executor::{Fault, Faults, Key, Names, Needs, Value};

mod default_order;
mod follow;
mod kind;
mod noted;
mod realised;
mod run;

pub(crate) use follow::find_turn;

pub use default_order::DefaultOrder;
pub use follow::{Follow, Followed};
pub use kind::AnswerKind;
pub use noted::{Noted, Notes};
pub use realised::{Asked, Realised, Step};
pub use run::{FollowRun, ParseFollowRunError};

/// What a run does otherwise than the [`DefaultOrder`]: another task's turn, and answers that are not the gentlest.
///
/// Each is told by the name of its decision, and not by its place in the run, so that it means the same after the program was
/// edited elsewhere. In the order in which the run came to them. The text is one exception a line:
///
/// ```
/// use sim_executor::{Key, Label, Lineages, Name, Value};
/// use sim_explorer::{Exceptions, Turn, TurnException};
///
/// let mut lineages = Lineages::default();
/// let [apply, snapshot] = ["apply", "snapshot"].map(|name| {
///     let node = lineages.root("n2");
///     lineages.child(node, name)
/// });
/// let lock = Label::new("lock");
/// let after = Key { stream: Key::after(lineages.hash(apply), lock), ordinal: 1 };
/// let run = Turn { lineage: lineages.hash(snapshot), nth: 0 };
/// let mut exceptions = Exceptions { schedule: vec![TurnException { after, run }], ..Exceptions::default() };
/// exceptions.names.insert(after.stream, Name { lineage: lineages.path(apply), label: "after lock".into() });
/// exceptions.tasks.insert(run.lineage, lineages.path(snapshot));
/// assert_eq!(exceptions.to_string(), "after n2/apply @ lock #1 run n2#2/snapshot\n");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exceptions {
    /// Whether nodes poll in iteration batches: see [`Needs::batches`].
    pub batches: bool,
    /// After how many holds of its CPU a ready task has its turn: see [`Needs::holds_max`].
    pub holds_max: u32,
    /// Whether tasks stop at decision points: see [`Needs::decision_points`].
    pub decision_points: bool,
    /// About which faults it is asked also where their probability is zero, besides those among the values: see [`Needs::asked_anyway`].
    pub asked_anyway: Faults,
    /// Whose turn it is where that is not the default's.
    pub schedule: Vec<TurnException>,
    /// Values and faults that are not the gentlest.
    pub values: Vec<ValueException>,
    /// The names of the streams that these speak of.
    pub names: Names,
    /// The paths of the tasks that these speak of, by the hashes of their lineages.
    pub tasks: BTreeMap<u64, Rc<str>>,
}

/// After a poll it is another task's turn than in the default order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TurnException {
    /// After which poll: see [`Point::key`](sim_executor::Point).
    pub after: Key,
    /// Whose turn it is.
    pub run: Turn,
}

/// A task that may be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Turn {
    /// The hash of its lineage.
    pub lineage: u64,
    /// How many others of that lineage are before it among those that may be polled. Zero but for tasks that are the program of
    /// a node itself, which all bear the node's lineage.
    pub nth: u32,
}

/// A question about a value has another answer than the gentlest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueException {
    /// The question's name.
    pub key: Key,
    /// The answer: a flag or a number.
    pub value: Value,
}

impl Default for Exceptions {
    /// None: the default order.
    fn default() -> Self {
        let Needs { batches, holds_max, decision_points, asked_anyway, .. } = Needs::default();
        Exceptions {
            batches,
            holds_max,
            decision_points,
            asked_anyway,
            schedule: Vec::new(),
            values: Vec::new(),
            names: Names::new(),
            tasks: BTreeMap::new(),
        }
    }
}

impl Exceptions {
    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.schedule.len() + self.values.len()
    }

    /// The default order, with the gentlest answers, in the circumstances of these.
    #[must_use]
    pub fn none(&self) -> Exceptions {
        let Exceptions { batches, holds_max, decision_points, asked_anyway, .. } = *self;
        Exceptions { batches, holds_max, decision_points, asked_anyway, ..Exceptions::default() }
    }

    /// The kinds of faults among the values, as far as the names of their questions tell.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let labels = self.values.iter().filter_map(|value| self.names.get(&value.key.stream));
        labels.filter_map(|name| Fault::of(&name.label)).collect()
    }

    /// What kind of answer a value exception is, as far as the name of its question tells.
    #[must_use]
    pub fn kind(&self, exception: &ValueException) -> AnswerKind {
        let label = self.names.get(&exception.key.stream).map_or("", |name| &*name.label);
        AnswerKind::of(label, exception.value)
    }

    /// The line of a change of turns.
    #[must_use]
    pub fn turn_text(&self, exception: &TurnException) -> String {
        let TurnException { after, run } = exception;
        format!("{} run {}", self.after_text(*after), self.task_text(*run))
    }

    /// The line of a value or a fault.
    #[must_use]
    pub fn value_text(&self, exception: &ValueException) -> String {
        let ValueException { key, value } = exception;
        let name = self.names.get(&key.stream).map_or_else(|| hex(key.stream), ToString::to_string);
        match value {
            Value::Flag(flag) => format!("{name} #{} = {flag}", key.ordinal),
            Value::Int(number) => format!("{name} #{} = {number}", key.ordinal),
            Value::Pick { .. } => panic!("a value exception is no pick of a task"),
        }
    }

    /// `after n2/apply @ lock #1`, and `at the start` before the first poll of the run.
    #[must_use]
    pub fn after_text(&self, after: Key) -> String {
        match self.names.get(&after.stream) {
            _ if after.stream == Key::START.stream => format!("at the start #{}", after.ordinal),
            Some(name) => {
                let label = name.label.strip_prefix("after ").unwrap_or(&name.label);
                format!("after {} @ {label} #{}", name.lineage, after.ordinal)
            }
            None => format!("after {} #{}", hex(after.stream), after.ordinal),
        }
    }

    /// The task's path, with `~2` behind the second of that path.
    #[must_use]
    pub fn task_text(&self, turn: Turn) -> String {
        let path = self.tasks.get(&turn.lineage).map_or_else(|| hex(turn.lineage), ToString::to_string);
        if turn.nth == 0 { path } else { format!("{path}~{}", turn.nth + 1) }
    }
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

impl fmt::Display for Exceptions {
    /// One exception a line, those of the schedule first.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.schedule.iter().try_for_each(|exception| writeln!(out, "{}", self.turn_text(exception)))?;
        self.values.iter().try_for_each(|exception| writeln!(out, "{}", self.value_text(exception)))
    }
}
