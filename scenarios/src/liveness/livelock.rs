//! A client that insists on a session which its server has forgotten.

use std::io;
use std::time::Duration;

use seedbed::net::UdpSocket;
use seedbed::{Crash, Executor, Node, Settle, choose_between, event, progress, settle, time};
use sim_explorer::{Expect, Scenario, Variant, Violation};

use super::failed;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_livelock",
    about: "A client counts at a server, in a session that the server keeps in memory. The server may be killed before the \
            world comes to rest. A client that goes on with its old session is refused for ever: both are busy, and nothing gets done.",
    invariant: "When the world is at rest, the client counts on to a hundred.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "A client that is refused opens a new session.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, true),
        },
        Variant {
            name: "broken",
            about: "A client that is refused tries again.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, false),
        },
    ],
};

const TIMEOUT: Duration = Duration::from_secs(1);
const OPEN: u8 = 0;
const REFUSED: u8 = 0;

fn run(executor: &mut Executor, opens_anew: bool) -> Result<(), Violation> {
    executor.block_on(async move {
        Settle { timeout_max: TIMEOUT, ..Settle::default() }.plan();
        let server = Node::named("server");
        server.run(|| async { serve().await.expect("its port is free") });
        drop(Node::named("world").spawn_named(
            "world",
            settle::chaos(async move {
                time::sleep(Duration::from_millis(choose_between(500, 2_000))).await;
                event!("the server is killed");
                server.crash(Crash::ProcessKill);
                time::sleep(Duration::from_millis(choose_between(100, 500))).await;
                server.restart();
            }),
        ));
        let client = Node::named("client").spawn_named("client", count(opens_anew));
        client.await.map_err(failed)?.map_err(failed)
    })?
}

/// A server that knows the sessions it has opened since it was started. A datagram is a session, or the wish for one.
async fn serve() -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:53").await?;
    let (mut sessions, mut buffer) = (Vec::new(), [0; 1]);
    loop {
        let (_, from) = socket.recv_from(&mut buffer).await?;
        let answer = match buffer[0] {
            OPEN => {
                // Not the same after a start.
                let session = 1 + choose_between(0, 250) as u8;
                sessions.push(session);
                session
            }
            known if sessions.contains(&known) => known,
            _ => REFUSED,
        };
        socket.send_to(&[answer], from).await?;
    }
}

async fn count(opens_anew: bool) -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    let mut session = OPEN;
    let mut counted = 0;
    while counted < 100 {
        socket.send_to(&[session], ("server", 53)).await?;
        let mut answer = [0; 1];
        let Ok(received) = time::timeout(TIMEOUT, socket.recv(&mut answer)).await else { continue };
        received?;
        match (session, answer[0]) {
            (_, REFUSED) if opens_anew => session = OPEN,
            (_, REFUSED) => time::sleep(TIMEOUT).await,
            (OPEN, opened) => session = opened,
            _ => {
                counted += 1;
                progress!("the server has counted");
                time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    Ok(())
}
