//! Programs over Unix sockets, played on the machine as well as on the simulator.

pub(crate) mod datagram_programs;
#[path = "../kernel_parity/edged.rs"]
#[expect(dead_code, reason = "no Unix socket waits for errors alone")]
mod edged;
mod machine;
mod play;
pub(crate) mod real;
pub(crate) mod script;
mod simulated;
pub(crate) mod stream_programs;

use std::path::{Path, PathBuf};

use seedbed::net::{NetworkConfig, UnixConfig, install};
use seedbed::{Executor, ProductionOrder};

use machine::Limits;
use real::Real;
use script::Program;
use simulated::Simulated;

/// What a program sees on the real machine.
pub(crate) fn on_real(machine: Real, program: &Program) -> Vec<String> {
    let folder = machine.folder().to_path_buf();
    play::play(machine, &folder, program)
}

/// What a program sees on the simulator.
pub(crate) fn on_simulated(folder: &Path, limits: Limits, program: &'static Program) -> Vec<String> {
    let Limits { send_buffer_bytes, max_dgram_qlen } = limits;
    let unix = UnixConfig { send_buffer_bytes, max_dgram_qlen, ..UnixConfig::default() };
    let folder: PathBuf = folder.to_path_buf();
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { unix, ..NetworkConfig::default() }));
    executor.block_on(async move { play::play(Simulated, &folder, program) }).expect("the program ends")
}
