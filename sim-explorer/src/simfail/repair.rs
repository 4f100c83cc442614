//! A failure file whose entries are looked for in their neighbourhood, after an edit that counts operations otherwise.

use std::collections::{BTreeMap, BTreeSet};

use sim_executor::{Config, Report};

use super::record::MakeRun;
use super::{DecisionName, Moment, Simfail};

/// So far from its place an entry is looked for.
const SHIFT_MAX: i64 = 2;
/// So many runs are made at most, if an entry was not met.
const RUNS_MAX: usize = 200;
/// So many, if all were met: most likely the failure is mended, and its file is replayed by each later run of its test.
const RUNS_MAX_WHEN_MET: usize = 30;

/// A file that shows its failure again.
pub(super) struct Repaired {
    pub(super) file: Simfail,
    pub(super) report: Report,
    /// How many entries stand elsewhere than before.
    pub(super) entries: u32,
}

/// Looks for the failure with some entries up to two places earlier or later: first each alone, then all of an operation
/// together, then all, then each two.
pub(super) fn repair(file: &Simfail, is_unmet: bool, config: Config, make: MakeRun<'_>) -> Option<Repaired> {
    let entries = names(file);
    let runs_max = if is_unmet { RUNS_MAX } else { RUNS_MAX_WHEN_MET };
    let mut tried = BTreeSet::new();
    for shifts in shifts(&entries) {
        let Some(shifted) = shifted(file, &entries, &shifts) else { continue };
        if tried.len() == runs_max {
            return None;
        }
        if !tried.insert(shifts.clone()) {
            continue;
        }
        let attempt = shifted.attempt(&shifted.exceptions(), config, make).ok()?;
        if shifted.is_failure_of(&attempt.report) {
            let entries = shifts.iter().filter(|shift| **shift != 0).count() as u32;
            return Some(Repaired { file: shifted, report: attempt.report, entries });
        }
    }
    None
}

/// Every entry with an ordinal, in the order of the file.
fn names(file: &Simfail) -> Vec<DecisionName> {
    let turns = file.schedule.keys().filter_map(|moment| match moment {
        Moment::Start => None,
        Moment::After(name) => Some(name),
    });
    file.faults.iter().chain(turns).chain(file.values.keys()).cloned().collect()
}

/// How far each entry is shifted: the least first.
fn shifts(entries: &[DecisionName]) -> impl Iterator<Item = Vec<i64>> {
    let count = entries.len();
    let amounts = [1, -1, SHIFT_MAX, -SHIFT_MAX];
    let of = move |shifted: &[(usize, i64)]| {
        let mut shifts = vec![0; count];
        shifted.iter().for_each(|(place, amount)| shifts[*place] = *amount);
        shifts
    };
    let mut operations: BTreeMap<(String, String), Vec<usize>> = BTreeMap::new();
    for (place, name) in entries.iter().enumerate() {
        operations.entry((name.lineage.clone(), name.label.clone())).or_default().push(place);
    }
    let groups: Vec<Vec<usize>> = operations.into_values().chain([(0..count).collect()]).collect();
    let singles = (0..count).flat_map(move |place| amounts.map(|amount| of(&[(place, amount)])));
    let together = groups.into_iter().flat_map(move |group| {
        amounts.map(|amount| of(&group.iter().map(|place| (*place, amount)).collect::<Vec<_>>()))
    });
    let pairs = (0..count).flat_map(move |one| ((one + 1)..count).map(move |other| (one, other)));
    let pairs = pairs.flat_map(move |(one, other)| {
        amounts.into_iter().flat_map(move |first| amounts.map(|second| of(&[(one, first), (other, second)])))
    });
    singles.chain(together).chain(pairs)
}

/// The file with its entries so far from where they are; `None` if one would be before the first of its kind, or where another is.
fn shifted(file: &Simfail, entries: &[DecisionName], shifts: &[i64]) -> Option<Simfail> {
    let mut places = BTreeMap::new();
    for (name, shift) in entries.iter().zip(shifts) {
        let ordinal = u32::try_from(i64::from(name.ordinal) + shift).ok()?;
        places.insert(name, DecisionName { ordinal, ..name.clone() });
    }
    let moved = |name: &DecisionName| places.get(name).cloned().unwrap_or_else(|| name.clone());
    let schedule: BTreeMap<_, _> = file
        .schedule
        .iter()
        .map(|(moment, task)| match moment {
            Moment::Start => (Moment::Start, task.clone()),
            Moment::After(name) => (Moment::After(moved(name)), task.clone()),
        })
        .collect();
    let faults: BTreeSet<_> = file.faults.iter().map(moved).collect();
    let values: BTreeMap<_, _> = file.values.iter().map(|(name, value)| (moved(name), *value)).collect();
    let is_whole = faults.len() + schedule.len() + values.len() == file.exceptions_count();
    is_whole.then(|| Simfail { faults, schedule, values, ..file.clone() })
}
