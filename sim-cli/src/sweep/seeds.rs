//! A sweep by seeds whose runs are made in other processes.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::ops::{ControlFlow, Range};

use sim_executor::World;
use sim_explorer::{Part, Recipe, RunResult, RunSeed, Tally, Unpacker};

use super::Plan;
use super::finding::Finding;
use super::process::{self, Begun, Gather, Lead, Make, Outbox, ProcessError, Processes};
use super::rows::{DEATHS_MAX, Made, Row, Rows};
use super::todo::Todo;
use super::workers::{self, SEEDS_PER_PIECE, Work};
use crate::console::Console;
use crate::interrupt::Interrupt;

/// Makes pieces of a plan for the parent of this process, which ends when that one wants nothing more.
pub(super) fn obey(plan: &Plan, jobs: usize) -> io::Result<std::convert::Infallible> {
    process::obey(&Pieces { plan, jobs })
}

/// Has all pieces of a plan made.
pub(super) fn lead(
    plan: &Plan,
    lead: &Lead<'_>,
    console: &mut Console<'_>,
) -> Result<(Vec<Row>, Processes), Box<dyn Error>> {
    let rules = lead.rules;
    let rows = Rows::new(plan.entries.len(), pieces(plan), rules);
    let mut gathered = Gathered { plan, rows, unpacker: Unpacker::default(), dead: BTreeMap::new() };
    let processes = process::lead(&mut gathered, lead, console)?;
    let is_late = rules.is_out_of_time(lead.stopwatch.elapsed());
    Ok((gathered.rows.finish(is_late), processes))
}

/// What a run comes to when it is made again, in a new process. `None` if it has ended its process: then it was made twice already.
fn again(
    plan: &Plan,
    program: usize,
    (run, result): (RunSeed, &RunResult),
    lead: &Lead<'_>,
) -> Result<Option<RunResult>, ProcessError> {
    if result.outcome == RunResult::DIED {
        return Ok(None);
    }
    let (piece, place) = place(&plan.part, run);
    let unit = program as u64 * pieces(plan) + piece;
    let units = (plan.entries.len() as u64).saturating_mul(pieces(plan));
    Ok(Some(match process::one(units, unit, place, lead)? {
        Ok(bytes) => {
            result_of(&unpacked(&mut Unpacker::default(), &bytes).ok_or(ProcessError::Nonsense)?.tally)
        }
        Err(message) => RunResult { outcome: RunResult::DIED, message: Some(message), hash: 0 },
    }))
}

/// Of a single run.
fn result_of(tally: &Tally) -> RunResult {
    let failed = tally.first_failure.as_ref().map(|failed| &failed.result);
    let passed = || RunResult {
        outcome: "done",
        message: None,
        hash: tally.orders.first().copied().unwrap_or_default(),
    };
    failed.or(tally.production.as_ref()).cloned().unwrap_or_else(passed)
}

/// Into how many pieces the runs of each program are cut.
fn pieces(plan: &Plan) -> u64 {
    plan.part.piece_count(SEEDS_PER_PIECE)
}

/// In which piece a run is, and at which place in it.
fn place(part: &Part, run: RunSeed) -> (u64, u64) {
    let RunSeed::Seed(seed) = run else { return (0, 0) };
    let number = (seed - part.seeds.start) / part.step;
    let piece = number / SEEDS_PER_PIECE;
    let is_behind_production = part.production && piece == 0;
    (piece, number % SEEDS_PER_PIECE + u64::from(is_behind_production))
}

/// The run at this place of a piece, alone.
fn single(part: &Part, place: u64) -> Option<(RunSeed, Part)> {
    let run = part.runs().nth(usize::try_from(place).ok()?)?;
    let alone = match run {
        RunSeed::Production => Part { seeds: 0..0, ..part.clone() },
        RunSeed::Seed(seed) => Part { production: false, seeds: seed..seed + 1, step: 1 },
    };
    Some((run, alone))
}

fn packed(made: &Made, bytes: &mut Vec<u8>) {
    let nanos = u64::try_from(made.busy.as_nanos()).unwrap_or(u64::MAX);
    bytes.extend_from_slice(&nanos.to_le_bytes());
    made.tally.pack(bytes);
}

fn unpacked(unpacker: &mut Unpacker, bytes: &[u8]) -> Option<Made> {
    let (nanos, tally) = bytes.split_first_chunk()?;
    let busy = std::time::Duration::from_nanos(u64::from_le_bytes(*nanos));
    Some(Made { tally: unpacker.tally(tally)?, busy, deaths: 0 })
}

/// The pieces, from the side of the process that makes them.
struct Pieces<'a> {
    plan: &'a Plan,
    jobs: usize,
}

