//! A send that suspends once all buffers on the way are full.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Node, event, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::connection::listen;
use super::session::{Session, SessionConfig};
use super::suspends::watch;
use super::{SessionError, connect_hosts_evenly, joined, ms, seconds};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_send_yields_when_full",
    about: "A client sends to a server that does not read for a second. On the way are the client's write buffer, the kernel's \
            send buffer, the peer's receive buffer, and what the peer's library has read.",
    invariant: "A send suspends if and only if it leaves more than the write limit in the write buffer, and until that is down \
                to a quarter of the limit; meanwhile other tasks run. Every message arrives.",
    patterns: &[&patterns::A5],
    parameters: &[],
    variants: &[
        Variant {
            name: "never_full",
            about: "The kernel's buffers of 64 KiB take everything: no send suspends.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &Plan { buffer_bytes: 65_536, ..PLAN }),
        },
        Variant {
            name: "full",
            about: "With 8 KiB in the kernel a send has to wait until the server reads.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &PLAN),
        },
        Variant {
            name: "full_small_write_limit",
            about: "With a write limit of 4 KiB sends suspend earlier, and more often.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &Plan { write_limit_bytes: 4_096, ..PLAN }),
        },
        Variant {
            name: "one_big_message",
            about: "A single message of 100 kB is above the limit by itself, although the server's library reads.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, &Plan { messages: 2, message_bytes: 100_000, ..PLAN }),
        },
    ],
};

#[derive(Clone, Copy)]
struct Plan {
    messages: u64,
    message_bytes: usize,
    /// The kernel's, at each end.
    buffer_bytes: u32,
    write_limit_bytes: usize,
}

const PLAN: Plan =
    Plan { messages: 60, message_bytes: 1_000, buffer_bytes: 8_192, write_limit_bytes: 32_768 };

/// How long the server does not read.
const PAUSE: Duration = ms(1_000);

fn run(executor: &mut Executor, plan: &Plan) -> Result<(), Violation> {
    connect_hosts_evenly(executor, ms(1), plan.buffer_bytes);
    let plan = *plan;
    let suspended = executor.block_on(async move {
        let server = Node::named("server").spawn_named("server", serve());
        let sends = joined(Node::named("client").spawn_named("client", talk(plan)).await)?;
        let suspended = sends.iter().filter(|sent| sent.suspended).count();
        sends.into_iter().try_for_each(|sent| check(&sent, &plan))?;
        let read = joined(server.await)?;
        ensure!(read == plan.messages, "of {} messages {read} were read", plan.messages);
        Ok(suspended)
    })??;
    // Two kernel buffers and the write buffer, at least, have to be full before.
    let never = u64::from(plan.buffer_bytes) >= plan.messages * plan.message_bytes as u64;
    ensure!(never == (suspended == 0), "{suspended} sends have suspended");
    Ok(())
}

fn check(sent: &Sent, plan: &Plan) -> Result<(), Violation> {
    let Sent { number, suspended, left_bytes, .. } = sent;
    let limit = plan.write_limit_bytes;
    ensure!(
        *suspended == (*left_bytes > limit),
        "send {number} left {left_bytes} bytes in the write buffer with a limit of {limit}; suspended: {suspended}"
    );
    ensure!(
        *suspended || sent.others_ran == 0,
        "send {number} did not suspend, and others ran {} times",
        sent.others_ran
    );
    if *suspended {
        ensure!(
            sent.drained_bytes <= limit / 4,
            "send {number} went on with {} bytes in the write buffer and a limit of {limit}",
            sent.drained_bytes
        );
        // The spy runs each millisecond.
        let least = (sent.took.as_millis() as u64).saturating_sub(1);
        ensure!(
            sent.others_ran >= least,
            "send {number} suspended for {:?}, and others ran only {} times",
            sent.took,
            sent.others_ran
        );
    }
    Ok(())
}

async fn serve() -> Result<u64, SessionError> {
    let listener = listen().await?;
    let config = SessionConfig { queue_max: 4, ..SessionConfig::default() };
    let ws = Session::accept(&listener, config).await?;
    event!("handler sleeps {} s before reading", PAUSE.as_secs());
    time::sleep(PAUSE).await;
    let mut read = 0;
    while ws.next().await?.is_some() {
        read += 1;
    }
    event!("read {read} messages");
    Ok(read)
}

/// What one send did.
struct Sent {
    number: u64,
    suspended: bool,
    took: Duration,
    /// In the write buffer when the message was in it.
    left_bytes: usize,
    /// In the write buffer when the send was over.
    drained_bytes: usize,
    others_ran: u64,
}

async fn talk(plan: Plan) -> Result<Vec<Sent>, SessionError> {
    let config = SessionConfig { write_limit_bytes: plan.write_limit_bytes, ..SessionConfig::default() };
    let ws = Session::connect("/", config).await?;
    let ran = Rc::new(Cell::new(0));
    let spy = spawn_named("spy", spy(Rc::clone(&ran)));
    time::sleep(ms(100)).await;
    event!("starting to send {} x {} bytes", plan.messages, plan.message_bytes);
    let mut sends = Vec::new();
    for number in 0..plan.messages {
        let (start, ran_before) = (time::now(), ran.get());
        let send = ws.send(vec![b'x'; plan.message_bytes]);
        let (sent, left_bytes, suspended) = watch(send, || ws.write_buffer_bytes()).await;
        sent?;
        let (took, drained_bytes) = (time::now() - start, ws.write_buffer_bytes());
        if suspended {
            let took = seconds(took);
            event!("send {number} suspended for {took} s, {drained_bytes} bytes in the write buffer");
        }
        let others_ran = ran.get() - ran_before;
        sends.push(Sent { number, suspended, took, left_bytes, drained_bytes, others_ran });
    }
    event!("all sent");
    spy.abort();
    ws.close().await;
    event!("closed");
    Ok(sends)
}

/// Counts its turns.
async fn spy(ran: Rc<Cell<u64>>) {
    loop {
        ran.set(ran.get() + 1);
        time::sleep(ms(1)).await;
    }
}
