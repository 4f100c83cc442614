//! The networks over which each library is tried.

use std::time::Duration;

use seedbed::net::{self, Latency, LinkConfig, NetworkConfig, TcpConfig, TcpListener, UdpConfig};
use seedbed::{Ratio, Strategy, Sweep, SweepBy, node};

const SEEDS: u64 = 8;

/// Packets overtake each other, and one in twenty is lost.
fn lossy() -> NetworkConfig {
    let latency = Latency::Uniform { min: Duration::from_millis(1), max: Duration::from_millis(30) };
    let link = LinkConfig { latency, loss: Ratio::one_in(20), ..LinkConfig::default() };
    NetworkConfig { link, ..NetworkConfig::default() }
}

/// Nothing fits into the buffers at once, and no packet is sent before the last one has left, at 2 MB a second.
fn narrow() -> NetworkConfig {
    let link = LinkConfig { bandwidth_bytes_per_second: Some(2_000_000), ..LinkConfig::default() };
    let tcp = TcpConfig { send_buffer_bytes: 1_500, receive_buffer_bytes: 2_000, ..TcpConfig::default() };
    let udp = UdpConfig { send_buffer_bytes: 4_000, ..UdpConfig::default() };
    NetworkConfig { link, tcp, udp, ..NetworkConfig::default() }
}

/// Runs a program over each network, in production order and under seeds, each time twice: it must hold, the two runs
/// must be equal, and over the lossy network no seed may do as another.
pub(crate) fn on_every_network<F>(name: &str, program: impl Fn() -> F + Copy + 'static)
where
    F: Future<Output = ()> + 'static,
{
    for (network, config) in [("perfect", NetworkConfig::default()), ("lossy", lossy()), ("narrow", narrow())]
    {
        let strategy = Some(SweepBy::Strategy(Strategy::Random));
        let sweep = Sweep { seeds: SEEDS, strategy, repeated: SEEDS, ..Sweep::default() };
        let passed = sweep.try_run(name, move || async move {
            net::install(config);
            program().await;
        });
        let mut hashes = passed.unwrap_or_else(|error| panic!("over a {network} network: {error}")).hashes;
        if network == "lossy" {
            hashes.sort_unstable();
            hashes.dedup();
            assert_eq!(hashes.len() as u64, SEEDS + 1, "{name}: seeds do the same");
        }
    }
}

/// Listens on the node `server`.
pub(crate) async fn listen(address: &'static str) -> TcpListener {
    node("server").spawn(TcpListener::bind(address)).await.unwrap().unwrap()
}

/// Bytes of which no two neighbours are equal, so that none can be lost, doubled or moved unseen.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|position| (position % 251) as u8).collect()
}
