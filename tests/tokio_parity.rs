//! Tokio parity: programs of time and task calls give the same results at the same virtual times as with tokio.
//!
//! Each program is written once and compiled twice, with `rt` for tokio and for Seedbed. Tokio runs it on a runtime of one thread
//! whose clock is paused, Seedbed in production order.

#[path = "tokio_parity/mod.rs"]
mod parity;

use std::collections::BTreeSet;

use parity::differences::DIFFERENCES;
use parity::program::{Program, on_seedbed, on_tokio};
use parity::{
    abort_programs, blocking_programs, clock_programs, interval_programs, join_set_programs,
    local_set_programs, mixed_programs, sleep_programs, spawn_programs, task_local_programs,
    timeout_programs,
};

const GROUPS: &[&[Program]] = &[
    sleep_programs::PROGRAMS,
    timeout_programs::PROGRAMS,
    interval_programs::PROGRAMS,
    clock_programs::PROGRAMS,
    spawn_programs::PROGRAMS,
    abort_programs::PROGRAMS,
    blocking_programs::PROGRAMS,
    join_set_programs::PROGRAMS,
    local_set_programs::PROGRAMS,
    task_local_programs::PROGRAMS,
    mixed_programs::PROGRAMS,
];

/// What the table of differences makes of what Seedbed gives.
fn as_tokio(program: &Program, mut lines: Vec<String>) -> Vec<String> {
    for known in DIFFERENCES.iter().filter(|known| known.program == program.name) {
        assert_eq!(lines[known.line], known.seedbed, "{known:?} is out of date");
        lines[known.line] = known.tokio.to_string();
    }
    lines
}

fn check(programs: &[Program]) {
    let mut differing = String::new();
    for program in programs {
        let (tokio, seedbed) = (on_tokio(program), as_tokio(program, on_seedbed(program)));
        if tokio != seedbed {
            differing += &format!("{}\n  tokio   {tokio:#?}\n  seedbed {seedbed:#?}\n", program.name);
        }
    }
    assert!(differing.is_empty(), "these differ from tokio:\n{differing}");
}

#[test]
fn tokio_parity_of_sleeps() {
    check(sleep_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_timeouts() {
    check(timeout_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_intervals() {
    check(interval_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_the_clock() {
    check(clock_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_spawning() {
    check(spawn_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_aborting() {
    check(abort_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_blocking_functions() {
    check(blocking_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_join_sets() {
    check(join_set_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_local_sets() {
    check(local_set_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_task_locals() {
    check(task_local_programs::PROGRAMS);
}

#[test]
fn tokio_parity_of_services() {
    check(mixed_programs::PROGRAMS);
}

#[test]
fn tokio_parity_has_many_programs_that_say_something() {
    let programs: Vec<&Program> = GROUPS.iter().copied().flatten().collect();
    let names: BTreeSet<&str> = programs.iter().map(|program| program.name).collect();
    assert_eq!(names.len(), programs.len(), "names differ");
    println!("{} programs", programs.len());
    assert!(programs.len() >= 120, "{} programs", programs.len());
    for program in programs {
        let lines = on_seedbed(program);
        assert!(!lines.is_empty(), "{} says nothing", program.name);
        assert_eq!(lines, on_seedbed(program), "{} gives the same again", program.name);
    }
    for known in DIFFERENCES {
        assert!(names.contains(known.program), "{known:?} is of no program");
    }
}
