//! A reader that does not see the end of its stream.

use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{Executor, Node, choose_between, event, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::failed;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "live_hog",
    about: "A server reads a stream to its end beside a heartbeat. A read at the end gives zero bytes at once, each time: a \
            loop that takes them for data reads again and again, and never lets the heart beat.",
    invariant: "The heart beats after the client has gone.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "Zero bytes are the end.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, true),
        },
        Variant {
            name: "broken",
            about: "Zero bytes are data like any other.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, false),
        },
    ],
};

const BEATS: u32 = 20;

fn run(executor: &mut Executor, sees_end: bool) -> Result<(), Violation> {
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("accept", serve(sees_end));
        let client = Node::named("client").spawn_named("client", send());
        client.await.map_err(failed)?.map_err(failed)?;
        let (bytes, beats) = server.await.map_err(failed)?.map_err(failed)?;
        ensure!(bytes == 300 && beats == BEATS, "{bytes} bytes came, and {beats} beats");
        Ok::<(), Violation>(())
    })?
}

async fn send() -> std::io::Result<()> {
    let mut stream = TcpStream::connect(("server", 80)).await?;
    for _ in 0..3 {
        time::sleep(Duration::from_millis(choose_between(5, 20))).await;
        AsyncWriteExt::write_all(&mut stream, &[1; 100]).await?;
    }
    event!("the client goes");
    AsyncWriteExt::close(&mut stream).await
}

async fn serve(sees_end: bool) -> std::io::Result<(usize, u32)> {
    let (mut stream, _) = TcpListener::bind("0.0.0.0:80").await?.accept().await?;
    let heart = spawn_named("heart", async {
        for beat in 0..BEATS {
            time::sleep(Duration::from_millis(10)).await;
            event!("beat {beat}");
        }
        BEATS
    });
    let (mut bytes, mut buffer) = (0, [0; 64]);
    loop {
        let read = AsyncReadExt::read(&mut stream, &mut buffer).await?;
        if read == 0 && sees_end {
            break;
        }
        bytes += read;
    }
    Ok((bytes, heart.await.map_err(std::io::Error::other)?))
}
