//! The customer: connects again until all is paid.

use std::cell::Cell;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{choose_between, event, spawn_named, time};

use super::{Attempt, KEEPALIVE, PAYMENTS, Protocol};
use crate::websocket::changes::Changes;
use crate::websocket::keepalive::WebSocket;
use crate::websocket::two_hosts::{SERVER, ms, secs};
use crate::websocket::{SessionError, work};

/// Payments that are sent and not acknowledged, at most.
const AT_A_TIME: u64 = 4;
const CONNECT_TIMEOUT: Duration = secs(5);
const BACKOFF_MIN_MS: u64 = 100;
const BACKOFF_MAX_MS: u64 = 1_600;

/// What is done, as far as the customer knows.
#[derive(Debug, Default)]
struct Progress {
    /// All payments up to this one.
    done: Cell<u64>,
    changed: Changes,
}

impl Progress {
    fn advance_to(&self, payment: u64) {
        self.done.set(self.done.get().max(payment));
        self.changed.wake();
    }
}

pub(super) async fn pay_all(protocol: Protocol) -> Attempt {
    let progress = Rc::new(Progress::default());
    let mut backoff = BACKOFF_MIN_MS;
    loop {
        let done = progress.done.get();
        match connect_and_pay(protocol, &progress).await {
            Ok(()) => return Ok(()),
            Err(error) => event!("{} payments are done: {error}", progress.done.get()),
        }
        if progress.done.get() > done {
            backoff = BACKOFF_MIN_MS;
        }
        // Not exactly so long, or all customers of a bank would come back at the same moment.
        time::sleep(ms(choose_between(backoff / 2, backoff))).await;
        backoff = (2 * backoff).min(BACKOFF_MAX_MS);
    }
}

async fn connect_and_pay(protocol: Protocol, progress: &Rc<Progress>) -> Attempt {
    let connecting = WebSocket::connect(SERVER, KEEPALIVE);
    let late = |_| SessionError::Socket(io::ErrorKind::TimedOut.into());
    let socket = time::timeout(CONNECT_TIMEOUT, connecting).await.map_err(late)??;
    event!("connected, {} payments are done", progress.done.get());
    let paid = match protocol {
        Protocol::NoAcknowledgements => send_all(&socket, progress).await,
        _ => send_until_acknowledged(&socket, progress).await,
    };
    // Also after an error, so that neither side holds on to the connection.
    socket.close().await;
    paid
}

/// A task sends, so that acknowledgements are seen at any time, those too that came before the connection broke.
async fn send_until_acknowledged(socket: &WebSocket, progress: &Rc<Progress>) -> Attempt {
    let sender = spawn_named("sender", send_rest(socket.clone(), Rc::clone(progress)));
    let received = receive_acknowledgements(socket, progress).await;
    sender.abort();
    received
}

async fn send_rest(socket: WebSocket, progress: Rc<Progress>) -> Attempt {
    for payment in progress.done.get() + 1..=PAYMENTS {
        work(5, 20).await;
        let has_room = || (payment <= progress.done.get() + AT_A_TIME).then_some(());
        progress.changed.until(has_room).await;
        socket.send(payment.to_string()).await?;
    }
    Ok(())
}

async fn receive_acknowledgements(socket: &WebSocket, progress: &Progress) -> Attempt {
    while progress.done.get() < PAYMENTS {
        progress.advance_to(socket.recv().await?.parse().expect("the bank sends numbers"));
    }
    Ok(())
}

async fn send_all(socket: &WebSocket, progress: &Progress) -> Attempt {
    while progress.done.get() < PAYMENTS {
        work(5, 20).await;
        socket.send((progress.done.get() + 1).to_string()).await?;
        progress.advance_to(progress.done.get() + 1);
    }
    Ok(())
}
