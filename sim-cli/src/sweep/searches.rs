//! Searches that are made in other processes.

use std::error::Error;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::ProgressBar;
use sim_executor::World;

use super::each::{Searched, Searching, corpora};
use super::found::{Found, Row, What};
use super::process::{self, Begun, Gather, Lead, Make, Outbox};
use super::stop::StopRules;
use super::todo::Todo;
use super::{Plan, Way};
use crate::console::Console;
use crate::search::Seedless;
use crate::wall_time::Stopwatch;

/// Searches programs for the parent of this process, which ends when that one wants nothing more.
pub(super) fn obey(
    plan: &Plan,
    seedless: &Seedless,
    jobs: usize,
) -> Result<std::convert::Infallible, Box<dyn Error>> {
    let corpora = corpora(plan, seedless)?;
    let searching = Searching { plan, seedless, corpora: &corpora };
    Ok(process::obey(&Searches { searching, jobs })?)
}

/// Has every program searched.
pub(super) fn lead(
    plan: &Plan,
    way: &Way<'_>,
    console: &mut Console<'_>,
) -> Result<Searched, Box<dyn Error>> {
    let rows = plan.entries.iter().map(|_| None).collect();
    let mut gathered = Gathered { plan, rows };
    let bar = ProgressBar::hidden();
    let (rules, stopwatch) = (StopRules::default(), Stopwatch::start());
    let lead = Lead { jobs: way.jobs, interrupt: way.interrupt, rules, stopwatch, bar: &bar };
    let processes = process::lead(&mut gathered, &lead, console)?;
    let is_suspect = processes.are_suspect();
    let deaths = processes.unexplained.into_iter().map(|(message, _)| message).collect();
    Ok(Searched { rows: gathered.rows, is_suspect, deaths })
}

/// The searches, from the side of the process that makes them.
struct Searches<'a> {
    searching: Searching<'a>,
    jobs: usize,
}

impl Make for Searches<'_> {
    fn size(&self) -> (usize, u64) {
        (self.searching.plan.entries.len(), 1)
    }

    fn make_all(&self, todo: &Todo, outbox: &Outbox, is_over: &(dyn Fn() -> bool + Sync)) {
        self.searching.all(todo, self.jobs, is_over, &|number, row| {
            outbox.unit(number, |bytes| bytes.extend(packed(Some(&row))));
            outbox.send();
        });
    }

    fn make_one(
        &self,
        unit: u64,
        _runs: &[u64],
        outbox: &Outbox,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Vec<u8> {
        let made = AtomicU64::new(0);
        let row = self.searching.one(unit, &mut World::default(), is_over, &|recipe| {
            let number = made.fetch_add(1, Ordering::Relaxed) + 1;
            outbox.begins(number, recipe.map(ToString::to_string));
        });
        packed(row.as_ref())
    }
}

fn packed(row: Option<&Row>) -> Vec<u8> {
    serde_json::to_vec(&row).unwrap_or_else(|error| panic!("a row is plain data: {error}"))
}

/// The rows, from the side of the process that puts them together.
struct Gathered<'a> {
    plan: &'a Plan,
    rows: Vec<Option<Row>>,
}

impl Gather for Gathered<'_> {
    fn units(&self) -> u64 {
        self.rows.len() as u64
    }

    fn open(&self, max: usize) -> Vec<u64> {
        (0..self.units()).filter(|&unit| self.is_wanted(unit)).take(max).collect()
    }

    fn is_wanted(&self, unit: u64) -> bool {
        self.rows.get(unit as usize).is_some_and(Option::is_none)
    }

    fn made(&self) -> Vec<Range<u64>> {
        (0..self.units()).filter(|&unit| !self.is_wanted(unit)).map(|unit| unit..unit + 1).collect()
    }

    fn left(&self) -> Vec<usize> {
        Vec::new()
    }

    fn unsent_max(&self) -> usize {
        0
    }

    fn take(&mut self, unit: u64, result: &[u8]) -> Option<Option<usize>> {
        *self.rows.get_mut(unit as usize)? = serde_json::from_slice(result).ok()?;
        Some(None)
    }

    fn runs(&self, _unit: u64) -> Vec<u64> {
        Vec::new()
    }

    fn died(&mut self, unit: u64, run: &Begun, message: &str) -> String {
        let found = Found {
            runs: run.place,
            text: message.to_string(),
            what: What::Died,
            recipe: run.recipe.clone(),
            equal: 0,
        };
        let program = self.plan.entries[unit as usize].program;
        self.rows[unit as usize] = Some(Row { result: found, busy: Duration::ZERO, kept: Vec::new() });
        match &run.recipe {
            Some(recipe) => format!("{program} --strategy {recipe}"),
            None => format!("run {} of the search of {program}", run.place),
        }
    }
}
