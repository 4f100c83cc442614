//! What a person is shown of a sweep.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;

use seedbed::watchdog::RunOptions;
use sim_executor::PendingTable;
use sim_explorer::{Recipe, RunResult, RunSeed, Strategy, StrategyTally, Verdict};

use super::finding::Finding;
use super::rows::DEATHS_MAX;
use crate::profile::ProfileOption;
use crate::show::{QUIET, RIGHT, WRONG};
use crate::table::{Cell, Column, Table};
use crate::wall_time::per_second;

/// How fast a sweep was.
pub(crate) struct Speed {
    pub(crate) wall_time: Duration,
    /// The number of threads.
    pub(crate) jobs: usize,
    /// For each finding the time that threads have spent on it, all together.
    pub(crate) busy: Vec<Duration>,
}

pub(crate) fn write(
    findings: &[Finding<'_>],
    speed: &Speed,
    interrupted: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    table(findings, speed).write(out)?;
    let runs: u64 = findings.iter().map(|finding| run_count(finding)).sum();
    let Speed { wall_time, jobs, .. } = speed;
    let threads = if *jobs == 1 { "1 thread".to_string() } else { format!("{jobs} threads") };
    writeln!(
        out,
        "{runs} runs in {}.{:03} s: {} runs/s on {threads} (in the table, on one)",
        wall_time.as_secs(),
        wall_time.subsec_millis(),
        per_second(runs, *wall_time)
    )?;
    footer(findings, out)?;
    for finding in findings {
        explain(finding, out)?;
    }
    findings.iter().try_for_each(|finding| properties(finding, out))?;
    if interrupted {
        return writeln!(out, "{WRONG}interrupted{WRONG:#}: not all runs were made");
    }
    let surprises = findings.iter().filter(|finding| finding.is_expected() != Some(true)).count();
    if surprises == 0 {
        writeln!(out, "{RIGHT}as expected{RIGHT:#}: every broken variant was found, every other one holds")
    } else {
        writeln!(out, "{WRONG}not as expected{WRONG:#}: {surprises} of {}", findings.len())
    }
}

/// How many runs were different, which strategies of a portfolio have found something, and what it says that others found nothing.
fn footer(findings: &[Finding<'_>], out: &mut dyn Write) -> io::Result<()> {
    let different: u64 = findings.iter().map(|finding| finding.tally.orders()).sum();
    writeln!(out, "{different} of them were different runs")?;
    let died = |finding: &&Finding<'_>| finding.has_died_often;
    let stopped = findings.iter().filter(|finding| finding.is_stopped && !died(finding)).count();
    if stopped > 0 {
        writeln!(out, "left early, as asked: {stopped} of {}", findings.len())?;
    }
    let died = findings.iter().filter(died).count();
    if died > 0 {
        writeln!(
            out,
            "left early, after {DEATHS_MAX} runs that have ended their process: {died} of {}",
            findings.len()
        )?;
    }
    let mut strategies: BTreeMap<&str, StrategyTally> = BTreeMap::new();
    for (name, tally) in findings.iter().flat_map(|finding| &finding.tally.strategies) {
        let sum = strategies.entry(name).or_default();
        sum.runs += tally.runs;
        sum.failures += tally.failures;
    }
    if strategies.len() > 1 {
        let hits =
            strategies.iter().map(|(name, tally)| format!("{name} {} of {}", tally.failures, tally.runs));
        writeln!(out, "failures by strategy: {}", hits.collect::<Vec<_>>().join(", "))?;
    }
    let sound = findings.iter().filter(|finding| !finding.tally.has_failed());
    match sound.map(|finding| finding.tally.runs).min() {
        Some(runs) if runs >= RUNS_MIN => writeln!(
            out,
            "where nothing failed, fewer than 3 in {runs} runs under such seeds do, with a confidence of 95 %"
        ),
        _ => Ok(()),
    }
}

/// From so many runs on without a failure the rule of three holds: their share is below 3/N with a confidence of 95 % (Hanley and
/// Lippman-Hand, JAMA 1983).
const RUNS_MIN: u64 = 30;

fn table(findings: &[Finding<'_>], speed: &Speed) -> Table {
    let mut table = Table::new([
        Column::text("name"),
        Column::number("runs"),
        Column::number("runs/s"),
        Column::number("failures"),
        Column::number("first failing seed"),
        Column::text("verdict"),
        Column::text("what went wrong first"),
    ]);
    for (finding, busy) in findings.iter().zip(&speed.busy) {
        let first = finding.tally.first_failing();
        table.push([
            Cell::new(finding),
            Cell::new(finding.tally.runs),
            Cell::new(per_second(run_count(finding), *busy)),
            Cell::new(finding.tally.failures),
            Cell::new(first.map_or_else(|| "-".to_string(), |(run, _)| seed(finding.strategy, run))),
            verdict(finding),
            Cell::new(first.map_or_else(String::new, |(_, result)| short(first_line(result)))),
        ]);
    }
    table
}

/// The seed, and which strategy of a portfolio it was.
fn seed(strategy: Strategy, run: RunSeed) -> String {
    match (strategy, run) {
        (Strategy::Portfolio, RunSeed::Seed(seed)) => format!("{seed} {}", strategy.of_seed(seed).name()),
        _ => run.to_string(),
    }
}

/// With the run in production order, which the table does not count.
fn run_count(finding: &Finding<'_>) -> u64 {
    finding.tally.runs + u64::from(finding.tally.production.is_some())
}

fn verdict(finding: &Finding<'_>) -> Cell {
    match finding.verdict {
        Some(Verdict::Missed) if finding.is_found_elsewhere => Cell::styled("not here", QUIET),
        Some(verdict) => Cell::styled(verdict, if verdict.is_expected() { RIGHT } else { WRONG }),
        None => Cell::styled("unfinished", QUIET),
    }
}

fn first_line(result: &RunResult) -> &str {
    result.message.as_deref().unwrap_or_default().lines().next().unwrap_or_default()
}

/// A line that is no longer than a table bears.
fn short(line: &str) -> String {
    const CHARS_MAX: usize = 90;
    match line.char_indices().nth(CHARS_MAX) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None => line.to_string(),
    }
}

/// What its runs were to meet, with counts.
fn properties(finding: &Finding<'_>, out: &mut dyn Write) -> io::Result<()> {
    let properties = &finding.tally.properties;
    if properties.is_empty() { Ok(()) } else { write!(out, "{finding} met:\n{properties}") }
}

/// That properties were required which no run has met.
pub(super) fn missed(count: usize, out: &mut dyn Write) -> io::Result<()> {
    if count == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "{WRONG}never met{WRONG:#}: {count} of the properties above; give more seeds, or mend the program"
    )
}

/// What is told of processes that ended, though no run is known that ends one.
pub(super) fn unexplained(deaths: &[String], out: &mut dyn Write) -> io::Result<()> {
    for death in deaths {
        writeln!(out, "{WRONG}unexplained{WRONG:#}: {death}")?;
    }
    if deaths.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "made again alone, the runs came to their ends. Either the process was ended from outside, or what ends it depends on \
         several runs: statics, threads, memory that is not given back"
    )
}

