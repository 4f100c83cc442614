//! A sweep by a search that chooses its runs itself: each run with few deviations, each schedule with few preemptions.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use sim_executor::{Source, World};
use sim_explorer::{Corpus, Expect, Recipe, Shard};

use super::found::{Begins, Found, Row, What, make_run};
use super::share::{self, Listener};
use super::todo::Todo;
use super::{Entry, Plan, Way, json, kept_runs, summary};
use crate::checks::Checks;
use crate::console::Console;
use crate::exit::Exit;
use crate::list::expect_word;
use crate::record::{EachRecord, RecordFiles, VariantRecord};
use crate::search::Seedless;
use crate::show::{QUIET, RIGHT, WRONG};
use crate::table::{Cell, Column, Table};
use crate::wall_time::{Stopwatch, per_second};

/// Searches every program of a plan; a program is one thread's.
pub(super) fn sweep(
    plan: &Plan,
    seedless: &Seedless,
    way: &Way<'_>,
    to: &RecordFiles,
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let (stopwatch, interrupt) = (Stopwatch::start(), way.interrupt);
    let corpora = corpora(plan, seedless)?;
    let Searched { rows, is_suspect, deaths } = rows(plan, seedless, &corpora, way, console)?;
    for (entry, row) in plan.entries.iter().zip(&rows) {
        if let (Some(folder), Some(row)) = (folder(seedless), row) {
            kept_runs::write(folder, entry, &row.kept)?;
        }
    }
    let wall_time = stopwatch.elapsed();
    let rows: Vec<(&Entry, Option<Row>)> = plan.entries.iter().zip(rows).collect();
    let variants = rows.iter().map(|(entry, row)| variant(entry, row.as_ref(), plan)).collect();
    let strategy = match seedless {
        Seedless::Each(each) => each.to_string(),
        other => other.name().to_string(),
    };
    let record = json::record(plan, strategy, interrupt.is_asked(), variants);
    if !to.is_console_free() {
        to.write(&record, console)?;
        let exit = verdict(&rows, plan.shard, interrupt.is_asked(), &mut io::sink())?;
        return Ok(if is_suspect { Exit::Failure } else { exit });
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
    summary::unexplained(&deaths, console.out)?;
    to.write(&record, console)?;
    let exit = verdict(&rows, plan.shard, interrupt.is_asked(), console.out)?;
    Ok(if is_suspect { Exit::Failure } else { exit })
}

/// The folder in which the runs of a guided search are kept.
fn folder(seedless: &Seedless) -> Option<&Path> {
    match seedless {
        Seedless::Guided(_, folder) => folder.as_deref(),
        _ => None,
    }
}

/// For each program the runs that were kept, as texts.
pub(super) fn corpora(plan: &Plan, seedless: &Seedless) -> Result<Vec<Vec<Vec<u8>>>, kept_runs::KeptError> {
    let corpus = |entry| match folder(seedless) {
        Some(folder) => kept_runs::read(folder, entry),
        None => Ok(Vec::new()),
    };
    plan.entries.iter().map(corpus).collect()
}

/// Searches every program: in other processes, so that a run that ends its process does not end the sweep, or in this one.
fn rows(
    plan: &Plan,
    seedless: &Seedless,
    corpora: &[Vec<Vec<u8>>],
    way: &Way<'_>,
    console: &mut Console<'_>,
) -> Result<Searched, Box<dyn Error>> {
    #[cfg(unix)]
    if way.in_processes {
        return super::searches::lead(plan, way, console);
    }
    let _ = console;
    let rows: Vec<Mutex<Option<Row>>> = plan.entries.iter().map(|_| Mutex::default()).collect();
    let todo = Todo::new(plan.entries.len(), 1);
    let is_over = || way.interrupt.is_asked();
    let search = Searching { plan, seedless, corpora };
    search.all(&todo, way.jobs, &is_over, &|number, row| {
        *rows[number as usize].lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
    });
    let rows = rows.into_iter().map(|row| row.into_inner().unwrap_or_else(PoisonError::into_inner)).collect();
    Ok(Searched { rows, is_suspect: false, deaths: Vec::new() })
}

/// What the searches came to.
pub(super) struct Searched {
    pub(super) rows: Vec<Option<Row>>,
    /// Whether a process has ended, and no run is known that ends one.
    pub(super) is_suspect: bool,
    /// What is told of each of those.
    pub(super) deaths: Vec<String>,
}

/// What is searched, and how.
pub(super) struct Searching<'a> {
    pub(super) plan: &'a Plan,
    pub(super) seedless: &'a Seedless,
    pub(super) corpora: &'a [Vec<Vec<u8>>],
}

