//! An update that is lost between two connections.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::net::TcpStream;
use seedbed::{Executor, Node, event, spawn_named, time};
use sim_explorer::{Expect, Parameter, Scenario, Settings, Variant, Violation, ensure};

use super::connection::{Received, close_frame, connect, listen, receive, receive_close, upgrade};
use super::{SessionError, connect_hosts, joined, work};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_lost_update",
    about: "Two customers pay into one account over WebSockets. The bank reads the balance, writes its journal, and then \
            writes the balance: a payment that comes in between is lost. In production order none does.",
    invariant: "The balance at the end is the sum of all payments.",
    patterns: &[],
    parameters: &[Parameter {
        name: "payments",
        about: "payments of each customer, of 10 each",
        default: 3,
        min: 1,
        max: 1_000,
    }],
    variants: &[
        Variant {
            name: "fixed",
            about: "The balance is read after the journal was written: nothing comes between reading and writing it.",
            expect: Expect::Holds,
            body: |executor, settings| run(executor, settings, Read::AfterJournal),
        },
        Variant {
            name: "broken",
            about: "The balance is read before the journal is written, and that takes time.",
            expect: Expect::Breaks,
            body: |executor, settings| run(executor, settings, Read::BeforeJournal),
        },
    ],
};

const AMOUNT: u64 = 10;

/// When the bank reads the balance to which it adds.
#[derive(Clone, Copy)]
enum Read {
    AfterJournal,
    BeforeJournal,
}

fn run(executor: &mut Executor, settings: &Settings, read: Read) -> Result<(), Violation> {
    let payments = settings.get("payments");
    connect_hosts(executor, 1, 3);
    let balance = Rc::new(Cell::new(0));
    let account = Rc::clone(&balance);
    executor.block_on(async move {
        drop(Node::named("server").spawn_named("bank", serve(account, read)));
        let alice = Node::named("alice").spawn_named("customer", pay(payments, Duration::ZERO));
        // Half a period later, so that undisturbed the two never meet.
        let bob = Node::named("bob").spawn_named("customer", pay(payments, Duration::from_millis(6)));
        joined(alice.await)?;
        joined(bob.await)
    })??;
    let (sum, balance) = (2 * payments * AMOUNT, balance.get());
    ensure!(balance == sum, "the balance is {balance} after payments of {sum}");
    Ok(())
}

async fn serve(account: Rc<Cell<u64>>, read: Read) -> Result<(), SessionError> {
    let listener = listen().await?;
    loop {
        let (stream, _) = listener.accept().await?;
        drop(spawn_named("teller", take_payments(stream, Rc::clone(&account), read)));
    }
}

async fn take_payments(stream: TcpStream, account: Rc<Cell<u64>>, read: Read) -> Result<(), SessionError> {
    let mut socket = upgrade(stream).await?;
    while let Some(received) = receive(&mut socket).await? {
        let Received::Text(text) = received else { continue };
        let amount: u64 = text.parse().expect("customers send numbers");
        let before = match read {
            Read::AfterJournal => {
                write_journal().await;
                look_up(&account)
            }
            Read::BeforeJournal => {
                let before = look_up(&account);
                write_journal().await;
                before
            }
        };
        account.set(before + amount);
        event!("books {amount}: the balance is {}", account.get());
        socket.send("booked".into()).await?;
    }
    Ok(())
}

fn look_up(account: &Cell<u64>) -> u64 {
    event!("reads a balance of {}", account.get());
    account.get()
}

/// Some time on a disk.
async fn write_journal() {
    work(1, 3).await;
}

async fn pay(payments: u64, later: Duration) -> Result<(), SessionError> {
    time::sleep(later).await;
    let mut socket = connect().await?;
    for _ in 0..payments {
        work(8, 12).await;
        event!("pays {AMOUNT}");
        socket.send(AMOUNT.to_string().into()).await?;
        receive(&mut socket).await?;
    }
    socket.close(close_frame()).await?;
    receive_close(&mut socket).await?;
    Ok(())
}
