//! A client that reconnects, and a server that crashes: nothing is lost, nothing is done twice.

mod bank;
mod customer;

use std::rc::Rc;
use std::time::Duration;

use seedbed::net::fault;
use seedbed::{Crash, Executor, Node, choose_between, event, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::keepalive::Keepalive;
use super::two_hosts::{connect_hosts, ms, secs};
use super::{SessionError, joined};
use bank::{Bank, Journal};
use customer::pay_all;

/// A connection that breaks leaves its client in doubt: was the last message done, or not? Only the receiver can say so, by
/// an acknowledgement. So the sender numbers its messages, keeps each until it is acknowledged, and sends the rest again on
/// the next connection; then the receiver is asked for some of them twice, and must know which it has done. What it knows
/// has to survive with what it did, in one write: a memory of its own dies with its process. And it acknowledges when that
/// write is safe, not before. Between two attempts the sender waits longer and longer, and not exactly so long, so that a
/// thousand of them do not come back at the same moment.
pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_reconnect",
    about: "A customer makes sixty numbered payments over a WebSocket, four at a time. Meanwhile the network is cut, the \
            bank's process is killed, and then both at once; the bank's journal is a file, which survives. The customer \
            connects again, with backoff, until all is done.",
    invariant: "In the end the journal has each payment once, in the order of their numbers.",
    patterns: &[],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "Payments are sent again until they are acknowledged. The bank knows from its journal which it has booked, \
                    and acknowledges when the journal is written.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Protocol::Right),
        },
        Variant {
            name: "broken_no_acknowledgements",
            about: "What was sent counts as done: what was on its way when the connection broke is lost.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Protocol::NoAcknowledgements),
        },
        Variant {
            name: "broken_no_deduplication",
            about: "The bank books whatever it is asked for: what it had booked without the customer knowing is booked twice.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Protocol::NoDeduplication),
        },
        Variant {
            name: "broken_memory_of_the_process",
            about: "The bank remembers what it has booked, but not in its journal: after a crash it knows nothing of it.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Protocol::MemoryOfTheProcess),
        },
        Variant {
            name: "broken_acknowledges_before_the_write",
            about: "The bank acknowledges first, and then writes its journal: a crash in between loses what the customer \
                    believes to be safe.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Protocol::AcknowledgesBeforeTheWrite),
        },
    ],
};

/// What the two do to have each payment booked once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Right,
    NoAcknowledgements,
    NoDeduplication,
    MemoryOfTheProcess,
    AcknowledgesBeforeTheWrite,
}

const PAYMENTS: u64 = 60;
const PATIENCE: Duration = secs(300);

/// A connection that is dead is noticed within six seconds.
const KEEPALIVE: Keepalive = Keepalive {
    ping_interval: Some(secs(2)),
    ping_timeout: secs(3),
    close_timeout: secs(1),
    max_queue: 16,
    write_limit_bytes: 32_768,
};

fn run(executor: &mut Executor, protocol: Protocol) -> Result<(), Violation> {
    connect_hosts(executor, ms(5));
    // Outside of the bank's process: as a file it survives that.
    let journal = Rc::new(Journal::default());
    let (file, written) = (Rc::clone(&journal), Rc::clone(&journal));
    executor.block_on(async move {
        let bank = Node::named("server");
        bank.run(move || Bank::open(protocol, Rc::clone(&file)).serve());
        let customer = Node::named("client").spawn_named("customer", pay_all(protocol));
        drop(Node::named("world").spawn_named("world", make_trouble(bank, written)));
        let paid = time::timeout(PATIENCE, customer).await;
        let paid = paid.map_err(|_| Violation::new(format_args!("after {PATIENCE:?} not all was paid")))?;
        joined(paid)?;
        // What is still on its way, or being written.
        time::sleep(secs(5)).await;
        Ok::<(), Violation>(())
    })??;
    check(&journal.booked())
}

/// Cuts the network, kills the bank, and then does both at once, each time in the middle of some payments.
async fn make_trouble(bank: Node, journal: Rc<Journal>) {
    in_the_middle(&journal).await;
    let cut = cut_network();
    time::sleep(ms(choose_between(2_000, 8_000))).await;
    mend_network(cut);
    in_the_middle(&journal).await;
    kill_and_restart(&bank).await;
    in_the_middle(&journal).await;
    let cut = cut_network();
    time::sleep(ms(choose_between(20, 4_000))).await;
    kill_and_restart(&bank).await;
    mend_network(cut);
}

fn cut_network() -> fault::Partition {
    event!("the network is cut");
    fault::partition("client", "server")
}

fn mend_network(cut: fault::Partition) {
    event!("the network is whole again");
    cut.heal();
}

async fn kill_and_restart(bank: &Node) {
    event!("the bank is killed");
    bank.crash(Crash::ProcessKill);
    time::sleep(ms(choose_between(100, 1_000))).await;
    event!("the bank starts again");
    bank.restart();
}

/// Waits until some more payments are booked, and then for a moment.
async fn in_the_middle(journal: &Journal) {
    journal.grows_by(choose_between(3, 8)).await;
    time::sleep(ms(choose_between(1, 12))).await;
}

fn check(booked: &[u64]) -> Result<(), Violation> {
    for payment in 1..=PAYMENTS {
        let times = booked.iter().filter(|&&other| other == payment).count();
        ensure!(times > 0, "payment {payment} was lost: the journal has {} entries", booked.len());
        ensure!(times == 1, "payment {payment} was booked {times} times");
    }
    ensure!(booked.is_sorted(), "the payments were booked in the order {booked:?}");
    ensure!(booked.len() as u64 == PAYMENTS, "of {PAYMENTS} payments {} were booked", booked.len());
    Ok(())
}

/// What went wrong with a connection, or that nobody answered in time.
type Attempt = Result<(), SessionError>;
