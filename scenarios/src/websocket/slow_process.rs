//! A client whose processing takes longer than messages take to come.

mod account;
mod clients;

use seedbed::{Executor, event, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::keepalive::{ConnectionClosed, Keepalive, WebSocket};
use super::two_hosts::{accept, both, connect_hosts, ms};
use super::{NORMAL, SessionError};
use crate::patterns;
use account::Account;
use clients::{Client, watch};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_slow_process",
    about: "A server sends ten messages a second, and the client processes each for a second. Both ends ping every 20 s.",
    invariant: "The connection lives until the server has sent all 1,000 messages and closes it normally. Every one of them \
                was processed, or is in the client's own account of what it dropped, of what waits, of what is in work.",
    patterns: &[
        &patterns::A10,
        &patterns::B26,
        &patterns::B27,
        &patterns::B28,
        &patterns::D2,
        &patterns::D10,
    ],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_queue_worker",
            about: "Receiving never waits for processing: a worker takes from a queue, whose length can be seen.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Client::QueueWorker),
        },
        Variant {
            name: "fixed_task_per_message",
            about: "Each message is processed by a task of its own: ten run at a time.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Client::TaskPerMessage),
        },
        Variant {
            name: "fixed_executor",
            about: "Processing blocks, but on worker threads, twelve at most.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Client::Executor),
        },
        Variant {
            name: "fixed_bounded_drop_oldest",
            about: "Only the newest 20 messages wait for the worker; older ones are dropped.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Client::DropOldest),
        },
        Variant {
            name: "broken_blocking",
            about: "Processing blocks the client: nobody answers the server's ping.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Client::Blocking),
        },
        Variant {
            name: "broken_coroutine_inline",
            about: "Processing suspends, but messages are taken one by one: the ping waits behind those that are not read.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Client::CoroutineInline),
        },
        Variant {
            name: "broken_blocking_worker",
            about: "A worker takes from a queue, but it blocks the client all the same.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Client::BlockingWorker),
        },
    ],
};

/// Ten messages a second, for 100 s.
const MESSAGES: u64 = 1_000;

/// Messages that are processed at the same time at most, where they are.
const AT_A_TIME: u64 = 12;

/// Messages that wait at most, where older ones are dropped.
const NEWEST: u64 = 20;

fn run(executor: &mut Executor, client: Client) -> Result<(), Violation> {
    connect_hosts(executor, ms(10));
    let (served, watched) = executor.block_on(both(serve(), watch(client)))??;
    let Served { sent, closed } = served;
    ensure!(sent == MESSAGES, "the connection died after {sent} of {MESSAGES} messages: {closed}");
    let (account, code) = watched;
    ensure!(code == NORMAL, "the client saw the close code {code}");
    check(client, &account)
}

fn check(client: Client, account: &Account) -> Result<(), Violation> {
    account.check(MESSAGES)?;
    let (processed, most_in_work) = (account.processed(), account.most_in_work());
    match client {
        Client::QueueWorker | Client::DropOldest => {
            let seconds = account.worked_for().as_secs();
            ensure!(
                (seconds.saturating_sub(IDLE_MAX)..=seconds + 1).contains(&processed),
                "{processed} messages were processed in {seconds} s, one a second"
            );
        }
        _ => ensure!(processed == MESSAGES, "of {MESSAGES} messages {processed} were processed"),
    }
    if matches!(client, Client::TaskPerMessage | Client::Executor) {
        ensure!(most_in_work <= AT_A_TIME, "{most_in_work} messages were in work at one time");
    }
    if matches!(client, Client::DropOldest) {
        let lag = account.most_behind();
        ensure!(lag <= NEWEST, "a message was taken when {lag} newer ones had come");
    }
    Ok(())
}

/// Seconds without a message in the beginning, when none waits yet, over a link that stalls.
const IDLE_MAX: u64 = 3;

/// What the server saw.
struct Served {
    sent: u64,
    closed: ConnectionClosed,
}

async fn serve() -> Result<Served, SessionError> {
    let socket = accept(Keepalive::default()).await?;
    let mut sent = 0;
    let closed = match send_all(&socket, &mut sent).await {
        Ok(()) => {
            event!("sent all {sent} messages");
            socket.close().await
        }
        Err(closed) => {
            event!("connection died after {sent} messages sent: {closed}");
            closed
        }
    };
    Ok(Served { sent, closed })
}

async fn send_all(socket: &WebSocket, sent: &mut u64) -> Result<(), ConnectionClosed> {
    let start = time::now();
    while *sent < MESSAGES {
        socket.send(format!("m{sent:04}{}", ".".repeat(95))).await?;
        *sent += 1;
        time::sleep_until(start + ms(100 * *sent)).await;
    }
    Ok(())
}
