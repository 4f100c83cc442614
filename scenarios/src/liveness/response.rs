//! A request whose only datagram may be lost.

use std::io;
use std::time::Duration;

use seedbed::net::{self, LinkConfig, NetworkConfig, UdpSocket};
use seedbed::{Executor, Node, Ratio, Settle, event, eventually, progress, time};
use sim_explorer::{Expect, Scenario, Variant, Violation};

use super::failed;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_response",
    about: "A client asks over a link that loses one datagram in three, until the world comes to rest after two seconds or \
            more. Its other work goes on all the time, so nothing stands still; but a question that is asked once may never be answered.",
    invariant: "The question is answered within 30 s of rest.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The client asks again each second.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, true),
        },
        Variant {
            name: "broken",
            about: "The client asks once.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, false),
        },
    ],
};

fn run(executor: &mut Executor, asks_again: bool) -> Result<(), Violation> {
    let link = LinkConfig { loss: Ratio::one_in(3), ..LinkConfig::fixed(Duration::from_millis(5)) };
    executor.enter(|| net::install(NetworkConfig { link, ..NetworkConfig::default() }));
    executor.block_on(async move {
        drop(Node::named("server").spawn_named("server", answer()));
        let client = Node::named("client");
        drop(client.spawn_named("question", ask(asks_again)));
        time::sleep(Duration::from_secs(2)).await;
        Settle { response_max: Some(Duration::from_secs(30)), ..Settle::default() }.plan();
        let work = client.spawn_named("work", async {
            for _ in 0..50 {
                time::sleep(Duration::from_secs(1)).await;
                progress!("work is done");
            }
        });
        work.await.map_err(failed)
    })?
}

async fn answer() -> io::Result<()> {
    let socket = UdpSocket::bind("0.0.0.0:53").await?;
    let mut buffer = [0; 8];
    loop {
        let (_, from) = socket.recv_from(&mut buffer).await?;
        socket.send_to(b"answer", from).await?;
    }
}

async fn ask(asks_again: bool) -> io::Result<()> {
    let answered = eventually!("the question is answered");
    let socket = UdpSocket::bind("0.0.0.0:0").await?;
    let mut buffer = [0; 8];
    loop {
        socket.send_to(b"question", ("server", 53)).await?;
        let patience = if asks_again { Duration::from_secs(1) } else { Duration::MAX };
        if let Ok(received) = time::timeout(patience, socket.recv(&mut buffer)).await {
            received?;
            event!("answered");
            answered.holds();
            return Ok(());
        }
    }
}
