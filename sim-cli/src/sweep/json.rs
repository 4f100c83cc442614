//! What a script is told of a sweep.

use std::ops::Range;
use std::path::Path;

use serde::Serialize;
use sim_explorer::RunResult;

use super::Finding;
use crate::list::expect_word;
use crate::output_file::{self, WriteError};

#[derive(Serialize)]
struct Sweep {
    /// Of this form; rises when a script would misunderstand a new one.
    version: u32,
    seeds: Seeds,
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
    seeds: &Range<u64>,
    interrupted: bool,
    findings: &[Finding<'_>],
) -> Result<(), WriteError> {
    let text = text(seeds, interrupted, findings);
    output_file::write(path, text)
}

fn text(seeds: &Range<u64>, interrupted: bool, findings: &[Finding<'_>]) -> String {
    let sweep = Sweep {
        version: 1,
        seeds: Seeds { start: seeds.start, end: seeds.end },
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

    #[test]
    fn a_folder_that_does_not_exist_is_named_in_the_error() {
        let error = write(Path::new("/nowhere/sweep.json"), &(0..1), false, &[]).unwrap_err();
        assert!(error.to_string().starts_with("cannot write /nowhere/sweep.json: "), "{error}");
    }
}