impl Searching<'_> {
    /// Searches the programs that are to be searched: the runs of `each` are shared out over all threads, else a program is one thread's.
    #[expect(
        clippy::disallowed_methods,
        reason = "a thread has whole searches for itself; none shares one with another"
    )]
    pub(super) fn all(
        &self,
        todo: &Todo,
        jobs: usize,
        is_over: &(dyn Fn() -> bool + Sync),
        on_row: &(dyn Fn(u64, Row) + Sync),
    ) {
        if let Seedless::Each(each) = self.seedless {
            let numbers: Vec<u64> = std::iter::from_fn(|| todo.take()).collect();
            let listener = Listener { is_over, begins: &|_| {}, on_row };
            return share::search(self.plan, *each, &numbers, jobs, &listener);
        }
        let work = || {
            let mut world = World::default();
            while !is_over()
                && let Some(number) = todo.take()
            {
                let row = self.one(number, &mut world, is_over, &|_| {});
                row.into_iter().for_each(|row| on_row(number, row));
            }
        };
        std::thread::scope(|scope| {
            for _ in 0..jobs {
                scope.spawn(work);
            }
        });
    }

    /// Searches one program; `None` if that was interrupted. Of each run it is told before it begins how it is made.
    pub(super) fn one(
        &self,
        number: u64,
        world: &mut World,
        is_over: &(dyn Fn() -> bool + Sync),
        begins: &(dyn Fn(Option<&Recipe>) + Sync),
    ) -> Option<Row> {
        if let Seedless::Each(each) = self.seedless {
            let found = Mutex::new(None);
            let on_row = |_, row| *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(row);
            share::search(self.plan, *each, &[number], 1, &Listener { is_over, begins, on_row: &on_row });
            return found.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
        let entry = &self.plan.entries[number as usize];
        search_one(
            world,
            (entry, self.plan.checks),
            self.seedless,
            &self.corpora[number as usize],
            (is_over, begins),
        )
    }
}

/// `None` if it was interrupted.
fn search_one(
    world: &mut World,
    (entry, checks): (&Entry, Checks),
    seedless: &Seedless,
    texts: &[Vec<u8>],
    (is_over, begins): (&dyn Fn() -> bool, &Begins<'_>),
) -> Option<Row> {
    let stopwatch = Stopwatch::start();
    let config = checks.config();
    let mut run_with =
        |config, source: Box<dyn Source>| make_run(world, entry, seedless, config, source, begins);
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
    (!is_over()).then(|| Row { result, busy: stopwatch.elapsed(), kept })
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
            Cell::new(first_line(&result.text)),
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
fn variant(entry: &Entry, row: Option<&Row>, plan: &Plan) -> VariantRecord {
    let open = VariantRecord {
        full: entry.program.to_string(),
        profile: entry.profile.as_ref().map(|profile| profile.path().display().to_string()),
        settings: entry.given.iter().map(|given| (given.name.clone(), given.value)).collect(),
        expect: expect_word(entry.program.variant.expect).to_string(),
        checks: plan.checks.checks,
        ..VariantRecord::default()
    };
    let Some(Row { result, busy, .. }) = row else { return open };
    let (word, is_expected) = word(entry, result.what, plan.shard);
    let (end, depth) = match result.what {
        What::Exhausted => ("exhausted", 0),
        What::CutOff => ("cut off", 0),
        What::Failed(depth) => ("failed", depth),
        What::Diverged => ("diverged", 0),
        What::Died => ("died", 0),
    };
    let has_failed = matches!(result.what, What::Failed(_) | What::Died);
    let each = EachRecord {
        end: end.to_string(),
        depth: u32::try_from(depth).unwrap_or(u32::MAX),
        equal: result.equal,
        text: first_line(&result.text).to_string(),
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

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// What the table says, and whether the variant behaved as its author says.
fn word(entry: &Entry, what: What, shard: Shard) -> (&'static str, bool) {
    match (entry.program.variant.expect, what) {
        (Expect::Holds, What::Exhausted) => ("holds", true),
        (Expect::Holds, What::CutOff) => ("cut off", true),
        (Expect::Holds, What::Failed(_) | What::Died) => ("FAILED", false),
        (_, What::Diverged) => ("DIVERGED", false),
        (Expect::Breaks, What::Failed(_) | What::Died) => ("found", true),
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
