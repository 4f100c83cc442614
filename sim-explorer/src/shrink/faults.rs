//! The third pass: faults, by their kind, by whom they befall, one by one.

use std::rc::Rc;

use super::plan::Plan;
use super::reduce::reduce;
use super::search::Search;
use crate::exceptions::{AnswerKind, Exceptions, ValueException};

/// Leaves out faults.
pub(super) fn faults(search: &mut Search<'_>) {
    leave_out(search, AnswerKind::Fault);
}

/// Leaves out answers of a kind: all of one label, then all of one actor, then each.
pub(super) fn leave_out(search: &mut Search<'_>, kind: AnswerKind) {
    groups(search, kind, label_of);
    groups(search, kind, lineage_of);
    let items = |search: &Search<'_>| of_kind(&search.best.exceptions, kind);
    reduce(search, items, |search, list, left_out| {
        without(search, |value| list[left_out.clone()].iter().any(|out| out.key == value.key))
    });
}

fn groups(
    search: &mut Search<'_>,
    kind: AnswerKind,
    group: impl Fn(&Exceptions, &ValueException) -> Rc<str>,
) {
    let mut names: Vec<Rc<str>> = of_kind(&search.best.exceptions, kind)
        .iter()
        .map(|value| group(&search.best.exceptions, value))
        .collect();
    names.sort();
    names.dedup();
    for name in names {
        let exceptions = &search.best.exceptions;
        let is_out =
            |value: &ValueException| exceptions.kind(value) == kind && group(exceptions, value) == name;
        let plan = without(search, is_out);
        search.attempt(&plan);
    }
}

fn of_kind(exceptions: &Exceptions, kind: AnswerKind) -> Vec<ValueException> {
    exceptions.values.iter().filter(|value| exceptions.kind(value) == kind).copied().collect()
}

/// The smallest run without these answers.
fn without(search: &Search<'_>, is_out: impl Fn(&ValueException) -> bool) -> Plan {
    let Plan { order, values } = search.best.plan();
    Plan { order, values: values.into_iter().filter(|value| !is_out(value)).collect() }
}

fn label_of(exceptions: &Exceptions, value: &ValueException) -> Rc<str> {
    exceptions.names.get(&value.key.stream).map_or_else(|| "".into(), |name| Rc::clone(&name.label))
}

fn lineage_of(exceptions: &Exceptions, value: &ValueException) -> Rc<str> {
    exceptions.names.get(&value.key.stream).map_or_else(|| "".into(), |name| Rc::clone(&name.lineage))
}
