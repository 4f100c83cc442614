//! What a real thread is told that uses something of a run.

use std::future::pending;

use seedbed::task::AbortHandle;
use seedbed::{Executor, ProductionOrder, spawn, time, yield_now};

/// What a real thread is told that uses the handle.
#[expect(clippy::disallowed_methods, reason = "this shows what a real thread in a run is told")]
fn on_a_thread<R: Send + 'static>(handle: AbortHandle, call: fn(&AbortHandle) -> R) -> String {
    let thread = std::thread::spawn(move || call(&handle)).join();
    thread
        .err()
        .and_then(|thrown| thrown.downcast_ref::<&str>().map(|text| (*text).to_string()))
        .unwrap_or_default()
}

#[test]
fn a_handle_on_a_real_thread_says_what_is_wrong() {
    let end = Executor::new(ProductionOrder).block_on(async {
        let handle = spawn(pending::<()>()).abort_handle();
        for said in [
            on_a_thread(handle.clone(), AbortHandle::abort),
            on_a_thread(handle.clone(), AbortHandle::is_finished),
        ] {
            assert!(said.contains("real threads have no part in it, so use seedbed::spawn"), "{said:?}");
        }
        // Which thread asks does not matter for this.
        assert_eq!(on_a_thread(handle.clone(), AbortHandle::id), "");
        yield_now().await;
        assert!(!handle.is_finished());
    });
    assert_eq!(end, Ok(()));
}

#[test]
fn a_sleep_on_a_real_thread_says_what_is_wrong() {
    let said = on_a_thread(Executor::new(ProductionOrder).enter(|| spawn(async {}).abort_handle()), |_| {
        drop(time::sleep(time::Duration::from_secs(1)));
    });
    assert!(said.contains("this thread is in none") && said.contains("seedbed::spawn_blocking"), "{said:?}");
}
