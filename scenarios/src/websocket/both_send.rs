//! Two sides that both wait for the other one to read.

use async_tungstenite::{WebSocketReceiver, WebSocketSender};
use seedbed::net::TcpStream;
use seedbed::{Executor, Node, choose_between, event, try_join};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::connection::{Received, close_frame, connect, receive, receive_close};
use super::echo_server::serve;
use super::{SessionError, connect_hosts, joined};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_both_send",
    about: "A client sends all its messages to an echo server before it reads the first echo. Once the buffers of both \
            directions are full, each side waits for the other one to read, for ever.",
    invariant: "Every message comes back.",
    patterns: &[],
    parameters: &[Parameter {
        name: "messages",
        about: "messages, of 64 KiB or a little more each",
        default: 10,
        min: 10,
        max: 1_000,
    }],
    variants: &[
        Variant {
            name: "fixed",
            about: "The client reads what comes back while it sends.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Order::Together),
        },
        Variant {
            name: "broken",
            about: "The client sends everything, and then reads.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Order::SendFirst),
        },
    ],
};

/// When the client reads.
#[derive(Clone, Copy)]
enum Order {
    Together,
    SendFirst,
}

fn run(executor: &mut Executor, settings: &Settings, order: Order) -> Result<(), Violation> {
    let messages = settings.get("messages");
    connect_hosts(executor, 1, 5);
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("echo", serve(1));
        let client = Node::named("client").spawn_named("session", talk(messages, order));
        let came_back = joined(client.await)?;
        ensure!(came_back == messages, "of {messages} messages {came_back} came back");
        joined(server.await).map(drop)
    })?
}

async fn talk(messages: u64, order: Order) -> Result<u64, SessionError> {
    let (mut sender, mut receiver) = connect().await?.split();
    let sending = send_all(&mut sender, messages);
    let receiving = receive_all(&mut receiver, messages);
    let came_back = match order {
        Order::Together => try_join!(biased; sending, receiving)?.1,
        Order::SendFirst => {
            sending.await?;
            receiving.await?
        }
    };
    sender.close(close_frame()).await?;
    receive_close(&mut receiver).await?;
    Ok(came_back)
}

async fn send_all(sender: &mut WebSocketSender<TcpStream>, messages: u64) -> Result<(), SessionError> {
    for number in 0..messages {
        let text = "x".repeat(choose_between(65_536, 70_000) as usize);
        event!("sends message {number}");
        sender.send(text.into()).await?;
    }
    event!("sent {messages} messages");
    Ok(())
}

async fn receive_all(
    receiver: &mut WebSocketReceiver<TcpStream>,
    messages: u64,
) -> Result<u64, SessionError> {
    for number in 0..messages {
        let Some(Received::Text(_)) = receive(receiver).await? else { return Ok(number) };
    }
    event!("got {messages} messages back");
    Ok(messages)
}
