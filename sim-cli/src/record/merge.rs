//! One record out of those of several shards.

use std::collections::{BTreeMap, BTreeSet};

use sim_explorer::Recipe;

use super::sweep_record::{EachRecord, ShardRecord, SweepRecord, VariantRecord};

/// Records do not belong together, or are none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    #[error("{file} is no result of a sweep: {source}; write it with --json or --json-lines")]
    Form { file: String, source: serde_json::Error },
    #[error("{file} is of version {version}, and this program knows version {known} only; use a newer one", known = SweepRecord::VERSION)]
    Version { file: String, version: u64 },
    #[error("there is no result in {file}")]
    Empty { file: String },
    #[error("{file} is of another sweep: it has {what}, and {first} has {other}")]
    Other { file: String, first: String, what: String, other: String },
    #[error("{file} has runs of shard {shard} of {name} again; give each shard once")]
    Twice { file: String, shard: ShardRecord, name: String },
}

/// What several shards showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Merged {
    pub(crate) record: SweepRecord,
    /// How many shards there are, and which of them have told nothing of some variant.
    pub(crate) count: u32,
    pub(crate) missing: Vec<u32>,
}

/// The records in the text of a file: one document, or lines.
pub(crate) fn read_records(file: &str, text: &str) -> Result<Vec<SweepRecord>, MergeError> {
    let values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let form = |source| MergeError::Form { file: file.to_string(), source };
    let mut records = Vec::new();
    for value in values {
        let value = value.map_err(form)?;
        let version = value.get("version").and_then(serde_json::Value::as_u64);
        if let Some(version) = version.filter(|&version| version != u64::from(SweepRecord::VERSION)) {
            return Err(MergeError::Version { file: file.to_string(), version });
        }
        records.push(serde_json::from_value(value).map_err(form)?);
    }
    if records.is_empty() {
        return Err(MergeError::Empty { file: file.to_string() });
    }
    Ok(records)
}

/// What shards of a sweep have told of one variant.
struct Told {
    variant: VariantRecord,
    shards: BTreeSet<u32>,
    /// Whether one of them has made all its runs.
    are_complete: bool,
}

impl Merged {
    /// Merges records; each has the name of its file.
    pub(crate) fn of(records: Vec<(String, SweepRecord)>) -> Result<Merged, MergeError> {
        let Some((first, head)) = records.first().cloned() else {
            return Err(MergeError::Empty { file: "no file".to_string() });
        };
        let count = head.shard.map_or(1, |shard| shard.count);
        // In the order in which they come.
        let mut order: Vec<(String, Option<String>)> = Vec::new();
        let mut told: BTreeMap<(String, Option<String>), Told> = BTreeMap::new();
        for (file, record) in records {
            check_same(&head, &first, &record, &file)?;
            let shard = record.shard.unwrap_or(ShardRecord { number: 1, count: 1 });
            for variant in record.variants {
                let key = (variant.full.clone(), variant.profile.clone());
                let is_complete = !record.interrupted || variant.failures > 0;
                let Some(before) = told.get_mut(&key) else {
                    order.push(key.clone());
                    let shards = BTreeSet::from([shard.number]);
                    told.insert(key, Told { variant, shards, are_complete: is_complete });
                    continue;
                };
                if !before.shards.insert(shard.number) {
                    let name = variant.to_string();
                    return Err(MergeError::Twice { file, shard, name });
                }
                before.are_complete &= is_complete;
                add(&mut before.variant, variant);
            }
        }
        let mut missing = BTreeSet::new();
        let mut variants = Vec::new();
        let mut interrupted = false;
        for key in order {
            let Some(Told { mut variant, shards, are_complete }) = told.remove(&key) else { continue };
            missing.extend((1..=count).filter(|number| !shards.contains(number)));
            interrupted |= !are_complete;
            decide(&mut variant, are_complete && shards.len() == count as usize);
            variants.push(variant);
        }
        look_elsewhere(&mut variants);
        let record = SweepRecord { shard: None, interrupted, variants, ..head };
        Ok(Merged { record, count, missing: missing.into_iter().collect() })
    }
}

