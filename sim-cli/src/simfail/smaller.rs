//! `simfail shrink FILE`: a failure file whose run is made smaller.

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use sim_executor::TraceLevel;
use sim_explorer::{Scenario, Shrink};

use super::{Stored, exit_of_upgrade, tell};
use crate::console::Console;
use crate::exit::Exit;
use crate::output_file;

/// Shrinks the failure of a file, if it is there, and writes the file anew if that made it smaller.
pub(super) fn shrink(
    scenarios: &'static [Scenario],
    path: &Path,
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    let stored = Stored::of(scenarios, path)?;
    output_file::check(path)?;
    let replayed = stored.replay(TraceLevel::Off)?;
    tell(path, &stored.file, &replayed, console.out)?;
    if !replayed.status.is_there() {
        return Ok(exit_of_upgrade(replayed.status));
    }
    let file = replayed.renewed.as_ref().unwrap_or(&stored.file);
    let smaller = stored.with_runs(TraceLevel::Off, |config, make| {
        let found = file.sources(config, make)?;
        let shrunk = Shrink::default().shrink(config, &*found, make, &mut |_| ControlFlow::Continue(()))?;
        let is_smaller = shrunk.cost < shrunk.found;
        Ok::<_, Box<dyn Error>>(if is_smaller { file.of_shrunk(&shrunk, config, make) } else { None })
    })?;
    match smaller {
        Some(smaller) => {
            output_file::write(path, smaller.to_string(), console.out)?;
            writeln!(console.out, "  written anew: {}", smaller.shrunk)?;
        }
        None => writeln!(console.out, "  it is as small as it gets")?,
    }
    Ok(Exit::Expected)
}
