//! What a script is told of a sweep.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use sim_explorer::RunResult;

use super::{Finding, Plan};
use crate::list::expect_word;
use crate::output_file::{self, WriteError};

#[derive(Serialize)]
struct Sweep {
    /// Of this form; rises when a script would misunderstand a new one.
    version: u32,
    seeds: Seeds,
    /// How the seeds decide.
    strategy: String,
    interrupted: bool,
    variants: Vec<Variant>,
}

/// Half open.
#[derive(Serialize)]
struct Seeds {
    start: u64,
    end: u64,
}

#[derive(Serialize)]
struct Variant {
    full: String,
    /// The file of the network's profile, if the sweep had any.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    expect: &'static str,
    /// The seeds that were run, without the run in production order.
    runs: u64,
    /// How many of them failed.
    failures: u64,
    production: Option<Production>,
    /// The least seed that failed.
    first_failing_seed: Option<u64>,
    first_failing_hash: Option<String>,
    /// The strategy that makes its run of that seed.
    first_failing_strategy: Option<String>,
    /// That of the least seed that failed; if none did, that in production order.
    outcome: Option<&'static str>,
    /// What went wrong there, if something did.
    message: Option<String>,
    /// Whether the variant behaved as it should; `null` if an interrupt left that open.
    ok: Option<bool>,
}

#[derive(Serialize)]
struct Production {
    outcome: &'static str,
    hash: String,
}

/// Writes the file at once and in whole: whoever reads it finds the old one, or all of the new one.
pub(crate) fn write(
    path: &Path,
    plan: &Plan,
    interrupted: bool,
    findings: &[Finding<'_>],
    out: &mut dyn Write,
) -> Result<(), WriteError> {
    let text = text(plan, interrupted, findings);
    output_file::write(path, text, out)
}

fn text(plan: &Plan, interrupted: bool, findings: &[Finding<'_>]) -> String {
    let sweep = Sweep {
        version: 1,
        seeds: Seeds { start: plan.part.seeds.start, end: plan.part.seeds.end },
        strategy: plan.strategy.to_string(),
        interrupted,
        variants: findings.iter().map(variant).collect(),
    };
    let json =
        serde_json::to_string_pretty(&sweep).unwrap_or_else(|error| panic!("a sweep is plain data: {error}"));
    json + "\n"
}

fn variant(finding: &Finding<'_>) -> Variant {
    let tally = finding.tally;
    let failed = tally.first_failure.as_ref();
    let told: Option<&RunResult> = failed.map(|failed| &failed.result).or(tally.production.as_ref());
    Variant {
        full: finding.program.to_string(),
        profile: finding.profile.map(|profile| profile.path().display().to_string()),
        expect: expect_word(finding.program.variant.expect),
        runs: tally.runs,
        failures: tally.failures,
        production: tally
            .production
            .as_ref()
            .map(|result| Production { outcome: result.outcome, hash: hex(result.hash) }),
        first_failing_seed: failed.map(|failed| failed.seed),
        first_failing_strategy: failed.map(|failed| finding.strategy.of_seed(failed.seed).to_string()),
        first_failing_hash: failed.map(|failed| hex(failed.result.hash)),
        outcome: told.map(|result| result.outcome),
        message: told.and_then(|result| result.message.clone()),
        ok: finding.is_expected(),
    }
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_explorer::{Part, Strategy};

    #[test]
    fn a_folder_that_does_not_exist_is_named_in_the_error() {
        let plan = Plan { entries: Vec::new(), part: Part::whole(0..1), strategy: Strategy::Random };
        let error = write(Path::new("/nowhere/sweep.json"), &plan, false, &[], &mut Vec::new()).unwrap_err();
        assert!(error.to_string().starts_with("cannot write /nowhere/sweep.json: "), "{error}");
    }
}