/// For a variant that should hold, what went wrong first, with the command that shows it.
fn explain(finding: &Finding<'_>, out: &mut dyn Write) -> io::Result<()> {
    match (finding.verdict, finding.tally.first_failing()) {
        (Some(Verdict::Failed), Some((run, result))) => {
            writeln!(out, "{finding} {WRONG}FAILED{WRONG:#}: {}", first_line(result))?;
            if let Some(again) = finding.again.as_ref().filter(|&again| again != result) {
                writeln!(
                    out,
                    "  {WRONG}NOT REPRODUCED{WRONG:#} from seed {run}: hash {:016x} outcome {}, and made again hash {:016x} outcome {}; \
                     it depends on the runs before it, or on what is no choice of the run",
                    result.hash, result.outcome, again.hash, again.outcome
                )?;
            }
            if !finding.waiting.is_empty() {
                writeln!(out, "  where its tasks wait:{}", PendingTable::new(&finding.waiting))?;
            }
            write!(out, "  replay {} {}", finding.program, RunOptions(&Recipe::of(run, finding.strategy)))?;
            finding
                .given
                .iter()
                .try_for_each(|given| write!(out, " --set {}={}", given.name, given.value))?;
            writeln!(out, "{}{}", ProfileOption(finding.profile), finding.checks)
        }
        (Some(Verdict::Missed), _) if !finding.is_found_elsewhere => {
            writeln!(out, "{finding} was {WRONG}MISSED{WRONG:#}: it breaks, but not under these seeds")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_between_two_letters() {
        assert_eq!(short("the balance is 50"), "the balance is 50");
        assert_eq!(short(&"ü".repeat(90)), "ü".repeat(90));
        assert_eq!(short(&"ü".repeat(91)), format!("{}…", "ü".repeat(90)));
    }
}
