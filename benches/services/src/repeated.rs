//! Whether a seed makes the same run again: in new processes, in children of one, or twice in one.

use std::env;
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

use sim_posix::in_child;

use crate::service::Service;
use crate::simulated::{self, Ran};

/// The runs of `hashes`, made by a new process; too few if it died before its end.
fn in_a_new_process(service: Service, seeds: Range<u64>) -> Vec<Ran> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["hashes", service.name, &seeds.start.to_string(), &seeds.end.to_string()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map_while(Ran::of_text).collect()
}

/// Makes a run, in a child of this process if the service needs that.
pub(crate) fn run(service: Service, seed: u64) -> Ran {
    if service.isolated { in_a_child(service, seed) } else { simulated::run(service, seed) }
}

/// Makes a run in a child of this process, in which the statics of programs are as they are here.
fn in_a_child(service: Service, seed: u64) -> Ran {
    let failed = |error: &dyn ToString| Ran { hash: 0, took: Duration::ZERO, error: Some(error.to_string()) };
    match in_child(|| simulated::run(service, seed).to_string().into_bytes()) {
        Ok(told) => {
            let told = String::from_utf8_lossy(&told);
            Ran::of_text(&told).unwrap_or_else(|| failed(&"it does not tell"))
        }
        Err(error) => failed(&error),
    }
}

fn differing<T: PartialEq>(seeds: u64, first: &[T], second: &[T]) -> usize {
    (0..seeds as usize)
        .filter(|&seed| first.get(seed).is_none() || first.get(seed) != second.get(seed))
        .count()
}

/// Prints how many seeds of a service make another run when it is made again; whether none does.
pub(crate) fn repeat(service: Service, seeds: u64) -> bool {
    // First, so that children find this process as it was begun.
    let isolated = || (0..seeds).map(|seed| in_a_child(service, seed)).collect::<Vec<_>>();
    let isolated = differing(seeds, &isolated(), &isolated());
    let anew = || in_a_new_process(service, 0..seeds);
    let between = if service.isolated { 0 } else { differing(seeds, &anew(), &anew()) };
    let here = || (0..seeds).map(|seed| simulated::run(service, seed)).collect::<Vec<_>>();
    let within = if service.isolated { 0 } else { differing(seeds, &here(), &here()) };
    let text = |differ: usize| match service.isolated {
        true => "not asked".to_owned(),
        false => format!("{differ} of {seeds}"),
    };
    let (between_text, within_text) = (text(between), text(within));
    println!(
        "{:16} {isolated} of {seeds} differ isolated, {between_text} between two processes, {within_text} in one",
        service.name
    );
    isolated + between + within == 0
}
