//! The scenario `event-listener-cache` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("event-listener-cache", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
