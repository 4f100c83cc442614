//! Messages that come back.

use async_tungstenite::{WebSocketReceiver, WebSocketSender};
use seedbed::net::TcpStream;
use seedbed::{Executor, Node, choose_between, event, try_join};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::connection::{Received, close_frame, connect, receive, receive_close};
use super::echo_server::serve;
use super::{NORMAL, SessionError, connect_hosts, joined, work};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_echo",
    about: "A client sends messages of any length, a server sends each one back, and the client closes.",
    invariant: "Each message comes back once, unchanged and in order, and both sides see the close code 1000.",
    patterns: &[],
    parameters: &[Parameter { name: "messages", about: "messages", default: 4, min: 0, max: 10_000 }],
    variants: &[Variant {
        name: "works",
        about: "The client reads what comes back while it sends.",
        expect: Expect::Holds,
        body: works,
    }],
};

fn works(executor: &mut Executor, settings: &Settings) -> Result<(), Violation> {
    let messages = settings.get("messages");
    connect_hosts(executor, 1, 5);
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("echo", serve(messages));
        let client = Node::named("client").spawn_named("session", talk(messages));
        let Talk { sent, came_back, close_code } = joined(client.await)?;
        ensure!(sent == came_back, "of {} messages {} came back as they were", sent.len(), came_back.len());
        ensure!(close_code == Some(NORMAL), "the client saw the close code {close_code:?}");
        let close_code = joined(server.await)?;
        ensure!(close_code == Some(NORMAL), "the server saw the close code {close_code:?}");
        Ok(())
    })?
}

/// What the client saw.
struct Talk {
    sent: Vec<String>,
    came_back: Vec<String>,
    close_code: Option<u16>,
}

async fn talk(messages: u64) -> Result<Talk, SessionError> {
    let (mut sender, mut receiver) = connect().await?.split();
    event!("is connected");
    let (sent, came_back) =
        try_join!(biased; send_all(&mut sender, messages), receive_all(&mut receiver, messages))?;
    sender.close(close_frame()).await?;
    let close_code = receive_close(&mut receiver).await?;
    event!("is closed, code {}", close_code.unwrap_or_default());
    Ok(Talk { sent, came_back, close_code })
}

async fn send_all(
    sender: &mut WebSocketSender<TcpStream>,
    messages: u64,
) -> Result<Vec<String>, SessionError> {
    let mut sent = Vec::new();
    for number in 0..messages {
        work(1, 5).await;
        let text = format!("{number}{}", "x".repeat(choose_between(10, 4_000) as usize));
        event!("sends message {number}, {} bytes", text.len());
        sender.send(text.clone().into()).await?;
        sent.push(text);
    }
    Ok(sent)
}

async fn receive_all(
    receiver: &mut WebSocketReceiver<TcpStream>,
    messages: u64,
) -> Result<Vec<String>, SessionError> {
    let mut came_back = Vec::new();
    for number in 0..messages {
        let Some(Received::Text(text)) = receive(receiver).await? else { break };
        event!("got message {number} back");
        came_back.push(text);
    }
    Ok(came_back)
}
