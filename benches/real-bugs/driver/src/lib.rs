//! Runs a scenario on Seedbed, and counts how many runs each way of searching needs.

#[path = "../../../bugs/src/fewest.rs"]
mod fewest;
mod measure;
mod network;
mod runtime;
mod shrink;

pub use runtime::Seedbed;

use std::process::ExitCode;

use bugrt::BoxFuture;

/// A program that shows a bug, or its twin with the mended crate.
pub type Scenario = fn(Seedbed) -> BoxFuture<'static, ()>;

const USAGE: &str = "usage: PROGRAM [RUNS]             one line of measures, over RUNS seeds (10000)
       PROGRAM shrink FAILURES        one line of what is left of so many failures of each of three strategies
       PROGRAM SEED STRATEGY NETWORK   the report of one run; NETWORK from 0 (ideal) to 5";

/// The program of a bug: its name, `buggy` or `fixed`, and the scenario.
pub fn main(bug: &str, version: &str, scenario: Scenario) -> ExitCode {
    // A panic is how most scenarios fail: it is in the report.
    std::panic::set_hook(Box::new(|_| ()));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let text = match arguments[..] {
        [] => Some(measure::line(bug, version, scenario, 10_000)),
        [runs] => runs.parse().ok().map(|runs| measure::line(bug, version, scenario, runs)),
        ["shrink", failures] => failures.parse().ok().map(|failures| shrink::line(scenario, failures)),
        [seed, strategy, network] => measure::report(scenario, seed, strategy, network),
        _ => None,
    };
    match text {
        Some(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
