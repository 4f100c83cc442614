//! The record of a sweep: the one schema of its JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::checks::Checks;

/// What a sweep, or one shard of it, showed. In JSON lines each variant is a record of its own, with a list of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SweepRecord {
    /// Of this form; rises when a script would misunderstand a new one.
    pub(crate) version: u32,
    pub(crate) seeds: SeedsRecord,
    /// How runs were chosen.
    pub(crate) strategy: String,
    /// Which of the runs; all of them if it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) shard: Option<ShardRecord>,
    pub(crate) interrupted: bool,
    pub(crate) variants: Vec<VariantRecord>,
}

/// Half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SeedsRecord {
    pub(crate) start: u64,
    pub(crate) end: u64,
}

/// A share of the runs: shard 2 of 4, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ShardRecord {
    pub(crate) number: u32,
    pub(crate) count: u32,
}

/// What the runs of one variant showed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VariantRecord {
    pub(crate) full: String,
    /// The file of the network's profile, if the sweep had any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) profile: Option<String>,
    /// The parameters that were set.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) settings: BTreeMap<String, u64>,
    /// Whether the checks of `--checks` were on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) checks: bool,
    /// `holds` or `breaks`.
    pub(crate) expect: String,
    /// The runs that were made, without the one in production order.
    pub(crate) runs: u64,
    /// How many of them failed.
    pub(crate) failures: u64,
    pub(crate) production: Option<ProductionRecord>,
    /// The least seed that failed.
    pub(crate) first_failing_seed: Option<u64>,
    pub(crate) first_failing_hash: Option<String>,
    /// The strategy that makes its run of that seed.
    pub(crate) first_failing_strategy: Option<String>,
    /// The first run that failed, in one text: `production`, `random seed=17`, `each:run=12.1`.
    #[serde(default)]
    pub(crate) recipe: Option<String>,
    /// How that run ended; if none failed, that in production order.
    pub(crate) outcome: Option<String>,
    /// What went wrong there, if something did.
    pub(crate) message: Option<String>,
    /// How many different runs there were, by their hashes. Of several shards it is the sum, which is an upper bound.
    #[serde(default)]
    pub(crate) orders: u64,
    /// One number out of the hashes of all runs: where it is equal, so were the runs. Of several shards it is that of all runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<String>,
    /// What each strategy did, by its name.
    #[serde(default)]
    pub(crate) strategies: BTreeMap<String, Hits>,
    /// The failures that are not the same.
    #[serde(default)]
    pub(crate) distinct_failures: Vec<DistinctFailure>,
    /// Of a sweep by `each`, how it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) each: Option<EachRecord>,
    /// `found`, `holds`, `missed`, `failed`; `null` if that is open.
    #[serde(default)]
    pub(crate) verdict: Option<String>,
    /// Whether the variant behaved as it should; `null` if an interrupt left that open, or other shards know it.
    pub(crate) ok: Option<bool>,
    /// The milliseconds that threads have spent on it; not in JSON, which is the same for the same sweep.
    #[serde(skip)]
    pub(crate) busy_millis: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ProductionRecord {
    pub(crate) outcome: String,
    /// None of a run that has ended its process.
    #[serde(default)]
    pub(crate) hash: Option<String>,
}

/// What one strategy did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Hits {
    pub(crate) runs: u64,
    pub(crate) failures: u64,
}

/// Runs that failed in the same way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DistinctFailure {
    pub(crate) signature: String,
    pub(crate) runs: u64,
    /// The first of them.
    pub(crate) recipe: String,
}

/// How a sweep by `each` ended for one variant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EachRecord {
    /// `exhausted`, `failed`, `cut off` or `unfinished`.
    pub(crate) end: String,
    /// How many deviations the last runs had.
    pub(crate) depth: u32,
    /// How many runs turned out equal to others.
    pub(crate) equal: u64,
    /// In words.
    pub(crate) text: String,
}

impl SweepRecord {
    /// The version of this form.
    pub(crate) const VERSION: u32 = 1;

    /// As one document, for people too.
    pub(crate) fn json(&self) -> String {
        let json = serde_json::to_string_pretty(self);
        json.unwrap_or_else(|error| panic!("a sweep is plain data: {error}")) + "\n"
    }

    /// As lines, each of which is a document with one variant.
    pub(crate) fn json_lines(&self) -> String {
        let line = |variant: &VariantRecord| {
            let record = SweepRecord { variants: vec![variant.clone()], ..self.clone() };
            serde_json::to_string(&record).unwrap_or_else(|error| panic!("a sweep is plain data: {error}"))
                + "\n"
        };
        self.variants.iter().map(line).collect()
    }
}

impl VariantRecord {
    /// The first line of what went wrong.
    pub(crate) fn first_line(&self) -> &str {
        self.message.as_deref().unwrap_or_default().lines().next().unwrap_or_default()
    }

    /// The command line that makes the first failing run again, without the program: `replay ws_echo --seed 7`.
    pub(crate) fn replay(&self) -> Option<String> {
        let recipe = self.recipe.as_deref()?.parse::<sim_explorer::Recipe>().ok()?;
        let mut line = format!("replay {} {}", self.full, seedbed::watchdog::RunOptions(&recipe));
        for (name, value) in &self.settings {
            line += &format!(" --set {name}={value}");
        }
        if let Some(profile) = &self.profile {
            line += &format!(" --profile {profile}");
        }
        line += &Checks { checks: self.checks }.to_string();
        Some(line)
    }
}

impl fmt::Display for VariantRecord {
    /// `ws_echo`, `ws_echo over sim-net/profiles/lan.toml`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.profile {
            None => write!(out, "{}", self.full),
            Some(profile) => write!(out, "{} over {profile}", self.full),
        }
    }
}

impl fmt::Display for ShardRecord {
    /// `2/4`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.number, self.count)
    }
}
