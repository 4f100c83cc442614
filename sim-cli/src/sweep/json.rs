//! The record of a sweep, out of what its threads found.

use sim_explorer::{Recipe, RunResult, Verdict};

use super::Plan;
use super::finding::Finding;
use crate::list::expect_word;
use crate::record::{
    DistinctFailure, Hits, ProductionRecord, SeedsRecord, ShardRecord, SweepRecord, VariantRecord,
};

/// The record of a plan of which this was found.
pub(super) fn record(
    plan: &Plan,
    strategy: String,
    interrupted: bool,
    variants: Vec<VariantRecord>,
) -> SweepRecord {
    let shard = ShardRecord { number: plan.shard.index() + 1, count: plan.shard.count() };
    SweepRecord {
        version: SweepRecord::VERSION,
        seeds: SeedsRecord { start: plan.seeds.start, end: plan.seeds.end },
        strategy,
        shard: (shard.count > 1).then_some(shard),
        interrupted,
        variants,
    }
}

pub(super) fn variant(finding: &Finding<'_>, busy_millis: u64) -> VariantRecord {
    let tally = finding.tally;
    let failed = tally.first_failure.as_ref();
    let told: Option<&RunResult> = failed.map(|failed| &failed.result).or(tally.production.as_ref());
    let of = |run| Recipe::of(run, finding.strategy).to_string();
    let hits = |(name, of): (&&str, &sim_explorer::StrategyTally)| {
        ((*name).to_string(), Hits { runs: of.runs, failures: of.failures })
    };
    let distinct = tally.distinct.iter().map(|(signature, failures)| DistinctFailure {
        signature: signature.to_string(),
        runs: failures.runs,
        recipe: of(failures.first),
    });
    VariantRecord {
        full: finding.program.to_string(),
        profile: finding.profile.map(|profile| profile.path().display().to_string()),
        settings: finding.given.iter().map(|given| (given.name.clone(), given.value)).collect(),
        expect: expect_word(finding.program.variant.expect).to_string(),
        runs: tally.runs,
        failures: tally.failures,
        production: tally.production.as_ref().map(|result| ProductionRecord {
            outcome: result.outcome.to_string(),
            hash: result.known_hash().map(hex),
        }),
        first_failing_seed: failed.map(|failed| failed.seed),
        first_failing_strategy: failed.map(|failed| finding.strategy.of_seed(failed.seed).to_string()),
        first_failing_hash: failed.and_then(|failed| failed.result.known_hash()).map(hex),
        recipe: tally.first_failing().map(|(run, _)| of(run)),
        outcome: told.map(|result| result.outcome.to_string()),
        message: told.and_then(|result| result.message.clone()),
        orders: tally.orders(),
        digest: Some(hex(tally.digest)),
        strategies: tally.strategies.iter().map(hits).collect(),
        distinct_failures: distinct.collect(),
        checks: finding.checks.checks,
        each: None,
        verdict: finding.verdict.map(|verdict| word(verdict).to_string()),
        ok: finding.is_expected(),
        busy_millis,
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Found => "found",
        Verdict::Holds => "holds",
        Verdict::Missed => "missed",
        Verdict::Failed => "failed",
    }
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}
