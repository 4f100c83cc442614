//! The scenario `flume-order` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("flume-order", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
