//! The socket programs of kernel parity, over `std::net`, socket2 and epoll in a process of a run. They show there what they
//! show on the simulated sockets, which is what Linux shows.

#[path = "../../tests/kernel_parity/mod.rs"]
#[expect(dead_code, reason = "the parity of the simulated sockets uses all of it")]
mod parity;

use std::time::Duration;

use parity::script::Program;
use parity::{
    address_programs, close_programs, connect_programs, datagram_programs, family_programs, group_programs,
    transfer_programs,
};
use parity::{on_real, on_simulated};
use seedbed::net::{LinkConfig, NetworkConfig, install};
use sim_executor::{Executor, ProductionOrder};
use sim_posix::process;

const LATENCY: Duration = Duration::from_micros(10);

/// What a program sees that runs unmodified.
fn in_a_process(program: &'static Program) -> Vec<String> {
    let loopback = LinkConfig { mtu_bytes: 65_536, ..LinkConfig::fixed(LATENCY) };
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { loopback, ..NetworkConfig::default() }));
    let lines = executor.block_on(async { process("host", || on_real(program)).exit().await.unwrap() });
    lines.unwrap_or_else(|error| vec![error.to_string()])
}

fn check(programs: &'static [Program]) {
    let mut differing = String::new();
    for program in programs {
        let (here, simulated) = (in_a_process(program), on_simulated(program, LATENCY));
        for (number, line) in simulated.iter().enumerate() {
            let here = here.get(number).map_or("nothing", String::as_str);
            if here != line {
                differing += &format!("{} {number}: {line}   BUT HERE {here}\n", program.name);
            }
        }
    }
    assert!(differing.is_empty(), "these differ:\n{differing}");
}

#[test]
fn connecting_is_as_on_linux() {
    check(connect_programs::PROGRAMS);
}

#[test]
fn addresses_are_as_on_linux() {
    check(address_programs::PROGRAMS);
}

#[test]
fn transfers_are_as_on_linux() {
    check(transfer_programs::PROGRAMS);
}

#[test]
fn closing_is_as_on_linux() {
    check(close_programs::PROGRAMS);
}

#[test]
fn datagrams_are_as_on_linux() {
    check(datagram_programs::PROGRAMS);
}

#[test]
fn families_are_as_on_linux() {
    check(family_programs::PROGRAMS);
}

#[test]
fn datagrams_to_many_are_as_on_linux() {
    check(group_programs::BROADCASTS);
    check(group_programs::MULTICASTS);
    check(group_programs::MULTICASTS_V6);
}
