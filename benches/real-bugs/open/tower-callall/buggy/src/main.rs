//! The scenario `tower-callall` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("tower-callall", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
