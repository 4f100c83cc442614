//! A feed over a WebSocket through a network that is cut for a while: what was sent is not what arrived.
//!
//! `cargo run -p seedbed --features tungstenite --example tungstenite`

use std::time::Duration;

use async_tungstenite::accept_async;
use async_tungstenite::tungstenite::{Error, Message};
use futures::StreamExt;
use seedbed::adapters::tungstenite::connect;
use seedbed::net::{TcpListener, TcpStream, fault};
use seedbed::{Sweep, choose_between, event, node, spawn, time};

const MESSAGES: u64 = 20;

/// Sends a number every second, to whoever is there, and begins where it was told to.
async fn feed(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    let Some(Ok(Message::Text(from))) = socket.next().await else { return Ok(()) };
    let from = from.parse().expect("a client sends a number");
    for number in from..MESSAGES {
        socket.send(number.to_string().into()).await?;
        time::sleep(Duration::from_secs(1)).await;
    }
    socket.close(None).await
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        spawn(feed(stream));
    }
}

/// Cuts the network for a while; in production order so shortly that nobody notices.
async fn cut() {
    time::sleep(Duration::from_secs(choose_between(5, 15))).await;
    let partition = fault::partition("server", "main");
    event!("is cut");
    time::sleep(Duration::from_secs(choose_between(1, 20))).await;
    partition.heal();
    event!("is whole again");
}

/// Receives all numbers; connects again when nothing comes for five seconds.
async fn follow() -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < MESSAGES as usize {
        let Ok(Ok((mut socket, _))) = time::timeout(Duration::from_secs(5), connect("ws://server/")).await
        else {
            continue;
        };
        // The mistake: it asks again for the last number that it has. The first time there is none.
        let next = numbers.last().copied().unwrap_or(0);
        if socket.send(next.to_string().into()).await.is_err() {
            continue;
        }
        event!("follows from {next}");
        while let Ok(Some(Ok(message))) = time::timeout(Duration::from_secs(5), socket.next()).await {
            if let Message::Text(text) = message {
                numbers.push(text.parse().expect("a server sends numbers"));
            }
        }
    }
    numbers
}

async fn every_number_comes_once() {
    let listener = node("server").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
    node("server").spawn(serve(listener));
    node("network").spawn(cut());
    assert!(follow().await.into_iter().eq(0..MESSAGES), "a number came twice, or never");
}

fn main() {
    match Sweep::default().try_run("every_number_comes_once", every_number_comes_once) {
        Ok(passed) => println!("{} runs, and nothing was found", passed.runs),
        Err(failure) => println!("{failure}"),
    }
}
