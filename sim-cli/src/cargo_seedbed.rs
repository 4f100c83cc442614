//! `cargo seedbed`: the user's cargo command, over the user's own tokio with two replacements in it.
//!
//! tokio's current-thread runtime takes its tasks first in, first out, so that a program inside it has few orders; and
//! it numbers its generators over the whole process, so that a second run in one process is another run. Neither can be
//! changed from outside. So the tokio of the user's lock file is copied, [two places of it](replacement) are replaced,
//! and cargo is called with the copy in the place of the registry's package: by a replaced *source*, which has the same
//! packages with the same checksums. The lock file stays as it is, `--locked` included.

mod command_line;
mod locked;
mod replacement;
mod sources;

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use clap::Parser;

use self::command_line::CommandLine;
use self::locked::Workspace;
use crate::exit::Exit;
use crate::show;

/// Runs cargo over the tokio of this workspace, with its tasks in a seeded order.
///
/// Copies the tokio that Cargo.lock names into the target directory, makes two replacements in it, and runs cargo with
/// the copy. Cargo.lock is not changed. What is built lies in a target directory of its own.
#[derive(Debug, Parser)]
#[command(name = "cargo-seedbed", bin_name = "cargo seedbed", version)]
struct Args {
    /// The command of cargo with its options, such as `test -p shop -- --nocapture`
    #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    cargo: Vec<OsString>,
}

/// Why cargo is not called, or what became of it.
#[derive(Debug, thiserror::Error)]
enum CargoSeedbedError {
    #[error(transparent)]
    CommandLine(#[from] command_line::TargetDirError),
    #[error(transparent)]
    Locked(#[from] locked::LockedError),
    #[error(transparent)]
    Sources(#[from] sources::SourcesError),
    #[error("cannot start {}: {source}", cargo.display())]
    Start { cargo: PathBuf, source: io::Error },
}

/// What the `main` of `cargo-seedbed` returns: the status of the cargo that it called, or 2 if none was called.
#[must_use]
pub fn cargo_seedbed() -> ExitCode {
    // Cargo calls `cargo-seedbed seedbed test …`; called by its own name there is no such word.
    let mut arguments: Vec<OsString> = env::args_os().collect();
    if arguments.get(1).is_some_and(|first| first == "seedbed") {
        arguments.remove(1);
    }
    let args = match Args::try_parse_from(arguments) {
        Ok(args) => args,
        Err(error) => error.exit(),
    };
    call(args.cargo).unwrap_or_else(|error| {
        let red = show::WRONG;
        anstream::eprintln!("{red}error:{red:#} {error}");
        Exit::Usage.into()
    })
}

fn call(arguments: Vec<OsString>) -> Result<ExitCode, CargoSeedbedError> {
    let cargo = PathBuf::from(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let command_line = CommandLine::of(arguments)?;
    let workspace = Workspace::of(&cargo, &command_line)?;
    let folder = workspace.folder();
    let sources = folder.join("sources");
    sources::write(&sources, &workspace)?;

    // The build is apart, since cargo takes a registry's package that it has built once for built: it does not look at
    // what is in it.
    let mut child = Command::new(&cargo);
    child.args(&command_line.before).args(["--config", "source.crates-io.replace-with='seedbed'"]);
    child.arg("--config").arg(source_setting(&sources));
    child.args(&command_line.command).env("CARGO_TARGET_DIR", folder.join("build"));
    let status = child.status().map_err(|source| CargoSeedbedError::Start { cargo, source })?;
    // Ended by a signal: as a shell says it, but for the number of the signal.
    let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(128);
    Ok(ExitCode::from(code))
}

/// `source.seedbed.directory = "…"`, in TOML.
fn source_setting(sources: &std::path::Path) -> OsString {
    let path = serde_json::Value::from(sources.to_string_lossy().into_owned());
    format!("source.seedbed.directory={path}").into()
}