fn check_same(head: &SweepRecord, first: &str, record: &SweepRecord, file: &str) -> Result<(), MergeError> {
    let texts = |record: &SweepRecord| {
        let seeds = record.seeds;
        let shards = record.shard.map_or(1, |shard| shard.count);
        [
            format!("the strategy {}", record.strategy),
            format!("the seeds {}..{}", seeds.start, seeds.end),
            format!("{shards} shards"),
            if record.variants.iter().any(|variant| variant.checks) { "its checks on" } else { "no checks" }
                .to_string(),
        ]
    };
    let differing = texts(record).into_iter().zip(texts(head)).find(|(what, other)| what != other);
    match differing {
        None => Ok(()),
        Some((what, other)) => {
            Err(MergeError::Other { file: file.to_string(), first: first.to_string(), what, other })
        }
    }
}

fn add(variant: &mut VariantRecord, other: VariantRecord) {
    variant.runs += other.runs;
    variant.failures += other.failures;
    variant.orders += other.orders;
    variant.digest = sum_of_digests(variant.digest.take(), other.digest);
    variant.busy_millis += other.busy_millis;
    for (strategy, hits) in other.strategies {
        let sum = variant.strategies.entry(strategy).or_default();
        sum.runs += hits.runs;
        sum.failures += hits.failures;
    }
    for failure in other.distinct_failures {
        match variant.distinct_failures.iter_mut().find(|known| known.signature == failure.signature) {
            Some(known) => {
                known.runs += failure.runs;
                if rank(Some(&failure.recipe)) < rank(Some(&known.recipe)) {
                    known.recipe = failure.recipe;
                }
            }
            None => variant.distinct_failures.push(failure),
        }
    }
    variant.each = match (variant.each.take(), other.each) {
        (Some(one), Some(other)) => Some(joined(one, other)),
        (one, other) => one.or(other),
    };
    // The first failure of a sweep is that in production order, then that of the least seed, or with the fewest deviations.
    if rank(other.recipe.as_deref()) < rank(variant.recipe.as_deref()) {
        variant.recipe = other.recipe;
        (variant.outcome, variant.message) = (other.outcome, other.message);
    }
    let is_less =
        |one: Option<u64>, than: Option<u64>| one.is_some_and(|one| than.is_none_or(|than| one < than));
    if is_less(other.first_failing_seed, variant.first_failing_seed) {
        variant.first_failing_seed = other.first_failing_seed;
        variant.first_failing_hash = other.first_failing_hash;
        variant.first_failing_strategy = other.first_failing_strategy;
    }
    variant.outcome =
        variant.outcome.take().or_else(|| other.production.as_ref().map(|run| run.outcome.clone()));
    variant.production = variant.production.take().or(other.production);
}

/// That of all runs, if it is known of both parts.
fn sum_of_digests(one: Option<String>, other: Option<String>) -> Option<String> {
    let number = |digest: Option<String>| u64::from_str_radix(&digest?, 16).ok();
    Some(format!("{:016x}", number(one)?.wrapping_add(number(other)?)))
}

/// The search that has come least far speaks for all, unless one has failed.
fn joined(one: EachRecord, other: EachRecord) -> EachRecord {
    let rank = |each: &EachRecord| match each.end.as_str() {
        "failed" => 0,
        "unfinished" => 1,
        "cut off" => 2,
        _ => 3,
    };
    let equal = one.equal + other.equal;
    let speaks = if (rank(&other), other.depth) < (rank(&one), one.depth) { other } else { one };
    EachRecord { equal, ..speaks }
}

/// Which place a run has in a sweep; none comes last.
fn rank(recipe: Option<&str>) -> (u32, u64) {
    match recipe.and_then(|text| text.parse().ok()) {
        Some(Recipe::Production) => (0, 0),
        Some(Recipe::Deviant(run)) => (1, run.steps.len() as u64),
        Some(Recipe::Seed { seed, .. }) => (2, seed),
        Some(_) => (3, 0),
        None => (4, 0),
    }
}

/// What all shards together say of a variant, of which perhaps not all runs are known.
fn decide(variant: &mut VariantRecord, is_complete: bool) {
    let has_failed = variant.failures > 0 || variant.recipe.is_some();
    let is_known = has_failed || is_complete;
    let verdict = match (variant.expect.as_str(), has_failed) {
        ("breaks", true) => "found",
        ("breaks", false) => "missed",
        (_, true) => "failed",
        (_, false) => "holds",
    };
    variant.verdict = is_known.then(|| verdict.to_string());
    variant.ok = is_known.then_some(matches!(verdict, "found" | "holds"));
}

