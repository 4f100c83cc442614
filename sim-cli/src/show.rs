//! How a run is shown.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use sim_executor::{Config, Report};
use sim_explorer::FailureText;

use crate::exit::Exit;

/// As expected.
pub(crate) const RIGHT: Style = AnsiColor::Green.on_default();
/// Not as expected.
pub(crate) const WRONG: Style = AnsiColor::Red.on_default().bold();
/// Of less weight.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// That a run was only slow, if it ended as it should at ten times a bound: how it was made first, and how the one that is shown.
pub(crate) fn slow([first, made]: [&Config; 2], out: &mut dyn Write) -> io::Result<()> {
    if first.limits == made.limits {
        return Ok(());
    }
    writeln!(
        out,
        "here it reached the bound of a verdict; made again at ten times that it went on, and ended as it should: it was only slow"
    )
}

/// What went wrong, if something did: it comes after the log.
pub(crate) fn failure(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}", FailureText(report))
}

/// The last line: `hash <16 hex digits> outcome <word>`.
pub(crate) fn last_line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "hash {:016x} outcome {}", report.hash, report.outcome.word())
}

pub(crate) fn exit_of(report: &Report) -> Exit {
    if report.outcome.is_done() { Exit::Expected } else { Exit::Failure }
}
