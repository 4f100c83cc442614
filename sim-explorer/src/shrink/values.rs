//! The seventh pass: numbers, nearer to the gentlest.

use sim_executor::{Key, Value};

use super::faults::leave_out;
use super::plan::Plan;
use super::search::Search;
use crate::exceptions::{AnswerKind, Asked};

/// Of more numbers only those of one value together are lowered.
const NUMBERS_MAX: usize = 32;

/// Leaves out circumstances; then lowers numbers, those of one value together, then each; then moves what two have to one of them.
pub(super) fn values(search: &mut Search<'_>) {
    leave_out(search, AnswerKind::Circumstance);
    let mut seen: Vec<Value> = Vec::new();
    for asked in numbers(search) {
        if !seen.contains(&asked.value) {
            seen.push(asked.value);
            let same = numbers(search).into_iter().filter(|other| other.value == asked.value);
            let keys: Vec<Key> = same.map(|other| other.key).collect();
            if keys.len() > 1 {
                lower(search, &keys);
            }
        }
    }
    for asked in numbers(search).into_iter().take(NUMBERS_MAX) {
        lower(search, &[asked.key]);
    }
    redistribute(search);
}

/// The numbers of the smallest run that are not the gentlest.
fn numbers(search: &Search<'_>) -> Vec<Asked> {
    let asked = search.best.run.asked.iter();
    asked
        .filter(|asked| asked.value != asked.gentlest && matches!(asked.value, Value::Int(_)))
        .copied()
        .collect()
}

fn number(search: &Search<'_>, key: Key) -> Option<(u64, u64)> {
    let asked = search.best.run.asked.iter().find(|asked| asked.key == key)?;
    match (asked.value, asked.gentlest) {
        (Value::Int(value), Value::Int(gentlest)) if value != gentlest => Some((value, gentlest)),
        _ => None,
    }
}

/// Finds how near to the gentlest these may be: first in growing steps from the gentlest on, then by halves.
fn lower(search: &mut Search<'_>, keys: &[Key]) {
    let Some((value, gentlest)) = number(search, keys[0]) else { return };
    let at = |distance: u64| if value > gentlest { gentlest + distance } else { gentlest - distance };
    let (mut too_near, mut enough) = (0, value.abs_diff(gentlest));
    let mut step = 1;
    while step < enough && !search.is_over() {
        if search.attempt(&with(search, keys, at(step))) {
            enough = step;
            break;
        }
        too_near = step;
        step = step.saturating_mul(4);
    }
    while enough - too_near > 1 && !search.is_over() {
        let distance = too_near + (enough - too_near) / 2;
        if search.attempt(&with(search, keys, at(distance))) {
            enough = distance;
        } else {
            too_near = distance;
        }
    }
}

/// The smallest run with this number at these questions.
fn with(search: &Search<'_>, keys: &[Key], number: u64) -> Plan {
    let Plan { order, mut values } = search.best.plan();
    for value in values.iter_mut().filter(|value| keys.contains(&value.key)) {
        value.value = Value::Int(number);
    }
    Plan { order, values }
}

/// Of two numbers that stand one behind the other one takes the distance of both, and the other is the gentlest.
fn redistribute(search: &mut Search<'_>) {
    const PAIRS_MAX: usize = 16;
    let numbers = numbers(search);
    for pair in numbers.windows(2).take(PAIRS_MAX) {
        let [one, other] = [pair[0], pair[1]];
        for (from, to) in [(one, other), (other, one)] {
            let (Some((taken, gentlest)), Some((given, _))) =
                (number(search, from.key), number(search, to.key))
            else {
                continue;
            };
            let Plan { order, mut values } = search.best.plan();
            values.retain(|value| value.key != from.key);
            for value in values.iter_mut().filter(|value| value.key == to.key) {
                value.value = Value::Int(given.saturating_add(taken.abs_diff(gentlest)));
            }
            search.attempt(&Plan { order, values });
        }
    }
}
