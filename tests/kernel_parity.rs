//! Kernel parity: socket programs give the same results on the simulator as on the machine's own loopback.

#[path = "kernel_parity/mod.rs"]
mod parity;

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parity::differences::DIFFERENCES;
use parity::real::{self, Real};
use parity::script::Program;
use parity::{
    address_programs, close_programs, connect_programs, datagram_programs, family_programs, group_programs,
    transfer_programs,
};
use parity::{on_real, on_simulated};

/// Of the simulated loopback.
const LATENCY: Duration = Duration::from_micros(10);

/// Tests of one process would take each other's ports.
static REAL: Mutex<()> = Mutex::new(());

const GROUPS: &[&[Program]] = &[
    connect_programs::PROGRAMS,
    address_programs::PROGRAMS,
    transfer_programs::PROGRAMS,
    close_programs::PROGRAMS,
    datagram_programs::PROGRAMS,
    family_programs::PROGRAMS,
    group_programs::BROADCASTS,
    group_programs::MULTICASTS,
    group_programs::MULTICASTS_V6,
];

/// What the table of differences makes of a simulated transcript.
fn as_real(program: &Program, mut lines: Vec<String>) -> Vec<String> {
    for known in DIFFERENCES.iter().filter(|known| known.program == program.name) {
        let step = format!("{:?}: ", program.steps[known.line]);
        assert_eq!(lines[known.line], format!("{step}{}", known.simulated), "{known:?} is out of date");
        lines[known.line] = format!("{step}{}", known.real);
    }
    lines
}

fn compare(real: &[String], simulated: &[String]) -> Option<String> {
    let lines = real.iter().zip(simulated);
    if real == simulated {
        return None;
    }
    let lines = lines.enumerate().map(|(number, (real, simulated))| {
        let differs = if real == simulated { String::new() } else { format!("   BUT SIMULATED {simulated}") };
        format!("  {number:2} {real}{differs}\n")
    });
    Some(lines.collect())
}

/// [`check`] if the machine has what they need.
fn check_if(has_it: io::Result<()>, programs: &'static [Program]) {
    match has_it {
        Ok(()) => check(programs),
        Err(error) => eprintln!("skipped, as the real loopback lacks something: {error}"),
    }
}

fn check(programs: &'static [Program]) {
    if let Err(error) = Real::new() {
        eprintln!("skipped, as the real loopback cannot be used: {error}");
        return;
    }
    let _one_at_a_time = REAL.lock().unwrap_or_else(PoisonError::into_inner);
    let mut differing = String::new();
    for program in programs {
        let simulated = as_real(program, on_simulated(program, LATENCY));
        let difference = compare(&on_real(program), &simulated);
        if let Some(difference) = difference {
            differing += &format!("{}\n{difference}", program.name);
        }
    }
    assert!(differing.is_empty(), "these differ from Linux:\n{differing}");
}

#[test]
fn kernel_parity_of_connecting() {
    check(connect_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_addresses() {
    check(address_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_transfers() {
    check(transfer_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_closing() {
    check(close_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_datagrams() {
    check(datagram_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_families() {
    check_if(real::has_ipv6(), family_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_datagrams_to_many() {
    check(group_programs::BROADCASTS);
    check_if(real::has_multicast(), group_programs::MULTICASTS);
    check_if(real::has_ipv6().and(real::has_multicast()), group_programs::MULTICASTS_V6);
}

#[test]
fn kernel_parity_does_not_depend_on_latency() {
    for program in GROUPS.iter().copied().flatten() {
        let calm = on_simulated(program, LATENCY);
        for micros in [1, 300, 2_500] {
            let other = on_simulated(program, Duration::from_micros(micros));
            assert_eq!(other, calm, "{} with {micros} microseconds", program.name);
        }
    }
}

#[test]
fn kernel_parity_has_many_programs_that_end() {
    let programs: Vec<&Program> = GROUPS.iter().copied().flatten().collect();
    let names: BTreeSet<&str> = programs.iter().map(|program| program.name).collect();
    assert_eq!(names.len(), programs.len(), "names differ");
    println!("{} programs", programs.len());
    assert!(programs.len() >= 60, "{} programs", programs.len());
    for program in programs {
        let lines = on_simulated(program, LATENCY);
        assert_eq!(lines.len(), program.steps.len());
        assert!(!lines.iter().any(|line| line.ends_with("gave up")), "{}: {lines:#?}", program.name);
    }
    for known in DIFFERENCES {
        assert!(names.contains(known.program), "{known:?} is of no program");
    }
}
