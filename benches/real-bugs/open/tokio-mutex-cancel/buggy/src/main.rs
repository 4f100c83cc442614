//! The scenario `tokio-mutex-cancel` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("tokio-mutex-cancel", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
