//! Two tasks that change one balance.

use std::cell::Cell;
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, event};
use sim_asyncio::{Exc, Lock, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, say, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "race_condition",
    about: "Two deposits are made into one account at the same time. There is one thread, but every await between reading \
            and writing is a place where the other task may run.",
    invariant: "The balance is what was there plus both deposits; only those who wait for a lock come later.",
    patterns: &[&patterns::B25, &patterns::C3],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_lock",
            about: "A lock is held from the reading to the writing.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, with_lock, ms(200)),
        },
        Variant {
            name: "fixed_no_await",
            about: "There is no await between reading and writing.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, without_await, ms(100)),
        },
        Variant {
            name: "broken",
            about: "Both read the balance, both talk to the database, and the second overwrites what the first wrote.",
            expect: Expect::Breaks,
            body: broken,
        },
    ],
};

const BALANCE: u64 = 100;
const DEPOSITS: [u64; 2] = [10, 20];

#[derive(Clone)]
struct Account {
    balance: Rc<Cell<u64>>,
    lock: Lock,
}

async fn read_then_write(account: Account, amount: u64) -> Result<(), Exc> {
    let balance = account.balance.get();
    event!("read {balance}");
    sleep(ms(100)).await?; // talks to the database
    account.balance.set(balance + amount);
    event!("wrote {}", account.balance.get());
    Ok(())
}

async fn with_lock(account: Account, amount: u64) -> Result<(), Exc> {
    let lock = account.lock.clone();
    lock.with(read_then_write(account, amount)).await
}

async fn without_await(account: Account, amount: u64) -> Result<(), Exc> {
    sleep(ms(100)).await?;
    account.balance.set(account.balance.get() + amount);
    event!("wrote {}", account.balance.get());
    Ok(())
}

fn broken(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, read_then_write, ms(100))
}

fn run<F>(
    executor: &mut Executor,
    deposit: fn(Account, u64) -> F,
    expected_end: Duration,
) -> Result<(), Violation>
where
    F: Future<Output = Result<(), Exc>> + 'static,
{
    let mut asyncio = start(executor);
    let account = Account { balance: Rc::new(Cell::new(BALANCE)), lock: Lock::new() };
    let shared = account.clone();
    let main = asyncio.create_task("main", async move {
        let deposits =
            DEPOSITS.map(|amount| create_task(format!("deposit{amount}"), deposit(shared.clone(), amount)));
        gather(deposits).await.map(drop)
    });
    done(asyncio.run_until_complete(&main))?;
    let (balance, expected) = (account.balance.get(), BALANCE + DEPOSITS.iter().sum::<u64>());
    say(&mut asyncio, &format!("balance {balance}"));
    ensure!(balance == expected, "the balance is {balance} and should be {expected}: an update is lost");
    let end = since_start(&asyncio);
    ensure!(end == expected_end, "the deposits took {end:?} and not {expected_end:?}");
    Ok(())
}
