//! A sweep by a search that chooses its runs itself: each run with few deviations, each schedule with few preemptions.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use sim_executor::{Config, Source, World};
use sim_explorer::{Corpus, Expect, Shard};

use super::found::{Found, Row, What, make_run};
use super::{Entry, Interrupt, Plan, json, kept_runs, share};
use crate::console::Console;
use crate::exit::Exit;
use crate::list::expect_word;
use crate::record::{EachRecord, RecordFiles, VariantRecord};
use crate::search::Seedless;
use crate::show::{QUIET, RIGHT, WRONG};
use crate::table::{Cell, Column, Table};
use crate::wall_time::{Stopwatch, per_second};

/// Searches every program of a plan.
pub(super) fn sweep(
    plan: &Plan,
    seedless: &Seedless,
    jobs: usize,
    interrupt: &Interrupt,
    to: &RecordFiles,
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let stopwatch = Stopwatch::start();
    let folder = match seedless {
        Seedless::Guided(_, folder) => folder.as_deref(),
        _ => None,
    };
    let corpus = |entry| folder.map_or_else(|| Ok(Vec::new()), |folder| kept_runs::read(folder, entry));
    let corpora: Vec<Vec<Vec<u8>>> = plan.entries.iter().map(corpus).collect::<Result<_, _>>()?;
    let rows = match seedless {
        Seedless::Each(each) => share::search(plan, *each, jobs, interrupt),
        _ => search(plan, seedless, &corpora, jobs, interrupt),
    };
    for (entry, row) in plan.entries.iter().zip(&rows) {
        if let (Some(folder), Some(row)) = (folder, row) {
            kept_runs::write(folder, entry, &row.kept)?;
        }
    }
    let wall_time = stopwatch.elapsed();
    let rows: Vec<(&Entry, Option<Row>)> = plan.entries.iter().zip(rows).collect();
    let variants = rows.iter().map(|(entry, row)| variant(entry, row.as_ref(), plan.shard)).collect();
    let strategy = match seedless {
        Seedless::Each(each) => each.to_string(),
        other => other.name().to_string(),
    };
    let record = json::record(plan, strategy, interrupt.is_asked(), variants);
    if !to.is_console_free() {
        to.write(&record, console)?;
        return Ok(verdict(&rows, plan.shard, interrupt.is_asked(), &mut io::sink())?);
    }
    table(seedless, plan.shard, &rows).write(console.out)?;
    let runs: u64 = rows.iter().filter_map(|(_, row)| row.as_ref()).map(|row| row.result.runs).sum();
    let (seconds, millis) = (wall_time.as_secs(), wall_time.subsec_millis());
    writeln!(console.out, "{runs} runs in {seconds}.{millis:03} s: {} runs/s", per_second(runs, wall_time))?;
    for (variant, line) in record.variants.iter().filter_map(|variant| Some((variant, variant.replay()?))) {
        if variant.ok == Some(false) {
            writeln!(console.out, "{variant} {WRONG}FAILED{WRONG:#}: {}", variant.first_line())?;
        }
        writeln!(console.out, "  {line}")?;
    }
    to.write(&record, console)?;
    Ok(verdict(&rows, plan.shard, interrupt.is_asked(), console.out)?)
}

/// A program is one thread's.
#[expect(
    clippy::disallowed_methods,
    reason = "a thread has whole searches for itself; none shares one with another"
)]
fn search(
    plan: &Plan,
    seedless: &Seedless,
    corpora: &[Vec<Vec<u8>>],
    jobs: usize,
    interrupt: &Interrupt,
) -> Vec<Option<Row>> {
    let rows: Vec<Mutex<Option<Row>>> = plan.entries.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut world = World::default();
        while !interrupt.is_asked() {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(entry) = plan.entries.get(number) else { return };
            let row = search_one(&mut world, entry, seedless, &corpora[number], interrupt);
            *rows[number].lock().unwrap_or_else(PoisonError::into_inner) = row;
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(work);
        }
    });
    rows.into_iter().map(|row| row.into_inner().unwrap_or_else(PoisonError::into_inner)).collect()
}

/// `None` if it was interrupted.
fn search_one(
    world: &mut World,
    entry: &Entry,
    seedless: &Seedless,
    texts: &[Vec<u8>],
    interrupt: &Interrupt,
) -> Option<Row> {
    let stopwatch = Stopwatch::start();
    let config = Config::default();
    let mut run_with = |config, source: Box<dyn Source>| make_run(world, entry, seedless, config, source);
    let is_over = || interrupt.is_asked();
    let mut kept = Vec::new();
    let result: Found = match seedless {
        Seedless::Each(_) => panic!("the runs of `each` are shared out"),
        Seedless::Exhaustive(exhaustive) => {
            exhaustive.search_until(|source| run_with(config, source), is_over).into()
        }
        Seedless::Guided(guided, folder) => {
            let mut corpus = Corpus::default();
            for text in texts {
                corpus.add_text(text).expect("it was understood when it was read");
            }
            let found = guided.search_until(config, &mut corpus, &mut run_with, is_over);
            if folder.is_some() {
                kept = corpus.texts(&entry.program.to_string(), config, &mut run_with);
            }
            (&found).into()
        }
    };
    (!interrupt.is_asked()).then(|| Row { result, busy: stopwatch.elapsed(), kept })
}

