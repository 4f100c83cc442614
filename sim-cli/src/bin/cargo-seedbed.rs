//! `cargo seedbed`: cargo, with a tokio whose current-thread runtime takes its tasks in a seeded order.

use std::process::ExitCode;

fn main() -> ExitCode {
    sim_cli::cargo_seedbed()
}
