//! What keepalive does on a quiet connection, on a dead one, on none.

use std::io;
use std::time::Duration;

use seedbed::net::fault;
use seedbed::{Executor, Instant, Node, RunError, event, time};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use super::keepalive::{ConnectionClosed, Keepalive, WebSocket};
use super::two_hosts::{SERVER, accept, both, connect_hosts, ms, secs};
use super::{NORMAL, SessionError, joined};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_keepalive",
    about: "A connection on which nobody sends anything, for 100 s. In some variants the network is cut after 30 s.",
    invariant: "Both ends know how it is: while the network works, the connection stays open and is closed normally; when it \
                is cut, both are told within the time for a ping, for its pong, for closing. Where nobody listens, the \
                client is told after one round trip.",
    patterns: &[&patterns::A15, &patterns::D1, &patterns::D2, &patterns::D3],
    parameters: &[],
    variants: &[
        Variant {
            name: "quiet_connection",
            about: "Pings are answered, and the connection stays open until the client closes it.",
            expect: Expect::Holds,
            body: quiet_connection,
        },
        Variant {
            name: "network_cut",
            about: "Pings every 20 s notice that the network is cut.",
            expect: Expect::Holds,
            body: |executor, _| cut(executor, Keepalive::default()),
        },
        Variant {
            name: "short_keepalive",
            about: "Pings every 2 s, to be answered within 1 s, notice it sooner.",
            expect: Expect::Holds,
            body: |executor, _| {
                let (ping_interval, ping_timeout) = (Some(secs(2)), secs(1));
                cut(executor, Keepalive { ping_interval, ping_timeout, ..Keepalive::default() })
            },
        },
        Variant {
            name: "connection_refused",
            about: "Nobody listens.",
            expect: Expect::Holds,
            body: connection_refused,
        },
        Variant {
            name: "broken_no_keepalive",
            about: "Without pings the client notices when it closes, and the server never.",
            expect: Expect::Breaks,
            body: |executor, _| cut(executor, Keepalive { ping_interval: None, ..Keepalive::default() }),
        },
    ],
};

const LATENCY: Duration = ms(50);
/// Under a seed a packet may take a tenth more.
const ROUND_TRIP_MAX: Duration = ms(110);
const QUIET: Duration = secs(100);
const CUT_AT: Duration = secs(30);

/// How an end saw the end of the connection, and when.
struct Seen {
    closed: ConnectionClosed,
    at: Instant,
    /// The round trip of the last ping.
    latency: Duration,
}

impl Seen {
    fn now(closed: ConnectionClosed, socket: &WebSocket) -> Self {
        Seen { closed, at: time::now(), latency: socket.latency() }
    }
}

async fn serve(keepalive: Keepalive) -> Result<Seen, SessionError> {
    let socket = accept(keepalive).await?;
    let closed = loop {
        if let Err(closed) = socket.recv().await {
            break closed;
        }
    };
    if closed.is_normal() {
        event!("closed normally");
    } else {
        event!("{}: {closed}", closed.name());
    }
    Ok(Seen::now(closed, &socket))
}

async fn watch(keepalive: Keepalive) -> Result<Seen, SessionError> {
    let socket = WebSocket::connect(SERVER, keepalive).await?;
    event!("connected");
    if let Ok(Err(closed)) = time::timeout(QUIET, socket.recv()).await {
        event!("{}: {closed}", closed.name());
        return Ok(Seen::now(closed, &socket));
    }
    let latency = Instant::START + socket.latency();
    event!("still open after {} s, latency {latency}", QUIET.as_secs());
    let closed = socket.close().await;
    event!("closed, code {}", closed.code());
    Ok(Seen::now(closed, &socket))
}

fn quiet_connection(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    connect_hosts(executor, LATENCY);
    let keepalive = Keepalive::default();
    let (server, client) = executor.block_on(both(serve(keepalive), watch(keepalive)))??;
    for (who, Seen { closed, at, latency }) in [("server", server), ("client", client)] {
        ensure!(closed.code() == NORMAL, "at {at} the {who} was told: {closed}");
        ensure!(at >= Instant::START + QUIET, "the {who} was told at {at}, before anybody closed");
        let is_measured = latency >= 2 * LATENCY && latency <= ROUND_TRIP_MAX;
        ensure!(is_measured, "the {who} measured a round trip of {latency:?}");
    }
    Ok(())
}

fn cut(executor: &mut Executor, keepalive: Keepalive) -> Result<(), Violation> {
    connect_hosts(executor, LATENCY);
    let seen = executor.block_on(async move {
        drop(Node::named("world").spawn_named("world", async {
            time::sleep(CUT_AT).await;
            event!("network cut");
            fault::partition("client", "server").keep();
        }));
        both(serve(keepalive), watch(keepalive)).await
    });
    let (server, client) = seen.map_err(|error| never_told(executor, error))??;
    let Keepalive { ping_interval, ping_timeout, close_timeout, .. } = keepalive;
    let allowed = ping_interval.unwrap_or_default() + ping_timeout + close_timeout + ROUND_TRIP_MAX;
    for (who, Seen { closed, at, .. }) in [("server", server), ("client", client)] {
        ensure!(at > Instant::START + CUT_AT, "the {who} was told at {at}, before the network was cut");
        let after = at - (Instant::START + CUT_AT);
        ensure!(
            !closed.is_normal(),
            "the {who} was told that all is well, {after:?} after the network was cut"
        );
        ensure!(
            after <= allowed,
            "the {who} was told {after:?} after the network was cut, not within {allowed:?}"
        );
    }
    Ok(())
}

/// The run could not go on: nothing is left that could wake the server.
fn never_told(executor: &mut Executor, error: RunError) -> Violation {
    let waits = executor.pending().iter().any(|task| &*task.lineage == "server/server");
    if waits && matches!(error, RunError::Deadlock(_)) {
        executor
            .enter(|| event!("the server still believes the connection is open; nothing will ever wake it"));
        let after = executor.now() - (Instant::START + CUT_AT);
        return Violation::new(format_args!("{after:?} after the network was cut the server waits: {error}"));
    }
    Violation::Run(error)
}

fn connection_refused(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    connect_hosts(executor, LATENCY);
    let refused = executor.block_on(async {
        let _nobody_listens = Node::named("server");
        let client = Node::named("client").spawn_named("client", async {
            let refused = WebSocket::connect(SERVER, Keepalive::default()).await.err();
            let kind = refused.map(|error| error.kind());
            if let Some(kind) = kind {
                event!("{kind:?}Error after one round trip");
            }
            Ok((kind, time::elapsed()))
        });
        joined(client.await)
    })?;
    let (kind, after) = refused?;
    ensure!(kind == Some(io::ErrorKind::ConnectionRefused), "connecting ended with {kind:?}");
    ensure!(after >= 2 * LATENCY && after <= ROUND_TRIP_MAX, "the client was told after {after:?}");
    Ok(())
}
