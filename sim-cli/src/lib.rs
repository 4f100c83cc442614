//! A command line over a list of simulated scenarios.
//!
//! ```no_run
//! use std::process::ExitCode;
//!
//! const SCENARIOS: &[sim_explorer::Scenario] = &[];
//!
//! fn main() -> ExitCode {
//!     sim_cli::main(SCENARIOS)
//! }
//! ```

mod args;
mod asyncio;
mod cargo_seedbed;
mod checks;
mod chosen;
mod colour;
mod console;
mod exit;
mod filter;
mod input_file;
mod interrupt;
mod list;
mod live_log;
mod merge;
mod names;
mod output_file;
mod parser;
mod pending;
mod pipe;
mod profile;
mod program;
mod record;
mod replay;
mod report;
mod run;
mod run_by;
mod run_json;
mod search;
mod seed;
mod seed_range;
mod setting;
mod shard_env;
mod show;
mod shrink;
mod simfail;
mod sweep;
mod table;
mod virtual_time;
mod wall_time;

use std::error::Error;
use std::ffi::{OsStr, OsString};
use std::io::{self, BufWriter};
use std::path::Path;
use std::process::ExitCode;

use clap::FromArgMatches as _;
use seedbed::{PanicsInside, install_panic_hook};
use sim_explorer::Scenario;

use crate::args::{Args, Command};
use crate::colour::Coloured;
use crate::pipe::Pipe;

pub use cargo_seedbed::cargo_seedbed;
pub use console::Console;
pub use exit::Exit;

/// What the `main` of a binary over these scenarios returns: does what the process was asked for on its command line.
#[must_use]
pub fn main(scenarios: &'static [Scenario]) -> ExitCode {
    // Not locked: a program writes to it too, from the threads that make its runs.
    let mut out = BufWriter::new(Pipe(Coloured::new(io::stdout())));
    let mut err = Pipe(Coloured::new(io::stderr()));
    let mut console = Console { out: &mut out, err: &mut err, is_process: true };
    call(scenarios, std::env::args_os(), &mut console).into()
}

/// Does what these arguments ask for; the first is the program's name. What is written may have colours, which the
/// console's streams keep or strip.
pub fn call<A>(scenarios: &'static [Scenario], arguments: A, console: &mut Console<'_>) -> Exit
where
    A: IntoIterator<Item: Into<OsString>>,
{
    install_panic_hook(PanicsInside::Quiet);
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let program = arguments.first().map(Path::new).and_then(Path::file_name);
    let program = program.map_or_else(|| "seedbed".into(), OsStr::to_string_lossy);
    let parsed = parser::command(scenarios, &program).try_get_matches_from(&arguments);
    let exit = match parsed.and_then(|matches| Args::from_arg_matches(&matches)) {
        Ok(args) => {
            if console.is_process {
                args.color.choose();
            }
            dispatch(args.command, scenarios, console).and_then(|exit| {
                console.out.flush()?;
                Ok(exit)
            })
        }
        Err(error) => explain(&error, console),
    };
    exit.unwrap_or_else(|error| {
        let red = show::WRONG;
        // Were standard error gone too, there would be nobody left to tell.
        let _ = writeln!(console.err, "{red}error:{red:#} {error}");
        Exit::Usage
    })
}

fn dispatch(
    command: Command,
    scenarios: &'static [Scenario],
    console: &mut Console<'_>,
) -> Result<Exit, Box<dyn Error>> {
    match command {
        Command::List(args) => list::list(&args, scenarios, console),
        Command::Run(args) => run::run(&args, scenarios, console),
        Command::Merge(args) => merge::merge(&args, console),
        Command::Sweep(args) => sweep::sweep(&args, scenarios, console),
        Command::Asyncio(args) => asyncio::asyncio(&args, console),
        Command::Report(args) => report::report(&args, scenarios, console),
        Command::Shrink(args) => shrink::shrink(&args, scenarios, console),
        Command::Replay(args) => replay::replay(&args, scenarios, console),
        Command::Simfail(args) => simfail::simfail(&args, scenarios, console),
    }
}

/// Prints what the parser has to say: the help, or what is wrong with the arguments.
fn explain(error: &clap::Error, console: &mut Console<'_>) -> Result<Exit, Box<dyn Error>> {
    let text = error.render();
    if error.use_stderr() {
        write!(console.err, "{}", text.ansi())?;
        return Ok(Exit::Usage);
    }
    write!(console.out, "{}", text.ansi())?;
    console.out.flush()?;
    Ok(Exit::Expected)
}
