//! A server that pings five times a second, and a client that is away for 1.2 s.

use std::cell::Cell;
use std::rc::Rc;

use seedbed::{Executor, event, time};
use sim_explorer::{Violation, ensure};

use super::{fact, run};
use crate::websocket::connection::listen;
use crate::websocket::keepalive::{ConnectionClosed, Keepalive, WebSocket};
use crate::websocket::{NORMAL, SessionError, ms};

/// What the client does while it is away.
#[derive(Clone, Copy)]
pub(super) enum Away {
    Suspends,
    Blocks,
}

const OFTEN: Keepalive = Keepalive {
    ping_interval: Some(ms(200)),
    ping_timeout: ms(200),
    close_timeout: ms(200),
    max_queue: 16,
    write_limit_bytes: 32_768,
};

pub(super) fn keepalive(executor: &mut Executor, away: Away) -> Result<(), Violation> {
    let open = Rc::new(Cell::new(false));
    let closed = run(executor, serve(Rc::clone(&open)), stay_away(away))?;
    let code = closed.received.as_ref().map(|close| close.code);
    executor.enter(|| {
        fact("connection still open for the server after 1.5 s", open.get());
        event!("client received close code: {}", code.unwrap_or_default());
    });
    ensure!(open.get(), "the server has given up a client that was away for 1.2 s, which was told: {closed}");
    ensure!(code == Some(NORMAL), "the client received the close code {code:?}");
    Ok(())
}

async fn serve(open: Rc<Cell<bool>>) -> Result<(), SessionError> {
    let (stream, _) = listen().await?.accept().await?;
    let socket = WebSocket::accept(stream, OFTEN).await?;
    socket.send("work").await?;
    time::sleep(ms(1_500)).await;
    open.set(socket.close_code().is_none());
    socket.close().await;
    Ok(())
}

/// How the connection ended for the client.
async fn stay_away(away: Away) -> Result<ConnectionClosed, SessionError> {
    let unasked = Keepalive { ping_interval: None, ..Keepalive::default() };
    let socket = WebSocket::connect("server:80", unasked).await?;
    socket.recv().await?;
    match away {
        Away::Suspends => time::sleep(ms(1_200)).await,
        Away::Blocks => time::block(ms(1_200)).await,
    }
    loop {
        if let Err(closed) = socket.recv().await {
            return Ok(closed);
        }
    }
}
