//! Whether a seed makes the same run again: in new processes, then in one.

use std::env;
use std::ops::Range;
use std::process::Command;
use std::time::Duration;

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

/// Makes a run, in a new process if the service needs that.
pub(crate) fn run(service: Service, seed: u64) -> Ran {
    if !service.isolated {
        return simulated::run(service, seed);
    }
    let died = || Ran { hash: 0, took: Duration::ZERO, error: Some("the process died".to_owned()) };
    in_a_new_process(service, seed..seed + 1).pop().unwrap_or_else(died)
}

fn differing<T: PartialEq>(seeds: u64, first: &[T], second: &[T]) -> usize {
    (0..seeds as usize)
        .filter(|&seed| first.get(seed).is_none() || first.get(seed) != second.get(seed))
        .count()
}

/// Prints how many seeds of a service make another run when it is made again; whether none does.
pub(crate) fn repeat(service: Service, seeds: u64) -> bool {
    let anew = || {
        if service.isolated {
            (0..seeds).map(|seed| run(service, seed)).collect()
        } else {
            in_a_new_process(service, 0..seeds)
        }
    };
    let between = differing(seeds, &anew(), &anew());
    let here = || (0..seeds).map(|seed| simulated::run(service, seed)).collect::<Vec<_>>();
    let within = if service.isolated { 0 } else { differing(seeds, &here(), &here()) };
    let within_text = if service.isolated { "not asked".to_owned() } else { format!("{within} of {seeds}") };
    println!("{:16} {between} of {seeds} differ between two processes, {within_text} in one", service.name);
    between + within == 0
}
