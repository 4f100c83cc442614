//! The scenario `token-waker` with the version with the bug.

use std::process::ExitCode;

#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("token-waker", "buggy", |rt| Box::pin(scenario::scenario(rt)))
}
