//! A failure file whose entries are looked for in their neighbourhood, after an edit that counts operations otherwise.

use std::collections::{BTreeMap, BTreeSet};

use sim_executor::{Config, Report};

use super::record::MakeRun;
use super::{DecisionName, Moment, Simfail, TurnName};

/// So far from its place an entry is looked for, the nearest first.
const SHIFTS: [i64; 4] = [1, -1, 2, -2];
/// Before the waker, in the label of a poll of which nothing else is known.
const WOKEN_BY: &str = "by:";
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
/// together, then all, then those of an actor that has moved among its siblings, then each two.
pub(super) fn repair(file: &Simfail, is_unmet: bool, config: Config, make: MakeRun<'_>) -> Option<Repaired> {
    let entries = names(file);
    let runs_max = if is_unmet { RUNS_MAX } else { RUNS_MAX_WHEN_MET };
    let (singles, pairs) = shifts(&entries);
    let by_ordinals = |shifts: Vec<i64>| shifted(file, &entries, &shifts);
    let candidates =
        singles.filter_map(by_ordinals).chain(siblings(file)).chain(pairs.filter_map(by_ordinals));
    let mut tried = BTreeSet::new();
    for candidate in candidates {
        if tried.len() == runs_max {
            return None;
        }
        if !tried.insert(candidate.to_string()) {
            continue;
        }
        let attempt = candidate.attempt(&candidate.exceptions(), config, make).ok()?;
        if candidate.is_failure_of(&attempt.report) {
            let entries = differing(file, &candidate);
            return Some(Repaired { file: candidate, report: attempt.report, entries });
        }
    }
    None
}

/// How many entries of the file are not in the other one.
fn differing(file: &Simfail, other: &Simfail) -> u32 {
    let faults = file.faults.difference(&other.faults).count();
    let turns =
        file.schedule.iter().filter(|(moment, task)| other.schedule.get(moment) != Some(task)).count();
    let values = file.values.iter().filter(|(name, value)| other.values.get(name) != Some(value)).count();
    (faults + turns + values) as u32
}

/// The file with one actor up to two places earlier or later among its siblings of one name, in all entries that speak of it: after an edit that
/// makes another of them first, what was `conn#2/writer` is `conn#3/writer`.
fn siblings(file: &Simfail) -> impl Iterator<Item = Simfail> {
    let tasks = file.schedule.values().map(|turn| turn.task.clone());
    let paths: Vec<String> = names(file).into_iter().map(|name| name.lineage).chain(tasks).collect();
    let mut actors = BTreeSet::new();
    for path in &paths {
        // What is at the root is a node, or `main`.
        let ends = path.match_indices('/').map(|(end, _)| end).skip(1).chain([path.len()]);
        actors.extend(ends.map(|end| path[..end].to_string()).filter(|actor| actor.contains('/')));
    }
    // All of one name together, then each.
    let names: BTreeSet<String> = actors.iter().map(|actor| split(actor).0.to_string()).collect();
    let together = names.into_iter().flat_map(|name| SHIFTS.map(|shift| (actors_of(&actors, &name), shift)));
    let alone = actors.iter().flat_map(|actor| SHIFTS.map(|shift| (vec![actor.clone()], shift)));
    let candidates: Vec<_> = together.chain(alone).collect();
    candidates.into_iter().filter_map(move |(actors, shift)| file_with(file, &actors, shift))
}

fn actors_of(actors: &BTreeSet<String>, name: &str) -> Vec<String> {
    actors.iter().filter(|actor| split(actor).0 == name).cloned().collect()
}

/// A path without the number of its last name, and that number.
fn split(path: &str) -> (&str, i64) {
    let numbered = path.rsplit_once('#').filter(|(name, _)| !name.ends_with('\\'));
    let numbered = numbered.and_then(|(name, number)| Some((name, number.parse().ok()?)));
    numbered.unwrap_or((path, 1))
}