impl Make for Pieces<'_> {
    fn size(&self) -> (usize, u64) {
        (self.plan.entries.len(), pieces(self.plan))
    }

    fn make_all(&self, todo: &Todo, outbox: &Outbox, is_over: &(dyn Fn() -> bool + Sync)) {
        let on_piece = |unit, made| outbox.unit(unit, |bytes| packed(&made, bytes));
        let on_run = || outbox.run();
        let work = Work { jobs: self.jobs, todo, is_over, on_run: &on_run, on_piece: &on_piece };
        workers::sweep(self.plan, &work);
    }

    fn make_one(
        &self,
        unit: u64,
        runs: &[u64],
        outbox: &Outbox,
        is_over: &(dyn Fn() -> bool + Sync),
    ) -> Vec<u8> {
        let (entry, part) = workers::piece(self.plan, unit);
        let (mut all, mut world) = (Made::default(), World::default());
        for &place in runs {
            let Some((_, alone)) = single(&part, place).filter(|_| !is_over()) else { break };
            outbox.begins(place, None);
            let made = workers::make(self.plan, entry, &alone, &mut world, &|| ControlFlow::Continue(()));
            all.tally.merge(made.tally);
            all.busy += made.busy;
        }
        let mut bytes = Vec::new();
        packed(&all, &mut bytes);
        bytes
    }
}

/// The rows, from the side of the process that puts them together.
struct Gathered<'a> {
    plan: &'a Plan,
    rows: Rows,
    unpacker: Unpacker,
    /// Of pieces that are made run by run: the places of those that have ended their process, and what is told of each.
    dead: BTreeMap<u64, Vec<(u64, String)>>,
}

impl Gathered<'_> {
    fn program(&self, unit: u64) -> usize {
        (unit / pieces(self.plan)) as usize
    }

    fn add(&mut self, unit: u64, mut made: Made) -> Option<usize> {
        let (_, part) = workers::piece(self.plan, unit);
        for (place, message) in self.dead.remove(&unit).unwrap_or_default() {
            let Some((run, _)) = single(&part, place) else { continue };
            made.tally.add_death(run, self.plan.strategy, &message);
            made.deaths += 1;
        }
        self.rows.add(unit, made)
    }
}

impl Gather for Gathered<'_> {
    fn units(&self) -> u64 {
        (self.plan.entries.len() as u64).saturating_mul(pieces(self.plan))
    }

    fn open(&self, max: usize) -> Vec<u64> {
        self.rows.open(max)
    }

    fn is_wanted(&self, unit: u64) -> bool {
        self.rows.is_wanted(unit)
    }

    fn made(&self) -> Vec<Range<u64>> {
        self.rows.made()
    }

    fn left(&self) -> Vec<usize> {
        self.rows.left()
    }

    fn unsent_max(&self) -> usize {
        process::UNSENT_MAX
    }

    fn take(&mut self, unit: u64, result: &[u8]) -> Option<Option<usize>> {
        let made = unpacked(&mut self.unpacker, result)?;
        Some(self.add(unit, made))
    }

    /// When the program is to be left, only those before the last that has ended its process.
    fn runs(&self, unit: u64) -> Vec<u64> {
        let (_, part) = workers::piece(self.plan, unit);
        let dead: Vec<u64> = self.dead.get(&unit).into_iter().flatten().map(|(place, _)| *place).collect();
        let deaths = self.rows.deaths(self.program(unit)) + dead.len() as u64;
        let end =
            if deaths < DEATHS_MAX { part.run_count() } else { dead.last().copied().unwrap_or_default() };
        (0..end).filter(|place| !dead.contains(place)).collect()
    }

    fn died(&mut self, unit: u64, run: &Begun, message: &str) -> String {
        let (entry, part) = workers::piece(self.plan, unit);
        self.dead.entry(unit).or_default().push((run.place, message.to_string()));
        if self.runs(unit).is_empty() {
            self.add(unit, Made::default());
        }
        let seed = single(&part, run.place).map_or(RunSeed::Production, |(run, _)| run);
        let recipe = Recipe::of(seed, self.plan.strategy);
        format!("{} {}", entry.program, seedbed::watchdog::RunOptions(&recipe))
    }
}

/// Makes the runs again that are shown as failures. Where that is not possible, a failure is shown as it was found.
pub(super) fn make_again(findings: &mut [Finding<'_>], plan: &Plan, lead: &Lead<'_>) {
    // Also after an interrupt: it was the sweep that was to end.
    let calm = Interrupt::default();
    let lead = Lead { interrupt: &calm, ..*lead };
    for (program, finding) in findings.iter_mut().enumerate() {
        if let Some(failed) = finding.shown_failure() {
            finding.again = again(plan, program, failed, &lead).ok().flatten();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_explorer::Shard;

    #[test]
    fn each_run_is_found_at_its_place() {
        let shard = Shard::new(1, 3).unwrap();
        for part in [Part::whole(5..60), Part::of_shard(5..200, shard)] {
            for piece in 0..part.piece_count(SEEDS_PER_PIECE) {
                let runs = part.piece(piece, SEEDS_PER_PIECE);
                for (number, run) in runs.runs().enumerate() {
                    assert_eq!(place(&part, run), (piece, number as u64));
                    let (found, alone) = single(&runs, number as u64).unwrap();
                    assert_eq!((found, alone.runs().collect::<Vec<_>>()), (run, vec![run]));
                }
                assert_eq!(single(&runs, runs.run_count()), None);
            }
        }
    }
}
