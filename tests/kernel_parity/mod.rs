//! Socket programs, played on the real loopback as well as on the simulated one.

pub(crate) mod address_programs;
pub(crate) mod close_programs;
pub(crate) mod connect_programs;
pub(crate) mod datagram_programs;
pub(crate) mod differences;
mod edged;
pub(crate) mod family_programs;
pub(crate) mod group_programs;
mod machine;
mod play;
pub(crate) mod real;
pub(crate) mod script;
pub(crate) mod simulated;
pub(crate) mod transfer_programs;

use std::time::Duration;

use futures::FutureExt as _;
use seedbed::net::{LinkConfig, NetworkConfig, install};
use seedbed::{Executor, ProductionOrder};

use real::Real;
use script::Program;
use simulated::Simulated;

/// What a program sees on the real machine.
///
/// # Panics
/// If the machine has no loopback.
pub(crate) fn on_real(program: &Program) -> Vec<String> {
    let machine = Real::new().expect("the machine was there before");
    play::play(machine, program).now_or_never().expect("on the real machine no call is pending")
}

/// What a program sees on the simulator, with this latency of the loopback.
pub(crate) fn on_simulated(program: &'static Program, latency: Duration) -> Vec<String> {
    let loopback = LinkConfig { mtu_bytes: 65_536, ..LinkConfig::fixed(latency) };
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { loopback, ..NetworkConfig::default() }));
    executor.block_on(play::play(Simulated, program)).expect("the program ends")
}
