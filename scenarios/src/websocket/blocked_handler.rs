//! A server whose one busy customer costs all the others their connections.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::net::TcpListener;
use seedbed::{Executor, Node, event, spawn_blocking, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::keepalive::{ConnectionClosed, Keepalive, WebSocket};
use super::two_hosts::{SERVER, connect_hosts, ms, secs};
use super::{NORMAL, SessionError, joined};
use crate::patterns;
use crate::queue::Queue;

/// Keepalive measures whether the other side's event loop turns, and not only whether the wire is whole. A handler that
/// computes, or takes one message after the other from a queue that is never empty, does not let it turn: then the pings of
/// all customers go unanswered, of those too who want nothing. A queue between reader and processor helps only if the
/// processor is off the loop, or pauses again and again.
pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_blocked_handler",
    about: "Three customers of one server ping it every 2 s. One hands in thirty reports at once, each of which takes 400 ms of \
            CPU; the other two only listen.",
    invariant: "Each connection lives until its customer closes it, and each report is processed once.",
    patterns: &[&patterns::A11, &patterns::B26, &patterns::B27],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_queue_and_worker",
            about: "The reader puts reports into a queue; a task takes them out, and has them processed by a thread of its own.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Handler::QueueAndWorker),
        },
        Variant {
            name: "fixed_queue_and_pieces",
            about: "The reader puts reports into a queue; a task takes them out, and pauses for a moment after every 40 ms of work.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Handler::QueueAndPieces),
        },
        Variant {
            name: "broken_inline",
            about: "The handler processes each report when it has received it. The next one is there already, so that nothing \
                    else ever has its turn.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Handler::Inline),
        },
        Variant {
            name: "broken_queue_alone",
            about: "There is a queue between reader and processor, but on the same loop: a queue that is not empty does not \
                    give way either.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Handler::QueueAlone),
        },
    ],
};

/// How the server processes reports.
#[derive(Clone, Copy)]
enum Handler {
    Inline,
    QueueAlone,
    QueueAndWorker,
    QueueAndPieces,
}

const REPORTS: u64 = 30;
const WORK: Duration = ms(400);
const PIECES: u32 = 10;
/// Longer than all the work.
const STAY: Duration = secs(16);

const OFTEN: Keepalive = Keepalive {
    ping_interval: Some(secs(2)),
    ping_timeout: secs(2),
    close_timeout: secs(1),
    max_queue: 16,
    write_limit_bytes: 32_768,
};

fn run(executor: &mut Executor, handler: Handler) -> Result<(), Violation> {
    connect_hosts(executor, ms(10));
    let processed = Rc::new(Cell::new(0));
    let count = Rc::clone(&processed);
    let ended = executor.block_on(async move {
        drop(Node::named("server").spawn_named("server", serve(handler, count)));
        let quiet = ["ann", "bob"].map(|name| Node::named(name).spawn_named("customer", listen()));
        let busy = joined(Node::named("busy").spawn_named("customer", hand_in()).await)?;
        let [ann, bob] = quiet;
        Ok::<_, Violation>([("ann", joined(ann.await)?), ("bob", joined(bob.await)?), ("busy", busy)])
    })??;
    let processed = processed.get();
    for (name, closed) in ended {
        ensure!(
            closed.code() == NORMAL,
            "{name} lost the connection when {processed} of {REPORTS} reports were processed: {closed}"
        );
    }
    ensure!(processed == REPORTS, "of {REPORTS} reports {processed} were processed");
    Ok(())
}

async fn serve(handler: Handler, processed: Rc<Cell<u64>>) -> Result<(), SessionError> {
    let listener = TcpListener::bind("0.0.0.0:8765").await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let processed = Rc::clone(&processed);
        drop(spawn_named("handler", async move {
            let socket = WebSocket::accept(stream, OFTEN).await?;
            match handler {
                Handler::Inline => inline(&socket, &processed).await,
                _ => with_queue(&socket, handler, processed).await,
            }
        }));
    }
}

async fn inline(socket: &WebSocket, processed: &Cell<u64>) -> Result<(), SessionError> {
    while socket.next().await?.is_some() {
        time::block(WORK).await;
        finish(socket, processed).await?;
    }
    Ok(())
}

async fn with_queue(
    socket: &WebSocket,
    handler: Handler,
    processed: Rc<Cell<u64>>,
) -> Result<(), SessionError> {
    let reports = Queue::unbounded();
    let processing = process(reports.clone(), socket.clone(), handler, processed);
    let processor = spawn_named("processor", processing);
    while let Some(report) = socket.next().await? {
        reports.put(report).await;
    }
    processor.abort();
    Ok(())
}

async fn process(
    reports: Queue<String>,
    socket: WebSocket,
    handler: Handler,
    processed: Rc<Cell<u64>>,
) -> Result<(), SessionError> {
    loop {
        let _report = reports.get().await;
        match handler {
            Handler::QueueAndWorker => spawn_blocking(|| time::block_now(WORK)).await?,
            Handler::QueueAndPieces => in_pieces().await,
            Handler::Inline | Handler::QueueAlone => time::block(WORK).await,
        }
        finish(&socket, &processed).await?;
    }
}

async fn in_pieces() {
    for _ in 0..PIECES {
        time::block(WORK / PIECES).await;
        // A yield would promise nothing: whose turn is next may be decided for this task, again and again.
        time::sleep(ms(1)).await;
    }
}

async fn finish(socket: &WebSocket, processed: &Cell<u64>) -> Result<(), SessionError> {
    processed.set(processed.get() + 1);
    socket.send(format!("report {} is processed", processed.get())).await?;
    Ok(())
}

/// Hands in all reports, and leaves when they are processed.
async fn hand_in() -> Result<ConnectionClosed, SessionError> {
    let socket = WebSocket::connect(SERVER, OFTEN).await?;
    time::sleep(secs(1)).await;
    for report in 0..REPORTS {
        if socket.send(format!("report {report}")).await.is_err() {
            break;
        }
    }
    event!("handed in its reports");
    let mut answers = 0;
    while answers < REPORTS && socket.recv().await.is_ok() {
        answers += 1;
    }
    event!("saw {answers} reports processed");
    Ok(socket.close().await)
}

/// Stays for a while.
async fn listen() -> Result<ConnectionClosed, SessionError> {
    let socket = WebSocket::connect(SERVER, OFTEN).await?;
    if let Ok(Err(closed)) = time::timeout(STAY, socket.recv()).await {
        event!("lost the connection: {closed}");
        return Ok(closed);
    }
    Ok(socket.close().await)
}
