//! A producer beside a consumer, on one connection.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use async_tungstenite::{WebSocketReceiver, WebSocketSender};
use seedbed::net::TcpStream;
use seedbed::{Executor, Node, event, spawn_named, time};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::connection::{Received, accept, close_frame, connect, listen, receive};
use super::{NORMAL, SessionError, connect_hosts, joined, work};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_producer_consumer",
    about: "Two tasks share one connection: the consumer takes the server's ticks, the producer sends data at its own \
            pace, and the server closes after its last tick.",
    invariant: "The client gets every tick, the server gets all data that was sent, both in order; both sides see the \
                close code 1000; no task is left.",
    patterns: &[],
    parameters: &[Parameter {
        name: "ticks",
        about: "ticks of the server before it closes, one each 100 ms",
        default: 5,
        min: 0,
        max: 1_000,
    }],
    variants: &[Variant {
        name: "works",
        about: "The connection is split, and when the consumer has seen the close, the producer is aborted.",
        expect: Expect::Holds,
        body: works,
    }],
};

/// What one side received: the numbers in its texts, and why there were no more.
struct Heard {
    numbers: Vec<u64>,
    close_code: Option<u16>,
}

fn works(executor: &mut Executor, settings: &Settings) -> Result<(), Violation> {
    let ticks = settings.get("ticks");
    connect_hosts(executor, 5, 15);
    let sent = Rc::new(Cell::new(0));
    let counted = Rc::clone(&sent);
    let (client, server) = executor.block_on(async move {
        let server = Node::named("server").spawn_named("session", serve(ticks));
        let client = Node::named("client").spawn_named("session", talk(counted));
        Ok::<_, Violation>((joined(client.await)?, joined(server.await)?))
    })??;
    let sent = sent.get();
    ensure!(client.numbers.iter().copied().eq(0..ticks), "of {ticks} ticks came {:?}", client.numbers);
    ensure!(server.numbers.iter().copied().eq(0..sent), "of {sent} data came {:?}", server.numbers);
    ensure!(client.close_code == Some(NORMAL), "the client saw the close code {:?}", client.close_code);
    ensure!(server.close_code == Some(NORMAL), "the server saw the close code {:?}", server.close_code);
    let left = executor.pending();
    ensure!(left.is_empty(), "{} tasks are left, the first is {}", left.len(), left[0]);
    Ok(())
}

async fn serve(ticks: u64) -> Result<Heard, SessionError> {
    let listener = listen().await?;
    let (sender, receiver) = accept(&listener).await?.split();
    let ticker = spawn_named("ticker", tick(sender, ticks));
    let heard = hear(receiver).await?;
    ticker.await??;
    Ok(heard)
}

async fn tick(mut sender: WebSocketSender<TcpStream>, ticks: u64) -> Result<(), SessionError> {
    let mut clock = time::interval(Duration::from_millis(100));
    for number in 0..ticks {
        clock.tick().await;
        sender.send(number.to_string().into()).await?;
    }
    clock.tick().await;
    event!("closes");
    Ok(sender.close(close_frame()).await?)
}

async fn talk(sent: Rc<Cell<u64>>) -> Result<Heard, SessionError> {
    let (sender, receiver) = connect().await?.split();
    event!("is connected");
    let consumer = spawn_named("consumer", hear(receiver));
    let producer = spawn_named("producer", produce(sender, sent));
    let heard = consumer.await?;
    producer.abort();
    match producer.await {
        Ok(()) => event!("the producer has ended"),
        Err(_) => event!("the producer was aborted"),
    }
    heard
}

async fn produce(mut sender: WebSocketSender<TcpStream>, sent: Rc<Cell<u64>>) {
    loop {
        work(150, 250).await;
        let number = sent.get();
        if let Err(error) = sender.send(number.to_string().into()).await {
            event!("cannot send any more: {error}");
            return;
        }
        event!("sent {number}");
        sent.set(number + 1);
    }
}

async fn hear(mut receiver: WebSocketReceiver<TcpStream>) -> Result<Heard, SessionError> {
    let mut heard = Heard { numbers: Vec::new(), close_code: None };
    while let Some(received) = receive(&mut receiver).await? {
        match received {
            Received::Text(text) => {
                event!("got {text}");
                heard.numbers.push(text.parse().expect("both sides send numbers"));
            }
            Received::Close(code) => {
                event!("got a close, code {code}");
                heard.close_code = Some(code);
            }
        }
    }
    Ok(heard)
}
