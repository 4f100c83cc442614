//! The scenario `yamux-drop` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("yamux-drop", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
