//! WebSocket programs: the real `async-tungstenite` over simulated TCP.

mod asyncio_client;
pub(crate) mod blocked_handler;
pub(crate) mod both_send;
mod changes;
mod connection;
pub(crate) mod connection_breaks;
pub(crate) mod dead_connection;
pub(crate) mod echo;
mod echo_server;
pub(crate) mod keepalive;
pub(crate) mod loopback;
pub(crate) mod lost_update;
pub(crate) mod over_mobile;
pub(crate) mod producer_consumer;
pub(crate) mod realtime_broadcast;
pub(crate) mod reconnect;
pub(crate) mod send_starves_recv;
pub(crate) mod send_yields_when_full;
mod session;
pub(crate) mod slow_process;
mod suspends;
pub(crate) mod time_sleep;
mod transport;
pub(crate) mod two_coroutines;
mod two_hosts;

use std::io;
use std::time::Duration;

use async_tungstenite::tungstenite::Error;
use seedbed::net::{self, LinkConfig, NetworkConfig, TcpConfig};
use seedbed::task::JoinError;
use seedbed::{Executor, Instant, choose_between, time};
use session::ConnectionClosed;
use sim_explorer::Violation;

/// The close code of a connection that ended as it should.
const NORMAL: u16 = 1000;

/// Gives the run a network on which a packet takes some time between two bounds, in milliseconds.
fn connect_hosts(executor: &mut Executor, least: u64, most: u64) {
    let link = LinkConfig::uniform(Duration::from_millis(least), Duration::from_millis(most));
    executor.enter(|| net::install(NetworkConfig { link, ..NetworkConfig::default() }));
}

/// Gives the run a network on which each packet takes `latency`, with kernel buffers of that size at each end.
fn connect_hosts_evenly(executor: &mut Executor, latency: Duration, buffer_bytes: u32) {
    let tcp = TcpConfig {
        send_buffer_bytes: buffer_bytes,
        receive_buffer_bytes: buffer_bytes,
        ..TcpConfig::default()
    };
    let config = NetworkConfig { link: LinkConfig::fixed(latency), tcp, ..NetworkConfig::default() };
    executor.enter(|| net::install(config));
}

/// What the kernel buffers in each direction unless that is the point.
const BUFFER_BYTES: u32 = 65_536;

/// A duration in seconds with three decimals.
fn seconds(duration: Duration) -> String {
    (Instant::START + duration).to_string()
}

/// Milliseconds.
const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Works for some time between two bounds, in milliseconds; for the least time in production order.
async fn work(least: u64, most: u64) {
    time::sleep(Duration::from_millis(choose_between(least, most))).await;
}

/// Why a session ended before it should.
#[derive(Debug, thiserror::Error)]
enum SessionError {
    #[error(transparent)]
    WebSocket(#[from] Error),
    #[error(transparent)]
    Closed(#[from] ConnectionClosed),
    #[error(transparent)]
    KeptAlive(#[from] keepalive::ConnectionClosed),
    #[error(transparent)]
    Socket(#[from] io::Error),
    #[error(transparent)]
    Task(#[from] JoinError),
}

/// What a session gave that was waited for.
fn joined<T>(output: Result<Result<T, SessionError>, JoinError>) -> Result<T, Violation> {
    output.map_err(Violation::new)?.map_err(Violation::new)
}
