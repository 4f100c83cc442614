//! The networks that runs have: what a program may not depend on differs between them.

use std::time::Duration;

use sim_executor::{Ratio, hash_bytes};
use sim_net::{Latency, LinkConfig, NetworkConfig};

/// How many networks there are: ideal and varying ones, each with buffers of 64, 32 and 16 KiB. With less
/// the client and the server of `hyper-shutdown-flush` wait for each other whatever hyper does: both write before they read.
pub(crate) const COUNT: u64 = 6;

/// Without jitter, with all that is written taken at once, with buffers of 64 KiB.
pub(crate) const IDEAL: u64 = 0;

/// Latencies from zero to 1 ms, short reads and writes, buffers of 32 KiB.
pub(crate) const VARYING: u64 = 3;

/// The network of a run under this seed. A portfolio goes through its strategies by the seed, so this must not.
pub(crate) fn of_seed(seed: u64) -> u64 {
    hash_bytes(&seed.to_le_bytes()) % COUNT
}

/// Whether anything is drawn in the network with this number.
pub(crate) fn draws(network: u64) -> bool {
    network % 2 == 1
}

/// The network with this number. All sockets of a scenario are of one host.
pub(crate) fn config(network: u64) -> NetworkConfig {
    const BUFFERS: [u32; 3] = [65_536, 32_768, 16_384];
    let mut config = NetworkConfig::default();
    let buffer = BUFFERS[(network / 2 % 3) as usize];
    config.tcp.send_buffer_bytes = buffer;
    config.tcp.receive_buffer_bytes = buffer;
    if draws(network) {
        let latency = Latency::Uniform { min: Duration::ZERO, max: Duration::from_millis(1) };
        config.loopback = LinkConfig { latency, ..config.loopback };
        config.tcp.short_reads = Ratio::new(1, 3);
        config.tcp.short_writes = Ratio::new(1, 3);
    }
    config
}
