//! The scenario `flume-order` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("flume-order", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