fn table(seedless: &Seedless, shard: Shard, rows: &[(&Entry, Option<Row>)]) -> Table {
    let mut table = Table::new([
        Column::text("name"),
        Column::number("runs"),
        Column::number("runs/s"),
        Column::number(match seedless {
            Seedless::Each(_) => "deviations",
            Seedless::Exhaustive(_) => "preemptions",
            Seedless::Guided(..) => "exceptions",
        }),
        Column::text("verdict"),
        Column::text("what it says"),
    ]);
    for (entry, row) in rows {
        let Some(Row { result, busy, .. }) = row else {
            let nothing = || Cell::new("-");
            let unfinished = Cell::styled("unfinished", QUIET);
            table.push([Cell::new(Name(entry)), nothing(), nothing(), nothing(), unfinished, Cell::new("")]);
            continue;
        };
        let deviations = match result.what {
            What::Failed(deviations) => deviations.to_string(),
            _ => "-".to_string(),
        };
        let (word, is_expected) = word(entry, result.what, shard);
        table.push([
            Cell::new(Name(entry)),
            Cell::new(result.runs),
            Cell::new(per_second(result.runs, *busy)),
            Cell::new(deviations),
            Cell::styled(word, if is_expected { RIGHT } else { WRONG }),
            Cell::new(&result.text),
        ]);
    }
    table
}

/// `ws_echo over lan`.
struct Name<'a>(&'a Entry);

impl fmt::Display for Name<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.program)?;
        self.0.profile.as_ref().map_or(Ok(()), |profile| write!(out, " over {}", profile.name()))
    }
}

/// What is written of a program; of one that was not finished, that it is open.
fn variant(entry: &Entry, row: Option<&Row>, shard: Shard) -> VariantRecord {
    let open = VariantRecord {
        full: entry.program.to_string(),
        profile: entry.profile.as_ref().map(|profile| profile.path().display().to_string()),
        settings: entry.given.iter().map(|given| (given.name.clone(), given.value)).collect(),
        expect: expect_word(entry.program.variant.expect).to_string(),
        ..VariantRecord::default()
    };
    let Some(Row { result, busy, .. }) = row else { return open };
    let (word, is_expected) = word(entry, result.what, shard);
    let (end, depth) = match result.what {
        What::Exhausted => ("exhausted", 0),
        What::CutOff => ("cut off", 0),
        What::Failed(depth) => ("failed", depth),
        What::Diverged => ("diverged", 0),
    };
    let has_failed = matches!(result.what, What::Failed(_));
    let each = EachRecord {
        end: end.to_string(),
        depth: u32::try_from(depth).unwrap_or(u32::MAX),
        equal: result.equal,
        text: result.text.clone(),
    };
    VariantRecord {
        runs: result.runs,
        orders: result.runs,
        failures: u64::from(has_failed),
        recipe: result.recipe.clone(),
        message: has_failed.then(|| result.text.clone()),
        each: Some(each),
        verdict: Some(word.to_lowercase()),
        ok: Some(is_expected),
        busy_millis: u64::try_from(busy.as_millis()).unwrap_or(u64::MAX),
        ..open
    }
}

/// What the table says, and whether the variant behaved as its author says.
fn word(entry: &Entry, what: What, shard: Shard) -> (&'static str, bool) {
    match (entry.program.variant.expect, what) {
        (Expect::Holds, What::Exhausted) => ("holds", true),
        (Expect::Holds, What::CutOff) => ("cut off", true),
        (Expect::Holds, What::Failed(_)) => ("FAILED", false),
        (_, What::Diverged) => ("DIVERGED", false),
        (Expect::Breaks, What::Failed(_)) => ("found", true),
        (Expect::Breaks, _) if shard != Shard::WHOLE => ("not here", true),
        (Expect::Breaks, What::Exhausted | What::CutOff) => ("MISSED", false),
    }
}

fn verdict(
    rows: &[(&Entry, Option<Row>)],
    shard: Shard,
    interrupted: bool,
    out: &mut dyn Write,
) -> io::Result<Exit> {
    if interrupted {
        writeln!(out, "{WRONG}interrupted{WRONG:#}: not all runs were made")?;
        return Ok(Exit::Interrupted);
    }
    let is_surprise = |(entry, row): &&(&Entry, Option<Row>)| {
        row.as_ref().is_none_or(|row| !word(entry, row.result.what, shard).1)
    };
    let surprises = rows.iter().filter(is_surprise).count();
    if surprises == 0 {
        writeln!(out, "{RIGHT}as expected{RIGHT:#}: every broken variant was found, every other one holds")?;
        return Ok(Exit::Expected);
    }
    writeln!(out, "{WRONG}not as expected{WRONG:#}: {surprises} of {}", rows.len())?;
    Ok(Exit::Failure)
}
