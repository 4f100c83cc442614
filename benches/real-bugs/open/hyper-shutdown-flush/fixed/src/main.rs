//! The scenario `hyper-shutdown-flush` with the version without the bug.

use std::process::ExitCode;

#[path = "../../../../bugrt/src/hyper_io.rs"]
mod hyper_io;
#[path = "../../scenario.rs"]
mod scenario;

fn main() -> ExitCode {
    driver::main("hyper-shutdown-flush", "fixed", |rt| Box::pin(scenario::scenario(rt)))
}
