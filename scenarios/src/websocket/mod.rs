//! WebSocket programs: the real `async-tungstenite` over simulated TCP.

pub(crate) mod both_send;
mod connection;
pub(crate) mod echo;
mod echo_server;
pub(crate) mod lost_update;
pub(crate) mod producer_consumer;
pub(crate) mod receiver_starved;

use std::io;
use std::time::Duration;

use async_tungstenite::tungstenite::Error;
use seedbed::net::{self, LinkConfig, NetworkConfig};
use seedbed::task::JoinError;
use seedbed::{Executor, choose_between, time};
use sim_explorer::Violation;

/// The close code of a connection that ended as it should.
const NORMAL: u16 = 1000;

/// Gives the run a network on which a packet takes some time between two bounds, in milliseconds.
fn connect_hosts(executor: &mut Executor, least: u64, most: u64) {
    let link = LinkConfig {
        latency_min: Duration::from_millis(least),
        latency_max: Duration::from_millis(most),
        ..LinkConfig::default()
    };
    executor.enter(|| net::install(NetworkConfig { link, ..NetworkConfig::default() }));
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
    Socket(#[from] io::Error),
    #[error(transparent)]
    Task(#[from] JoinError),
}

/// What a session gave that was waited for.
fn joined<T>(output: Result<Result<T, SessionError>, JoinError>) -> Result<T, Violation> {
    output.map_err(Violation::new)?.map_err(Violation::new)
}
