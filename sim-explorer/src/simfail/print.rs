//! A failure file as text.

use std::collections::BTreeMap;
use std::fmt;

use super::words::{rest, word};
use super::{BaseOrder, Expected, Simfail, VERSION};

/// So many marks stand in a line.
const MARKS_IN_LINE: usize = 40;

impl fmt::Display for Simfail {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Simfail { test, signature, found, shrunk, notes, order, .. } = self;
        writeln!(out, "simfail {VERSION}")?;
        writeln!(out, "test       {}", rest(test))?;
        writeln!(out, "signature  {}", rest(signature))?;
        writeln!(out, "found      {}", rest(found))?;
        if !shrunk.is_empty() {
            writeln!(out, "shrunk     {}", rest(shrunk))?;
        }
        notes.iter().try_for_each(|note| writeln!(out, "note       {}", rest(note)))?;
        if *order != BaseOrder::default() {
            writeln!(out, "order      {order}")?;
        }
        settings(out, "settings", &self.settings)?;
        settings(out, "drawn", &self.drawn)?;
        entries(out, "faults", &self.faults, |out, name| writeln!(out, "{name}  on"))?;
        entries(out, "schedule", &self.schedule, |out, (moment, task)| {
            writeln!(out, "{moment}   run {task}")
        })?;
        entries(out, "values", &self.values, |out, (name, value)| writeln!(out, "{name}  = {value}"))?;
        let Expected { decisions, marks, trace } = &self.expect;
        writeln!(out, "\n[expect]\ndecisions {decisions}")?;
        for line in marks.0.chunks(MARKS_IN_LINE) {
            write!(out, "marks ")?;
            line.iter().try_for_each(|mark| write!(out, "{mark:02x}"))?;
            writeln!(out)?;
        }
        writeln!(out, "trace {trace:016x}")
    }
}

fn settings(out: &mut fmt::Formatter<'_>, section: &str, settings: &BTreeMap<String, String>) -> fmt::Result {
    entries(out, section, settings, |out, (name, value)| writeln!(out, "{} = {}", word(name), rest(value)))
}

/// A section, if there is something in it.
fn entries<T>(
    out: &mut fmt::Formatter<'_>,
    section: &str,
    entries: impl IntoIterator<Item = T>,
    entry: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    for (place, each) in entries.into_iter().enumerate() {
        if place == 0 {
            writeln!(out, "\n[{section}]")?;
        }
        entry(out, each)?;
    }
    Ok(())
}
