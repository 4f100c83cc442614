//! The scenario `ws-pong` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("ws-pong", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
