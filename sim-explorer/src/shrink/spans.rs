//! Operations of the workload that have names of their own: left out whole, made calm, put in place of each other.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use sim_executor::{Key, Value, resolve};

use super::plan::{Order, Plan};
use super::reduce::reduce;
use super::search::Search;
use crate::exceptions::{AnswerKind, Turn, ValueException};

/// The label of the question whether an operation is there: see [`many`](sim_executor::many).
pub(super) const MANY: &str = "user:many";

/// Leaves out operations whole. What is asked of others, such as links, moves up by what the operations left out had asked there; then the same
/// with the tasks in the order in which they were; then with what is asked of others as it was.
pub(super) fn operations(search: &mut Search<'_>) {
    let without = |search: &Search<'_>, list: &[Rc<str>], left_out: Range<usize>| {
        let values = closed_up(search, &list[left_out]);
        Plan { values, ..search.best.plan() }
    };
    reduce(search, there, without);
    reduce(search, there, |search, list, left_out| {
        let out = list[left_out.clone()].to_vec();
        let names = search.best.run.turns().filter(|turn| !is_of(search, *turn, &out)).collect();
        Plan { order: Order::Names(names), ..without(search, list, left_out) }
    });
    reduce(search, there, |search, list, left_out| {
        let Plan { order, values } = search.best.plan();
        let is_kept =
            |value: &ValueException| !is_below_any(lineage(search, value.key), &list[left_out.clone()]);
        Plan { order, values: values.into_iter().filter(is_kept).collect() }
    });
}

/// Makes what an operation draws the gentlest, all of it at once; lets a part of an operation that bears its name take its place; lets two
/// operations exchange what they draw.
pub(super) fn parts(search: &mut Search<'_>) {
    const PARTS_MAX: usize = 16;
    for part in drawing(search).into_iter().take(PARTS_MAX) {
        let Plan { order, values } = search.best.plan();
        let is_calm =
            |value: &ValueException| is_below(lineage(search, value.key), &part) && !is_many(search, value);
        let values = values.into_iter().filter(|value| !is_calm(value)).collect();
        search.attempt(&Plan { order, values });
    }
    let parts = drawing(search);
    for (above, below) in pairs(&parts).filter(|(above, below)| is_within(above, below)).take(PARTS_MAX) {
        let plan = renamed(search, |path| match rest(path, below) {
            Some(rest) => Some(format!("{above}{rest}")),
            None if is_below(path, above) => None,
            None => Some(path.to_string()),
        });
        search.attempt(&plan);
    }
    for (one, other) in pairs(&parts).filter(|(one, other)| are_siblings(one, other)).take(PARTS_MAX) {
        let plan = renamed(search, |path| match (rest(path, one), rest(path, other)) {
            (Some(rest), _) => Some(format!("{other}{rest}")),
            (_, Some(rest)) => Some(format!("{one}{rest}")),
            _ => Some(path.to_string()),
        });
        search.attempt(&plan);
    }
}

/// The operations that are there though they need not be, in order.
fn there(search: &Search<'_>) -> Vec<Rc<str>> {
    let values = search.best.exceptions.values.iter().filter(|value| is_many(search, value));
    values
        .filter_map(|value| Some(Rc::clone(&search.best.run.names().get(&value.key.stream)?.lineage)))
        .collect()
}

fn is_many(search: &Search<'_>, value: &ValueException) -> bool {
    value.value == Value::Flag(true) && search.best.run.label(value.key) == Some(MANY)
}

fn lineage<'a>(search: &'a Search<'_>, key: Key) -> &'a str {
    search.best.run.names().get(&key.stream).map_or("", |name| &name.lineage)
}

/// What stands behind this path, if it is at its beginning.
fn rest<'a>(path: &'a str, above: &str) -> Option<&'a str> {
    path.strip_prefix(above).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn is_below(path: &str, above: &str) -> bool {
    rest(path, above).is_some()
}

fn is_below_any(path: &str, above: &[Rc<str>]) -> bool {
    above.iter().any(|above| is_below(path, above))
}

