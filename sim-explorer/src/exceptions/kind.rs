//! What kind of answer a value is: a fault, something that the program drew, or another circumstance.

use sim_executor::{Fault, Value};

/// What kind of answer a value is, by the label of its question.
///
/// ```
/// use sim_executor::Value;
/// use sim_explorer::AnswerKind;
///
/// assert_eq!(AnswerKind::of("link.loss", Value::Flag(true)), AnswerKind::Fault);
/// assert_eq!(AnswerKind::of("swarm", Value::Flag(true)), AnswerKind::Circumstance);
/// assert_eq!(AnswerKind::of("link.latency", Value::Int(500)), AnswerKind::Circumstance);
/// assert_eq!(AnswerKind::of("user:choose", Value::Int(3)), AnswerKind::Workload);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerKind {
    /// Something happens that need not, and that no program asked for: a packet is lost, a future is cancelled.
    Fault,
    /// The program or the test drew it: what is to be done, how often, with what.
    Workload,
    /// Neither: a latency, the length of a read, which branch of a `select!` is looked at first, which kinds of faults are on.
    Circumstance,
}

/// Whether a kind of fault may happen at all in a run of swarm testing.
const SWARM: &str = "swarm";

impl AnswerKind {
    /// The kind of this answer to a question with this label.
    #[must_use]
    pub fn of(label: &str, value: Value) -> Self {
        match (Fault::of(label), value) {
            (Some(Fault::User), _) => AnswerKind::Workload,
            (Some(Fault::Vary), _) => AnswerKind::Circumstance,
            (_, Value::Flag(true)) if label != SWARM => AnswerKind::Fault,
            _ => AnswerKind::Circumstance,
        }
    }
}
