//! A loop of sends that keeps the receiver from running.

use std::time::Duration;

use async_tungstenite::{WebSocketReceiver, tungstenite::Message};
use seedbed::net::TcpStream;
use seedbed::{Executor, Node, event, spawn_named, yield_now};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::connection::{Received, close_frame, connect, receive, receive_close};
use super::echo_server::serve;
use super::{SessionError, connect_hosts, joined};
use crate::turns::Turns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_receiver_starved",
    about: "A client sends in a loop. Sending suspends only when buffers are full, so that the receiving task gets no turn \
            before the last message was sent, although echoes are there all the while.",
    invariant: "The client never sends more than `burst` messages in one turn, that is, without letting the receiver run; \
                every message comes back.",
    parameters: &[
        Parameter {
            name: "sends",
            about: "messages; each costs 1 ms of the CPU",
            default: 40,
            min: 11,
            max: 1_000,
        },
        Parameter { name: "burst", about: "messages that one turn may send", default: 3, min: 1, max: 10 },
    ],
    variants: &[
        Variant {
            name: "fixed_yield",
            about: "The client yields after each message, so that the receiver may run.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Pause::Yield),
        },
        Variant {
            name: "broken",
            about: "The only await in the loop is that of `send`.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Pause::Never),
        },
        Variant {
            name: "broken_awaits_nothing",
            about: "The loop awaits something else too, but that never suspends.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Pause::AwaitNothing),
        },
    ],
};

/// What the client does after each send.
#[derive(Clone, Copy)]
enum Pause {
    Yield,
    Never,
    AwaitNothing,
}

fn run(executor: &mut Executor, settings: &Settings, pause: Pause) -> Result<(), Violation> {
    let (sends, burst) = (settings.get("sends"), settings.get("burst"));
    connect_hosts(executor, 2, 4);
    let turns = Turns::default();
    let counted = turns.clone();
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("echo", serve(1));
        let client = turns.watch(talk(sends, pause, turns.clone()));
        let echoes = joined(Node::named("client").spawn_named("sender", client).await)?;
        ensure!(echoes == sends, "of {sends} messages {echoes} came back");
        joined(server.await).map(drop)
    })??;
    let most = counted.most();
    ensure!(
        most <= burst,
        "the client sent {most} messages in one turn, and not more than {burst} are allowed"
    );
    Ok(())
}

async fn talk(sends: u64, pause: Pause, turns: Turns) -> Result<u64, SessionError> {
    let (mut sender, receiver) = connect().await?.split();
    let receiving = spawn_named("receiver", receive_echoes(receiver, sends, turns.clone()));
    for number in 1..=sends {
        sender.send(prepare(number, &turns).await).await?;
        turns.count();
        match pause {
            Pause::Yield => yield_now().await,
            Pause::Never => {}
            Pause::AwaitNothing => nothing().await,
        }
    }
    event!("sent {sends} messages");
    let (mut receiver, echoes) = receiving.await??;
    sender.close(close_frame()).await?;
    receive_close(&mut receiver).await?;
    Ok(echoes)
}

/// Computes for a millisecond.
async fn prepare(number: u64, turns: &Turns) -> Message {
    turns.compute(Duration::from_millis(1)).await;
    format!("message {number}").into()
}

async fn nothing() {}

async fn receive_echoes(
    mut receiver: WebSocketReceiver<TcpStream>,
    sends: u64,
    turns: Turns,
) -> Result<(WebSocketReceiver<TcpStream>, u64), SessionError> {
    let mut echoes = 0;
    while echoes < sends {
        let Some(Received::Text(_)) = receive(&mut receiver).await? else { break };
        echoes += 1;
        if echoes <= 3 || echoes == sends {
            event!("received echo {echoes} when {} were sent", turns.total());
        }
    }
    Ok((receiver, echoes))
}