/// Whether a task has a name below one of these operations.
fn is_of(search: &Search<'_>, turn: Turn, operations: &[Rc<str>]) -> bool {
    search.best.run.task(turn.lineage).is_some_and(|path| is_below_any(path, operations))
}

/// The values of the smallest run without those of the operations; what others were asked while these were at it is gone too, so that what they are
/// asked behind it has a lower number.
fn closed_up(search: &Search<'_>, left_out: &[Rc<str>]) -> Vec<ValueException> {
    let operations: BTreeSet<Rc<str>> = there(search).into_iter().collect();
    let (mut is_out, mut gone) = (false, BTreeMap::<u64, u32>::new());
    let mut values = Vec::new();
    for asked in &search.best.run.asked {
        let path = lineage(search, asked.key);
        if search.best.run.label(asked.key) == Some(MANY) {
            is_out = is_below_any(path, left_out);
        }
        if is_below_any(path, left_out) {
            continue;
        }
        let is_named_apart = operations.iter().any(|operation| is_below(path, operation));
        let before = gone.entry(asked.key.stream).or_default();
        if is_out && !is_named_apart && search.best.run.label(asked.key) != Some(MANY) {
            *before += 1;
            // What happened to the operation goes with it.
            continue;
        }
        if asked.value != asked.gentlest {
            let key = Key { ordinal: asked.key.ordinal - *before, ..asked.key };
            values.push(ValueException { key, value: asked.value });
        }
    }
    values
}

/// The parts of the workload in which something is drawn, and those that they are in.
fn drawing(search: &Search<'_>) -> Vec<String> {
    let mut parts = BTreeSet::new();
    for value in &search.best.exceptions.values {
        if search.best.exceptions.kind(value) == AnswerKind::Workload {
            let path = lineage(search, value.key);
            let ends = path.match_indices('/').map(|(end, _)| end).skip(1).chain([path.len()]);
            parts.extend(ends.map(|end| path[..end].to_string()));
        }
    }
    parts.into_iter().collect()
}

fn pairs(parts: &[String]) -> impl Iterator<Item = (&str, &str)> {
    parts.iter().flat_map(move |one| parts.iter().map(move |other| (one.as_str(), other.as_str())))
}

/// The path above the last name, and that name without its number.
fn last_name(path: &str) -> (&str, &str) {
    let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
    (above, name.split_once('#').map_or(name, |(name, _)| name))
}

/// Whether the other is a part of the one and bears its name.
fn is_within(one: &str, other: &str) -> bool {
    one != other && is_below(other, one) && last_name(one).1 == last_name(other).1
}

fn are_siblings(one: &str, other: &str) -> bool {
    one < other && last_name(one) == last_name(other)
}

/// The smallest run with what is drawn under other names; under none it is the gentlest. Which operations are there stays as it is.
fn renamed(search: &Search<'_>, name: impl Fn(&str) -> Option<String>) -> Plan {
    let Plan { order, values } = search.best.plan();
    let renamed = values.into_iter().filter_map(|value| {
        let asked = search.best.run.names().get(&value.key.stream)?;
        if search.best.exceptions.kind(&value) != AnswerKind::Workload || is_many(search, &value) {
            return Some(value);
        }
        let stream = resolve::value_stream(&name(&asked.lineage)?, &asked.label)?;
        Some(ValueException { key: Key { stream, ..value.key }, ..value })
    });
    Plan { values: renamed.collect(), order }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_below_what_its_path_begins_with_at_a_slash() {
        assert!(is_below("main/op/inner", "main/op") && is_below("main/op", "main/op"));
        assert!(!is_below("main/op#2", "main/op") && !is_below("main/operator", "main/op"));
        assert!(is_within("main/op", "main/op/op#2") && !is_within("main/op", "main/op/other"));
        assert!(are_siblings("main/op", "main/op#2") && !are_siblings("main/op", "other/op#2"));
        assert!(!are_siblings("main/op", "main/op"));
    }
}
