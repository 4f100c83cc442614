//! The scenario `ws-pong` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("ws-pong", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
