//! The scenario `token-waker` with the version without the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("token-waker", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
