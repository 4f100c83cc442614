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
        if *order != BaseOrder::Default {
            writeln!(out, "order      {}", order.name())?;
        }
        settings(out, "settings", &self.settings)?;
        settings(out, "drawn", &self.drawn)?;
        entries(out, "faults", &self.faults, |out, name, happens| {
            writeln!(out, "{name}  {}", if *happens { "on" } else { "off" })
        })?;
        entries(out, "schedule", &self.schedule, |out, name, task| {
            writeln!(out, "after {name}   run {}", word(task))
        })?;
        entries(out, "values", &self.values, |out, name, value| writeln!(out, "{name}  = {value}"))?;
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
    entries(out, section, settings, |out, name, value| writeln!(out, "{} = {}", word(name), rest(value)))
}

/// A section, if there is something in it.
fn entries<N, V>(
    out: &mut fmt::Formatter<'_>,
    section: &str,
    entries: &BTreeMap<N, V>,
    entry: impl Fn(&mut fmt::Formatter<'_>, &N, &V) -> fmt::Result,
) -> fmt::Result {
    if entries.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n[{section}]")?;
    entries.iter().try_for_each(|(name, value)| entry(out, name, value))
}
