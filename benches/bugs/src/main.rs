//! How many runs each strategy needs to find the bugs of small concurrent programs, beside Shuttle's.
//!
//! `bug-finding [RUNS [NAME]]` prints a table as Markdown: for the programs whose name contains NAME, the mean number of runs to the first that
//! shows the bug, which is RUNS over the number of those that do. The exit status is 1 if a run of a mended twin fails.

use std::process::ExitCode;

mod one_run;
mod programs;
mod runtime;
mod shuttled;
mod simulated;
mod table;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Ok(runs) = arguments.next().as_deref().unwrap_or("20000").parse() else {
        eprintln!("usage: bug-finding [RUNS [NAME]], with a whole number of runs");
        return ExitCode::from(2);
    };
    // A deadlock is a panic in Shuttle, and expected.
    std::panic::set_hook(Box::new(|_| ()));
    let table = table::Table::measure(runs, arguments.next().as_deref());
    print!("{table}");
    if table.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
