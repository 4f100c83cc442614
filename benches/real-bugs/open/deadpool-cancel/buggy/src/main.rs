//! The scenario `deadpool-cancel` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("deadpool-cancel", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
