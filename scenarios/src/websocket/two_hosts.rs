//! A client with its server, on two hosts, for programs whose connection is kept alive.

use std::future::Future;
use std::time::Duration;

use seedbed::net::{self, LinkConfig, NetworkConfig, TcpConfig, TcpListener};
use seedbed::{Executor, Node};
use sim_explorer::Violation;

use super::keepalive::{Keepalive, WebSocket};
use super::{SessionError, joined};

/// Where the server listens.
pub(super) const SERVER: &str = "server:8765";

/// Milliseconds.
pub(super) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Seconds.
pub(super) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Gives the run a network on which a packet takes this long, and up to a tenth more under a seed.
pub(super) fn connect_hosts(executor: &mut Executor, latency: Duration) {
    let link = LinkConfig::uniform(latency, latency + latency / 10);
    // What is on its way counts here as well: 64 KiB of that, and 64 KiB more.
    let tcp = TcpConfig { send_buffer_bytes: 131_072, receive_buffer_bytes: 65_536, ..TcpConfig::default() };
    executor.enter(|| net::install(NetworkConfig { link, tcp, ..NetworkConfig::default() }));
}

/// Waits for one client.
pub(super) async fn accept(keepalive: Keepalive) -> Result<WebSocket, SessionError> {
    let listener = TcpListener::bind("0.0.0.0:8765").await?;
    let (stream, _) = listener.accept().await?;
    Ok(WebSocket::accept(stream, keepalive).await?)
}

/// Runs a server with its client, each on its own host, until both have ended.
pub(super) async fn both<S: 'static, C: 'static>(
    server: impl Future<Output = Result<S, SessionError>> + 'static,
    client: impl Future<Output = Result<C, SessionError>> + 'static,
) -> Result<(S, C), Violation> {
    let server = Node::named("server").spawn_named("server", server);
    let client = Node::named("client").spawn_named("client", client);
    let client = joined(client.await)?;
    Ok((joined(server.await)?, client))
}
