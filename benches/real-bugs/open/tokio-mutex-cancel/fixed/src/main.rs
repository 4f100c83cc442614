//! The scenario `tokio-mutex-cancel` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("tokio-mutex-cancel", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
