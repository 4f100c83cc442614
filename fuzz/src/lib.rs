//! A test as a user has it, which a fuzzer may run too.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{choose, spawn, time};

/// Payments into one account whose clerks take turns with a lock: none is lost, whatever the bytes say.
#[seedbed::test(fuzz, seeds = 20)]
pub async fn no_payment_is_lost() {
    let account = Rc::new((futures::lock::Mutex::new(()), Cell::new(0)));
    let clerks = [(); 3].map(|()| {
        let account = Rc::clone(&account);
        spawn(async move {
            time::sleep(Duration::from_millis(choose(4))).await;
            let _turn = account.0.lock().await;
            let read = account.1.get();
            time::sleep(Duration::from_millis(choose(4))).await;
            account.1.set(read + 10);
        })
    });
    for clerk in clerks {
        clerk.await.expect("a clerk does not panic");
    }
    assert_eq!(account.1.get(), 30);
}
