//! The table of how many runs each way needs.

use std::fmt::{self, Write as _};

use sim_explorer::{Each, Ended, Strategy};

use crate::one_run::Simulated;
use crate::programs::{self, Body};
use crate::shuttled::{self, SCHEDULERS, Shuttled};
use crate::simulated;

/// What was measured of one program.
pub(crate) struct Row {
    name: &'static str,
    /// For each of [`strategies`], in how many runs the bug showed.
    hits: Vec<u64>,
    /// For each of Shuttle's schedulers.
    shuttle_hits: Vec<u64>,
    each: String,
}

/// Runs of a program and of its twin.
pub(crate) struct Table {
    runs: u64,
    rows: Vec<Row>,
    alarms: Vec<String>,
}

/// The strategies that make up columns.
fn strategies() -> impl Iterator<Item = Strategy> {
    Strategy::ALL.into_iter().filter(|strategy| *strategy != Strategy::Production)
}

impl Table {
    /// Makes so many runs of each program and of its twin, each way.
    pub(crate) fn measure(runs: u64, only: Option<&str>) -> Self {
        let mut table = Table { runs, rows: Vec::new(), alarms: Vec::new() };
        let both = programs::all::<Simulated>().into_iter().zip(programs::all::<Shuttled>());
        for ((name, simulated), (_, shuttled)) in both {
            if only.is_some_and(|only| !name.contains(only)) {
                continue;
            }
            eprintln!("{name}");
            let hits =
                strategies().map(|strategy| simulated::hits(simulated, false, strategy, runs)).collect();
            let shuttle_hits =
                SCHEDULERS.into_iter().map(|name| shuttled::hits(shuttled, false, name, runs)).collect();
            table.rows.push(Row { name, hits, shuttle_hits, each: each(simulated) });
            table.run_twin(name, simulated, shuttled);
        }
        table
    }

    fn run_twin(&mut self, name: &str, simulated: Body, shuttled: Body) {
        for strategy in strategies() {
            let alarms = simulated::hits(simulated, true, strategy, self.runs);
            if alarms > 0 {
                self.alarms.push(format!("{strategy} fails {alarms} runs of the twin of {name}"));
            }
        }
        let alarms = shuttled::hits(shuttled, true, "random", self.runs.min(1_000));
        if alarms > 0 {
            self.alarms.push(format!("Shuttle fails {alarms} runs of the twin of {name}"));
        }
        let found =
            simulated::each(simulated, true, Each { depth_max: 2, runs_max: 20_000, ..Each::default() });
        if let Ended::Failed { .. } = found.ended {
            self.alarms.push(format!("each fails the twin of {name}: {found}"));
        }
    }

    /// Whether no twin failed.
    pub(crate) fn is_sound(&self) -> bool {
        self.alarms.is_empty()
    }
}

fn each(body: Body) -> String {
    let each = Each { depth_max: 3, runs_max: 20_000, ..Each::default() };
    let found = simulated::each(body, false, each);
    match found.ended {
        Ended::Failed { deviations, .. } => format!("{} ({})", found.runs, deviations.len()),
        Ended::Exhausted { depth } => format!("none up to {depth} ({})", found.runs),
        Ended::CutOff { depth, .. } => format!("none below {depth} ({}, cut off)", found.runs),
    }
}

/// The mean number of runs to the first with the bug; one digit after the point where it is below ten.
fn mean(runs: u64, hits: u64) -> String {
    if hits == 0 {
        return ">".to_string();
    }
    let tenths = (10 * runs + hits / 2) / hits;
    if tenths < 100 {
        format!("{}.{}", tenths / 10, tenths % 10)
    } else {
        ((runs + hits / 2) / hits).to_string()
    }
}

impl fmt::Display for Table {
    /// As Markdown.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut head, mut rule) = ("| program |".to_string(), "| --- |".to_string());
        let ours = strategies().map(|strategy| strategy.name().to_string());
        let theirs = SCHEDULERS.into_iter().map(|name| format!("Shuttle {name}"));
        for column in ours.chain(theirs).chain(["portfolio / best of Shuttle".to_string()]) {
            write!(head, " {column} |")?;
            rule.push_str(" ---: |");
        }
        writeln!(out, "{head} each: runs (deviations) |\n{rule} --- |")?;
        for row in &self.rows {
            write!(out, "| {} |", row.name)?;
            for hits in row.hits.iter().chain(&row.shuttle_hits) {
                write!(out, " {} |", mean(self.runs, *hits))?;
            }
            let portfolio = row.hits.last().copied().unwrap_or_default();
            let best = row.shuttle_hits.iter().copied().max().unwrap_or_default();
            writeln!(out, " {} | {} |", ratio(best, portfolio), row.each)?;
        }
        self.alarms.iter().try_for_each(|alarm| writeln!(out, "\n{alarm}"))
    }
}

fn ratio(best: u64, portfolio: u64) -> String {
    match (best, portfolio) {
        (0, _) => "Shuttle: never".to_string(),
        (_, 0) => "never".to_string(),
        (best, portfolio) => {
            let hundredths = (100 * best + portfolio / 2) / portfolio;
            format!("{}.{:02}", hundredths / 100, hundredths % 100)
        }
    }
}