/// The path of the sibling that many places behind.
fn sibling(path: &str, shift: i64) -> Option<String> {
    let (name, number) = split(path);
    match number + shift {
        ..1 => None,
        1 => Some(name.to_string()),
        number => Some(format!("{name}#{number}")),
    }
}

/// The file with these actors so many places behind among their siblings; `None` if one would be before the first, or two entries would be one.
fn file_with(file: &Simfail, actors: &[String], shift: i64) -> Option<Simfail> {
    let siblings: Vec<(&String, String)> =
        actors.iter().map(|actor| Some((actor, sibling(actor, shift)?))).collect::<Option<_>>()?;
    let path = |path: &str| {
        let moved = siblings.iter().find_map(|(actor, sibling)| {
            let rest =
                path.strip_prefix(actor.as_str()).filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some(format!("{sibling}{rest}"))
        });
        moved.unwrap_or_else(|| path.to_string())
    };
    let moved = |name: &DecisionName| {
        let label = name.label.strip_prefix(WOKEN_BY).map(|waker| format!("{WOKEN_BY}{}", path(waker)));
        DecisionName {
            lineage: path(&name.lineage),
            label: label.unwrap_or_else(|| name.label.clone()),
            ..*name
        }
    };
    let turn = |(moment, task): (&Moment, &TurnName)| {
        let moment = match moment {
            Moment::Start => Moment::Start,
            Moment::After(name) => Moment::After(moved(name)),
        };
        (moment, TurnName { task: path(&task.task), ..*task })
    };
    let schedule: BTreeMap<_, _> = file.schedule.iter().map(turn).collect();
    let faults: BTreeSet<_> = file.faults.iter().map(moved).collect();
    let values: BTreeMap<_, _> = file.values.iter().map(|(name, value)| (moved(name), *value)).collect();
    let is_whole = faults.len() + schedule.len() + values.len() == file.exceptions_count();
    is_whole.then(|| Simfail { faults, schedule, values, ..file.clone() })
}

/// Every entry with an ordinal, in the order of the file.
fn names(file: &Simfail) -> Vec<DecisionName> {
    let turns = file.schedule.keys().filter_map(|moment| match moment {
        Moment::Start => None,
        Moment::After(name) => Some(name),
    });
    file.faults.iter().chain(turns).chain(file.values.keys()).cloned().collect()
}

/// How far each entry is shifted, the least first: alone and together, then by pairs.
fn shifts(entries: &[DecisionName]) -> (impl Iterator<Item = Vec<i64>>, impl Iterator<Item = Vec<i64>>) {
    let count = entries.len();
    let amounts = SHIFTS;
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
    (singles.chain(together), pairs)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_actor_moves_among_its_siblings_with_all_that_is_below_it() {
        let text = "simfail 1\ntest t\nsignature s\nfound f\n\n[schedule]\nafter main/conn#2/writer @ by:main/conn#2 #0   \
                    run main/conn\n\n[expect]\ndecisions 0\ntrace 0000000000000000\n";
        let file = Simfail::parse(text.as_bytes()).unwrap();
        let entry = |file: &Simfail| {
            let (moment, task) = file.schedule.first_key_value().unwrap();
            format!("{moment} run {task}")
        };
        let all: Vec<String> = siblings(&file).map(|file| entry(&file)).collect();
        let has = |text: &str| assert!(all.iter().any(|entry| entry == text), "{text} in {all:#?}");
        // Together, alone, what is below.
        has("after main/conn#3/writer @ by:main/conn#3 #0 run main/conn#2");
        has("after main/conn#4/writer @ by:main/conn#4 #0 run main/conn");
        has("after main/conn#2/writer#2 @ by:main/conn#2 #0 run main/conn");
        assert!(
            all.iter().all(|entry| !entry.contains("#0 run main/conn#0") && !entry.contains("main#")),
            "{all:#?}"
        );
    }
}
