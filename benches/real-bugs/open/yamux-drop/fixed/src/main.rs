//! The scenario `yamux-drop` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("yamux-drop", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
