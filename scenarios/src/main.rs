//! The scenarios of this library on the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    sim_cli::main(scenarios::all())
}
