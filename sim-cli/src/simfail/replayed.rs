//! `replay FILE.simfail`: the run of a failure file, with its log.

use std::error::Error;
use std::path::Path;

use sim_executor::TraceLevel;
use sim_explorer::{Scenario, Status};

use super::{Stored, tell};
use crate::console::Console;
use crate::exit::Exit;
use crate::live_log::{LiveLog, LogArgs};
use crate::show;

/// Makes the run of a file, and says what became of its failure. The status is 1 if the run failed; of a stale file only if that is asked
/// for.
pub(crate) fn replay(
    path: &Path,
    deny_stale: bool,
    log: &LogArgs,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let stored = Stored::of(scenarios, path)?;
    let mut replayed = stored.replay(log.level(TraceLevel::Events))?;
    if !replayed.report.outcome.is_done() {
        let again = stored.again(&replayed);
        replayed.report.tell_awaits(&again);
    }
    // Which of several runs it is was known only when it was over.
    let shown = LiveLog::new(log, true, console)?;
    shown.show(&replayed.report.trace);
    shown.finish(console)?;
    show::failure(&replayed.report, console.out)?;
    tell(path, &stored.file, &replayed, console.out)?;
    if let (Status::Repaired(_), Some(renewed)) = (replayed.status, &replayed.renewed) {
        writeln!(console.out, "the new file, which `simfail upgrade` writes:\n{renewed}")?;
    }
    show::last_line(&replayed.report, console.out)?;
    let is_wrong =
        !replayed.report.outcome.is_done() || (matches!(replayed.status, Status::Stale(_)) && deny_stale);
    Ok(if is_wrong { Exit::Failure } else { Exit::Expected })
}
