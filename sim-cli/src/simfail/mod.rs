//! `simfail`: what failure files say, and what became of their failures.

use std::error::Error;
use std::io::Write;
use std::path::Path;

use sim_executor::TraceLevel;
use sim_explorer::{Difference, Expect, Replayed, Scenario, Simfail, Status};

use crate::args::{SimfailArgs, SimfailCommand};
use crate::console::Console;
use crate::exit::Exit;
use crate::output_file;
use crate::show::{QUIET, RIGHT, WRONG};

mod replayed;
mod smaller;
mod stored;

pub(crate) use replayed::replay;
use stored::Stored;

pub(crate) fn simfail(
    args: &SimfailArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    match &args.command {
        SimfailCommand::Check(check) => each(&check.files, console, |path, console| {
            let stored = Stored::of(scenarios, path)?;
            let replayed = stored.replay(TraceLevel::Off)?;
            tell(path, &stored.file, &replayed, console.out)?;
            Ok(exit_of(&stored, replayed.status, check.deny_stale))
        }),
        SimfailCommand::Show(show) => each(&show.files, console, |path, console| {
            let file = stored::read(path)?;
            let headline = show.files.len() > 1;
            if headline {
                writeln!(console.out, "{QUIET}== {}{QUIET:#}", path.display())?;
            }
            write!(console.out, "{file}")?;
            Ok(Exit::Expected)
        }),
        SimfailCommand::Shrink(shrink) => {
            each(&shrink.files, console, |path, console| smaller::shrink(scenarios, path, console))
        }
        SimfailCommand::Upgrade(upgrade) => each(&upgrade.files, console, |path, console| {
            let stored = Stored::of(scenarios, path)?;
            output_file::check(path)?;
            let replayed = stored.replay(TraceLevel::Off)?;
            tell(path, &stored.file, &replayed, console.out)?;
            let text = replayed.renewed.as_ref().unwrap_or(&stored.file).to_string();
            let is_new = crate::input_file::read_bytes(path)? != text.as_bytes();
            if is_new {
                output_file::write(path, &text, console.out)?;
                writeln!(console.out, "  written anew")?;
            }
            // A file that says nothing any more cannot be upgraded.
            Ok(exit_of_upgrade(replayed.status))
        }),
    }
}

/// Does it with each file, and tells of each that cannot be used; the worst of all is the result.
fn each(
    files: &[std::path::PathBuf],
    console: &mut Console<'_>,
    mut act: impl FnMut(&Path, &mut Console<'_>) -> Result<Exit, Box<dyn Error>>,
) -> Result<Exit, Box<dyn Error>> {
    let mut worst = Exit::Expected;
    for path in files {
        let exit = act(path, console).or_else(|error| {
            // So that what both streams hold stays in order.
            console.out.flush()?;
            writeln!(console.err, "{WRONG}error:{WRONG:#} {error}")?;
            Ok::<_, Box<dyn Error>>(Exit::Usage)
        })?;
        worst = match (worst, exit) {
            (Exit::Usage, _) | (_, Exit::Usage) => Exit::Usage,
            (Exit::Expected, other) | (other, _) => other,
        };
    }
    Ok(worst)
}

/// `EXACT  a.simfail  panic "10 were lost"`, and what there is to say besides.
fn tell(path: &Path, file: &Simfail, replayed: &Replayed, out: &mut dyn Write) -> std::io::Result<()> {
    let Replayed { status, unmet, difference, .. } = replayed;
    let style = if matches!(status, Status::Stale(_) | Status::Other) { WRONG } else { RIGHT };
    writeln!(out, "{style}{status:<12}{style:#} {}  {}", path.display(), file.signature)?;
    tell_more(*status, unmet, difference.as_ref(), out)
}

fn tell_more(
    status: Status,
    unmet: &[String],
    difference: Option<&Difference>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    match status {
        Status::Stale(_) => writeln!(
            out,
            "  the run did not come to what the file lists; it says nothing any more: record the failure again, or delete it"
        )?,
        Status::Other => writeln!(out, "  the run fails in another way than the file says")?,
        _ => {}
    }
    unmet.iter().try_for_each(|entry| writeln!(out, "  not met: {entry}"))?;
    difference.map_or(Ok(()), |difference| writeln!(out, "  {difference}"))
}

/// Whether it is as it should be: a failure is there that the program is known for, or none is.
fn exit_of(stored: &Stored<'_>, status: Status, deny_stale: bool) -> Exit {
    let is_wrong = match status {
        Status::Exact | Status::Reproduced | Status::Repaired(_) => {
            stored.program.variant.expect == Expect::Holds
        }
        Status::Passed => false,
        Status::Stale(_) => deny_stale,
        Status::Other => true,
    };
    if is_wrong { Exit::Failure } else { Exit::Expected }
}

fn exit_of_upgrade(status: Status) -> Exit {
    if matches!(status, Status::Stale(_) | Status::Other) { Exit::Failure } else { Exit::Expected }
}

/// Whether a name on the command line is that of a failure file.
pub(crate) fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "simfail")
}
