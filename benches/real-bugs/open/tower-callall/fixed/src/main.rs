//! The scenario `tower-callall` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("tower-callall", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
