//! A loop of sends that keeps the receiver from running.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, Node, event, spawn_named, yield_now};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::connection::listen;
use super::session::{Session, SessionConfig};
use super::{BUFFER_BYTES, SessionError, connect_hosts_evenly, joined, ms};
use crate::patterns;
use crate::turns::Turns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_send_starves_recv",
    about: "A client sends in a loop to a server that echoes at once. Sending suspends only when buffers are full, so that the \
            receiving task gets no turn before the last message was sent, although echoes are there all the while.",
    invariant: "The client never sends more than `burst` messages in one turn, that is, without letting the receiver run; \
                every message comes back.",
    patterns: &[&patterns::A3, &patterns::A4, &patterns::A8],
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
            name: "fixed_sleep_zero",
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
            name: "broken_await_nothing",
            about: "The loop awaits one more thing, which does not suspend either.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Pause::AwaitNothing),
        },
    ],
};

/// What the client does after each send.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pause {
    Yield,
    Never,
    AwaitNothing,
}

fn run(executor: &mut Executor, settings: &Settings, pause: Pause) -> Result<(), Violation> {
    let (sends, burst) = (settings.get("sends"), settings.get("burst"));
    connect_hosts_evenly(executor, ms(2), BUFFER_BYTES);
    let turns = Turns::default();
    let counted = turns.clone();
    // The one with the await that changes nothing tells only of the first echo.
    let is_brief = pause == Pause::AwaitNothing;
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("server", echo(sends, is_brief));
        let client = turns.watch(talk(sends, pause, turns.clone()));
        let echoes = joined(Node::named("client").spawn_named("client", client).await)?;
        ensure!(echoes == sends, "of {sends} messages {echoes} came back");
        joined(server.await)
    })??;
    let most = counted.most();
    ensure!(
        most <= burst,
        "the client sent {most} messages in one turn, and not more than {burst} are allowed"
    );
    Ok(())
}

async fn echo(sends: u64, is_brief: bool) -> Result<(), SessionError> {
    let listener = listen().await?;
    let ws = Session::accept(&listener, SessionConfig::default()).await?;
    let mut number = 0;
    while ws.next().await?.is_some() {
        number += 1;
        if !is_brief && (number == 1 || number == sends) {
            event!("echoes message number {number}");
        }
        ws.send("echo").await?;
    }
    Ok(())
}

async fn talk(sends: u64, pause: Pause, turns: Turns) -> Result<u64, SessionError> {
    let ws = Session::connect("/", SessionConfig::default()).await?;
    let first_after = Rc::new(Cell::new(None));
    let is_brief = pause == Pause::AwaitNothing;
    let receiving = receive(ws.clone(), sends, is_brief, turns.clone(), Rc::clone(&first_after));
    let receiver = spawn_named("receiver", receiving);
    for number in 0..sends {
        // It costs a millisecond to make a message.
        turns.compute(ms(1)).await;
        ws.send(format!("message {number}")).await?;
        turns.count();
        match pause {
            Pause::Yield => yield_now().await,
            Pause::Never => {}
            Pause::AwaitNothing => nothing().await,
        }
    }
    event!("sent {sends} messages");
    let echoes = receiver.await??;
    if let (false, Some(sent)) = (is_brief, first_after.get()) {
        event!("first echo was seen after {sent} sends");
    }
    ws.close().await;
    Ok(echoes)
}

async fn nothing() {}

async fn receive(
    ws: Session,
    sends: u64,
    is_brief: bool,
    turns: Turns,
    first_after: Rc<Cell<Option<u64>>>,
) -> Result<u64, SessionError> {
    let mut number = 0;
    while number < sends && ws.next().await?.is_some() {
        number += 1;
        if number == 1 {
            first_after.set(Some(turns.total()));
        }
        if is_brief && number == 1 {
            event!("received the first echo");
        } else if !is_brief && (number <= 3 || number == sends) {
            event!("received echo number {number}");
        }
    }
    Ok(number)
}
