//! The scenario `deadpool-cancel` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("deadpool-cancel", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
