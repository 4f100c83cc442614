//! Kernel parity of Unix sockets: programs give the same results on the simulator as on the machine.

#[path = "unix_parity/mod.rs"]
mod parity;

use std::collections::BTreeSet;

use parity::real::Real;
use parity::script::Program;
use parity::{datagram_programs, on_real, on_simulated, stream_programs};

const GROUPS: &[&[Program]] = &[stream_programs::PROGRAMS, datagram_programs::PROGRAMS];

fn check(group: &str, programs: &'static [Program]) {
    if !cfg!(target_os = "linux") {
        eprintln!("skipped, as this is not Linux");
        return;
    }
    let mut differing = String::new();
    for (number, program) in programs.iter().enumerate() {
        let machine = Real::new(group, number).expect("a temporary directory can be made");
        let (folder, limits) = (machine.folder().to_path_buf(), machine.limits());
        let (real, simulated) = (on_real(machine, program), on_simulated(&folder, limits, program));
        if real != simulated {
            differing += &format!("{}\n", program.name);
            for (real, simulated) in real.iter().zip(&simulated) {
                let differs =
                    if real == simulated { String::new() } else { format!("   BUT SIMULATED {simulated}") };
                differing += &format!("  {real}{differs}\n");
            }
        }
    }
    assert!(differing.is_empty(), "these differ from Linux:\n{differing}");
}

#[test]
fn kernel_parity_of_unix_streams() {
    check("s", stream_programs::PROGRAMS);
}

#[test]
fn kernel_parity_of_unix_datagrams() {
    check("d", datagram_programs::PROGRAMS);
}

#[test]
fn kernel_parity_has_many_programs_of_unix_sockets() {
    let programs: Vec<&Program> = GROUPS.iter().copied().flatten().collect();
    let names: BTreeSet<&str> = programs.iter().map(|program| program.name).collect();
    assert_eq!(names.len(), programs.len(), "names differ");
    println!("{} programs", programs.len());
    assert!(programs.len() >= 40, "{} programs", programs.len());
}
