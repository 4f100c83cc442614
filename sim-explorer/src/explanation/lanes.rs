//! What happened around the decisions that matter, with a lane for each task.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use sim_executor::{Event, Instant, Key, Outcome, Report, RunError};

use super::cut;
use crate::exceptions::{AnswerKind, Step, ValueException};
use crate::shrink::Shrunk;

const LANES_MAX: usize = 4;
const ROWS_MAX: usize = 22;
/// The width of all lanes together, in characters.
const WIDTH: usize = 100;

/// Rows in order, and the tasks that they are about.
#[derive(Clone, Debug, Default)]
pub(super) struct Lanes {
    tasks: Vec<Rc<str>>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    at: Instant,
    lane: usize,
    text: String,
    /// `A` or `B`.
    mark: Option<&'static str>,
    /// Whether it tells of a switch or a fault, and not of what the task does.
    is_note: bool,
}

impl Lanes {
    /// The lanes of the smallest run, which was made again with a trace; its polls had these names.
    pub(super) fn new(shrunk: &Shrunk, traced: &Report, polls: &[Key], decisive: Option<&Step>) -> Lanes {
        let tasks = tasks(shrunk, traced);
        if tasks.is_empty() {
            return Lanes::default();
        }
        let switches: BTreeMap<Key, &Step> =
            shrunk.run.steps.iter().filter(|step| !step.is_default).map(|step| (step.poll, step)).collect();
        let (mut rows, mut poll) = (Vec::new(), 0);
        for record in &traced.trace.records {
            let key = match record.event {
                Event::Polled => {
                    poll += 1;
                    polls.get(poll - 1).copied()
                }
                _ => None,
            };
            let Some(lane) = tasks.iter().position(|task| *task == record.lineage) else { continue };
            let at = record.at;
            if let Some(step) = key.and_then(|key| switches.get(&key)) {
                let text = switch_text(shrunk, step);
                rows.push(Row { at, lane, text, mark: None, is_note: true });
            }
            let mark = match (decisive, key) {
                (Some(step), Some(key)) if step.poll == key => Some("A"),
                (Some(step), Some(key)) if step.default_poll == key => Some("B"),
                _ => None,
            };
            let text = match (&record.event, key) {
                (Event::Polled, Some(key)) => {
                    let name = shrunk.run.names().get(&key.stream).or_else(|| name(traced, key));
                    name.map_or_else(|| "polled".to_string(), |name| format!("goes on from {}", name.label))
                }
                (event, _) => event.to_string(),
            };
            rows.push(Row { at, lane, text, mark, is_note: false });
        }
        for asked in shrunk.run.asked.iter().filter(|asked| shrunk.run.kind(asked) == AnswerKind::Fault) {
            let text = shrunk.exceptions.value_text(&ValueException { key: asked.key, value: asked.value });
            let row = Row { at: asked.at, lane: 0, text: format!("⚡ {text}"), mark: None, is_note: true };
            rows.insert(rows.partition_point(|other| other.at <= asked.at), row);
        }
        Lanes { tasks, rows: folded(rows) }
    }
}

fn name(traced: &Report, key: Key) -> Option<&sim_executor::Name> {
    traced.recording.as_ref()?.names.get(&key.stream)
}

fn switch_text(shrunk: &Shrunk, step: &Step) -> String {
    let name = shrunk.run.names().get(&step.default_poll.stream);
    let instead = name.map_or("another", |name| &*name.lineage);
    let how = if step.is_preemption { "could have gone on" } else { "would have been next" };
    format!("⇒ {instead} {how}")
}

/// The tasks of the exceptions and those that failed, in the order of their first records.
fn tasks(shrunk: &Shrunk, traced: &Report) -> Vec<Rc<str>> {
    let mut wanted: Vec<Rc<str>> = Vec::new();
    let names = shrunk.run.names();
    let steps = shrunk.run.steps.iter().filter(|step| !step.is_default);
    let of_steps = steps.flat_map(|step| [step.poll, step.default_poll]);
    let of_steps = of_steps.filter_map(|key| names.get(&key.stream).map(|name| Rc::clone(&name.lineage)));
    let of_values = shrunk.exceptions.values.iter().filter_map(|value| names.get(&value.key.stream));
    let failed = match &traced.outcome {
        Outcome::Error(RunError::Panicked(panic)) => vec![Rc::clone(&panic.lineage)],
        Outcome::Error(RunError::Deadlock(deadlock)) => {
            deadlock.pending.iter().map(|task| Rc::clone(&task.lineage)).collect()
        }
        _ => vec!["main".into()],
    };
    let mut all: Vec<Rc<str>> = Vec::new();
    for record in &traced.trace.records {
        if matches!(record.event, Event::Polled) && !all.contains(&record.lineage) {
            all.push(Rc::clone(&record.lineage));
        }
    }
    if all.len() <= LANES_MAX {
        return all;
    }
    for task in of_steps.chain(failed).chain(of_values.map(|name| Rc::clone(&name.lineage))) {
        let is_in_trace = || traced.trace.records.iter().any(|record| record.lineage == task);
        if !wanted.contains(&task) && wanted.len() < LANES_MAX && is_in_trace() {
            wanted.push(task);
        }
    }
    let first = |task: &Rc<str>| traced.trace.records.iter().position(|record| record.lineage == *task);
    wanted.sort_by_key(first);
    wanted
}

