//! The README's test, which must fail as the README says.

use seedbed::{choose_between, spawn, time};
use std::{cell::Cell, rc::Rc, time::Duration};

#[seedbed::test(seeds = 200)]
#[should_panic(expected = "SEEDBED_SEED=2 cargo test no_payment_is_lost")]
async fn no_payment_is_lost() {
    let balance = Rc::new(Cell::new(0));
    let pay = |clerk: u64, balance: Rc<Cell<u32>>| async move {
        time::sleep(Duration::from_millis(10 * clerk + choose_between(1, 20))).await;
        let read = balance.get();
        time::sleep(Duration::from_millis(2)).await; // writes the journal
        balance.set(read + 10);
    };
    let clerks = [0, 1, 2].map(|clerk| spawn(pay(clerk, balance.clone())));
    for clerk in clerks {
        clerk.await.unwrap();
    }
    assert_eq!(balance.get(), 30);
}
