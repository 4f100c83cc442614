//! What kind of answer a value is: a fault, something that the program drew, or another circumstance.

use sim_executor::Value;

/// What kind of answer a value is, by the label of its question.
///
/// ```
/// use sim_executor::Value;
/// use sim_explorer::AnswerKind;
///
/// assert_eq!(AnswerKind::of("link.loss", Value::Flag(true)), AnswerKind::Fault);
/// assert_eq!(AnswerKind::of("link.latency", Value::Int(500)), AnswerKind::Circumstance);
/// assert_eq!(AnswerKind::of("user:choose", Value::Int(3)), AnswerKind::Workload);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AnswerKind {
    /// Something happens that need not, and that no program asked for: a packet is lost, a future is cancelled.
    Fault,
    /// The program or the test drew it: what is to be done, how often, with what.
    Workload,
    /// A number that is no fault: a latency, the length of a read, which branch of a `select!` is looked at first.
    Circumstance,
}

/// What the labels of a program's own draws begin with.
const OF_PROGRAM: &str = "user:";

impl AnswerKind {
    /// The kind of this answer to a question with this label.
    #[must_use]
    pub fn of(label: &str, value: Value) -> Self {
        match value {
            _ if label.starts_with(OF_PROGRAM) => AnswerKind::Workload,
            Value::Flag(true) => AnswerKind::Fault,
            _ => AnswerKind::Circumstance,
        }
    }
}