/// Polls of one task that nothing else is said of become one row.
fn folded(rows: Vec<Row>) -> Vec<Row> {
    let mut folded: Vec<Row> = Vec::new();
    let is_poll = |row: &Row| row.mark.is_none() && !row.is_note && row.text.starts_with("goes on from ");
    let mut times = 1;
    for row in rows {
        if let Some(last) = folded.last_mut()
            && is_poll(last)
            && is_poll(&row)
            && last.lane == row.lane
        {
            times += 1;
            let text = row.text;
            *last = Row { text: format!("{text}, {times} polls"), ..row };
            continue;
        }
        times = 1;
        folded.push(row);
    }
    folded
}

/// Which rows are shown: all, or those around the marks and at the end.
fn shown(rows: &[Row]) -> Vec<bool> {
    let is_marked = |row: &Row| row.mark.is_some() || row.is_note;
    let marked: Vec<usize> = (0..rows.len()).filter(|&place| is_marked(&rows[place])).collect();
    let near = |distance: usize| -> Vec<bool> {
        let is_near = |place: usize| marked.iter().any(|&marked| place.abs_diff(marked) <= distance);
        (0..rows.len()).map(|place| is_near(place) || place + 1 + distance >= rows.len()).collect()
    };
    let fits = |shown: &Vec<bool>| shown.iter().filter(|shown| **shown).count() <= ROWS_MAX;
    let mut best = near(0);
    if !fits(&best) {
        // Too many marks: the last ones, which decide.
        let mut left = ROWS_MAX;
        for shown in best.iter_mut().rev().filter(|shown| **shown) {
            *shown = left > 0;
            left = left.saturating_sub(1);
        }
        return best;
    }
    for distance in 1..=ROWS_MAX {
        let wider = near(distance);
        if !fits(&wider) {
            break;
        }
        best = wider;
    }
    best
}

impl fmt::Display for Lanes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.tasks.is_empty() {
            return Ok(());
        }
        let width = WIDTH / self.tasks.len();
        write!(out, "{:<10}", "vtime")?;
        let heads: Vec<String> =
            self.tasks.iter().map(|task| padded(&tail(task, width - 1), width)).collect();
        writeln!(out, "{}", heads.concat().trim_end())?;
        let shown = shown(&self.rows);
        let mut left_out = 0;
        for (row, shown) in self.rows.iter().zip(shown) {
            if !shown {
                left_out += 1;
                continue;
            }
            if left_out > 0 {
                writeln!(out, "{:<10}… {left_out} more", "")?;
                left_out = 0;
            }
            let line = row.text.lines().next().unwrap_or_default();
            // A text may reach over the lanes behind its own.
            let room = (self.tasks.len() - row.lane) * width - 2;
            let mark = row.mark.map_or_else(String::new, |mark| format!("  ◀ {mark}"));
            // What has no room in its lane begins further to the left, if it is no row of its task.
            let missing = if row.is_note { line.chars().count().saturating_sub(room) } else { 0 };
            let indent = " ".repeat((row.lane * width).saturating_sub(missing));
            let room = if row.is_note { WIDTH } else { room };
            writeln!(out, "{:<10}{indent}{}{mark}", row.at.to_string(), cut(line, room))?;
        }
        if left_out > 0 {
            writeln!(out, "{:<10}… {left_out} more", "")?;
        }
        Ok(())
    }
}

fn padded(text: &str, width: usize) -> String {
    let missing = width.saturating_sub(text.chars().count());
    format!("{text}{}", " ".repeat(missing))
}

/// The end of a path, which tells more than its beginning.
fn tail(text: &str, chars_max: usize) -> String {
    let count = text.chars().count();
    if count <= chars_max {
        return text.to_string();
    }
    std::iter::once('…').chain(text.chars().skip(count - chars_max + 1)).collect()
}