/// A variant that is known to break need not break over every profile.
fn look_elsewhere(variants: &mut [VariantRecord]) {
    let is_found = |variant: &VariantRecord| variant.verdict.as_deref() == Some("found");
    let found: BTreeSet<String> =
        variants.iter().filter(|variant| is_found(variant)).map(|variant| variant.full.clone()).collect();
    for variant in variants.iter_mut().filter(|variant| variant.verdict.as_deref() == Some("missed")) {
        variant.ok = Some(found.contains(&variant.full));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::SeedsRecord;

    fn record(number: u32, runs: u64, failing: Option<u64>) -> (String, SweepRecord) {
        let variant = VariantRecord {
            full: "bank/fixed".to_string(),
            expect: "holds".to_string(),
            runs,
            failures: u64::from(failing.is_some()),
            first_failing_seed: failing,
            recipe: failing.map(|seed| format!("random seed={seed}")),
            message: failing.map(|seed| format!("seed {seed}")),
            ..VariantRecord::default()
        };
        let record = SweepRecord {
            version: SweepRecord::VERSION,
            seeds: SeedsRecord { start: 0, end: 9 },
            strategy: "random".to_string(),
            shard: Some(ShardRecord { number, count: 3 }),
            interrupted: false,
            variants: vec![variant],
        };
        (format!("{number}.json"), record)
    }

    #[test]
    fn all_shards_together_are_the_sweep() {
        let merged = Merged::of(vec![record(3, 3, None), record(1, 3, None), record(2, 3, None)]).unwrap();
        assert_eq!((merged.count, merged.missing.len()), (3, 0));
        let variant = &merged.record.variants[0];
        assert_eq!((variant.runs, variant.verdict.as_deref(), variant.ok), (9, Some("holds"), Some(true)));
    }

    #[test]
    fn what_is_missing_is_said_and_leaves_open_what_no_shard_knows() {
        let merged = Merged::of(vec![record(2, 3, None)]).unwrap();
        assert_eq!(merged.missing, [1, 3]);
        assert_eq!((merged.record.variants[0].ok, &merged.record.variants[0].verdict), (None, &None));
        let failed = Merged::of(vec![record(2, 3, Some(4)), record(3, 3, Some(2))]).unwrap();
        let variant = &failed.record.variants[0];
        assert_eq!((variant.ok, variant.first_failing_seed, variant.failures), (Some(false), Some(2), 2));
        assert_eq!(
            (variant.recipe.as_deref(), variant.message.as_deref()),
            (Some("random seed=2"), Some("seed 2"))
        );
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        let twice = Merged::of(vec![record(1, 3, None), record(1, 3, None)]).unwrap_err().to_string();
        assert_eq!(twice, "1.json has runs of shard 1/3 of bank/fixed again; give each shard once");
        let (file, mut other) = record(2, 3, None);
        other.seeds.end = 10;
        let other = Merged::of(vec![record(1, 3, None), (file, other)]).unwrap_err().to_string();
        assert_eq!(
            other,
            "2.json is of another sweep: it has the seeds 0..10, and 1.json has the seeds 0..9"
        );
        let newer = read_records("a", "{\"version\": 9}").unwrap_err().to_string();
        assert!(newer.starts_with("a is of version 9, and this program knows version 1 only"), "{newer}");
        let (file, mut checked) = record(2, 3, None);
        checked.variants[0].checks = true;
        let checked = Merged::of(vec![record(1, 3, None), (file, checked)]).unwrap_err().to_string();
        assert_eq!(checked, "2.json is of another sweep: it has its checks on, and 1.json has no checks");
        assert!(read_records("a", "[]").unwrap_err().to_string().starts_with("a is no result of a sweep"));
        assert_eq!(read_records("a", " \n").unwrap_err().to_string(), "there is no result in a");
    }

    #[test]
    fn lines_and_a_document_are_the_same() {
        let (_, one) = record(1, 3, Some(7));
        assert_eq!(read_records("a", &one.json()).unwrap(), read_records("a", &one.json_lines()).unwrap());
    }
}
