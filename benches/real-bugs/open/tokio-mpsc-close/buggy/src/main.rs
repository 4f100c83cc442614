//! The scenario `tokio-mpsc-close` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("tokio-mpsc-close", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
