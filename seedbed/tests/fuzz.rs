//! Tests that a fuzzer may run too.

use std::panic::catch_unwind;
use std::time::Duration;

use seedbed::{choose, event, spawn, time};

/// Tasks that sleep.
#[seedbed::test(fuzz, seeds = 20, virtual_time_max = Duration::from_secs(5))]
pub async fn a_sound_program() {
    let tasks = [1, 2].map(|number| {
        spawn(async move {
            time::sleep(Duration::from_millis(choose(10))).await;
            event!("task {number}");
        })
    });
    for task in tasks {
        task.await.unwrap();
    }
}

#[seedbed::test(fuzz, seeds = 0)]
async fn what_fails_on_rare_bytes() -> Result<(), String> {
    event!("begins");
    let drawn = [(); 2].map(|()| choose(256));
    if drawn == [17, 4] { Err(format!("{drawn:?}")) } else { Ok(()) }
}

#[seedbed::test(fuzz, seeds = 0, virtual_time_max = Duration::from_millis(7))]
async fn what_takes_too_long_for_its_attribute() {
    time::sleep(Duration::from_millis(choose(10))).await;
}

#[test]
fn any_bytes_are_a_run() {
    for length in 0..40 {
        a_sound_program::fuzz(&vec![0xa5; length]);
    }
}

#[test]
fn bytes_that_fail_are_told_with_the_log() {
    what_fails_on_rare_bytes::fuzz(&[4, 16]);
    let text =
        *catch_unwind(|| what_fails_on_rare_bytes::fuzz(&[4, 17])).unwrap_err().downcast::<String>().unwrap();
    assert!(
        text.starts_with("fuzz::what_fails_on_rare_bytes fails on these bytes (failed)\n0.000 main begins\n"),
        "{text}"
    );
    assert!(text.contains("[17, 4]"), "{text}");
}

#[test]
fn what_the_attribute_sets_holds_under_a_fuzzer() {
    what_takes_too_long_for_its_attribute::fuzz(&[5]);
    let text = catch_unwind(|| what_takes_too_long_for_its_attribute::fuzz(&[9])).unwrap_err();
    assert!(text.downcast_ref::<String>().unwrap().contains("virtual_time_max"));
}
