//! The first pass: whole kinds of exceptions left out.

use super::plan::{Order, Plan};
use super::search::Search;
use crate::exceptions::{AnswerKind, ValueException};

/// Nothing at all; then the order without the values and the other way round; then one kind of value after the other.
pub(super) fn probe(search: &mut Search<'_>) {
    let default = || Order::Exceptions(Vec::new());
    search.attempt(&Plan { order: default(), values: Vec::new() });
    search.attempt(&Plan { order: default(), ..search.best.plan() });
    search.attempt(&Plan { values: Vec::new(), ..search.best.plan() });
    for kind in [AnswerKind::Fault, AnswerKind::Circumstance, AnswerKind::Workload] {
        let Plan { order, values } = search.best.plan();
        let is_other = |value: &ValueException| search.best.exceptions.kind(value) != kind;
        let values = values.into_iter().filter(is_other).collect();
        search.attempt(&Plan { order, values });
    }
}
