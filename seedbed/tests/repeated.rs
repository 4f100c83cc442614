//! A failure is made again before it is told: what is said of that is so.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use seedbed::{Sweep, SweepError, choose, event, time};

thread_local! {
    static CACHE: Cell<u32> = const { Cell::new(0) };
}

#[seedbed::test(seeds = 50)]
#[should_panic(expected = "and the same when the run was made again with a trace, in other circumstances, \
                           alone in a new process\nreproduce: SEEDBED_SEED=")]
async fn a_failure_of_the_seed_alone_is_said_to_be_one() {
    assert_ne!(choose(3), 2);
}

#[seedbed::test(seeds = 100)]
#[should_panic(expected = "NOT REPRODUCED from its seed: when it was made again, the run went another way")]
async fn a_failure_after_many_runs_on_a_thread_is_said_not_to_be_reproduced() {
    let entries = CACHE.get() + 1;
    CACHE.set(entries);
    time::sleep(Duration::from_millis(1)).await;
    assert!(entries < 50, "the cache is full");
}

#[seedbed::test(seeds = 100)]
#[should_panic(expected = "\n  alone in a new process: hash ")]
async fn a_failure_after_many_runs_of_a_process_is_said_to_be_none_of_the_seed_alone() {
    static ENTRIES: AtomicU32 = AtomicU32::new(0);
    let entries = ENTRIES.fetch_add(1, Ordering::Relaxed);
    time::sleep(Duration::from_millis(1)).await;
    assert!(entries < 50, "the cache is full");
}

#[seedbed::test(seeds = 100)]
#[should_panic(
    expected = "\nall runs of the test, one after the other: cargo test what_is_not_reproduced_has_no_line"
)]
async fn what_is_not_reproduced_has_no_line_with_a_seed() {
    static ENTRIES: AtomicU32 = AtomicU32::new(0);
    assert!(ENTRIES.fetch_add(1, Ordering::Relaxed) < 50, "the cache is full");
}

#[test]
fn state_that_grows_from_run_to_run_is_found_by_production_order() {
    thread_local! {
        static ENTRIES: Cell<u32> = const { Cell::new(0) };
    }
    let error = Sweep::default().try_run("cache", || async {
        ENTRIES.set(ENTRIES.get() + 1);
        time::sleep(Duration::from_millis(1)).await;
        assert!(ENTRIES.get() < 50, "the cache is full");
    });
    let text = error.unwrap_err().to_string();
    assert!(
        text.contains("\n  production order, which had passed in another way before it: hash "),
        "{text}"
    );
    assert!(text.contains("\nNOT REPRODUCED from its seed"), "{text}");
    assert!(!text.contains("reproduce: "), "{text}");
}

#[seedbed::test]
#[should_panic(expected = "is not deterministic: two runs")]
async fn the_place_of_a_variable_on_the_stack_is_found_out() {
    let here = black_box(5);
    let place = std::ptr::from_ref(&here).addr();
    time::sleep(Duration::from_nanos(place as u64 % 4_096)).await;
}

#[seedbed::test]
#[should_panic(expected = "is not deterministic: two runs")]
async fn the_place_of_a_box_is_found_out() {
    let boxed = Box::new(1_u64);
    let place = std::ptr::from_ref(&*boxed).addr();
    time::sleep(Duration::from_nanos((place as u64 >> 4) % 1_000)).await;
}

#[seedbed::test]
#[should_panic(expected = "is not deterministic: two runs")]
async fn the_thread_is_found_out() {
    event!("{:?}", std::thread::current().id());
}

/// The order of objects by their addresses, as a map has it whose keys are pointers.
async fn order_by_address() {
    let blocks: Vec<Rc<Vec<u8>>> = (0..8_u8).map(|i| Rc::new(vec![i; 1 << (10 + i)])).collect();
    let map: BTreeMap<*const u8, u8> = blocks.iter().map(|block| (block.as_ptr(), block[0])).collect();
    event!("{:?}", map.values().collect::<Vec<_>>());
}

#[seedbed::test]
#[should_panic(expected = "is not deterministic: two runs")]
async fn the_order_of_addresses_is_found_out() {
    order_by_address().await;
}

#[test]
fn the_order_of_addresses_is_found_out_without_another_thread() {
    let result = Sweep::default().try_run("map", order_by_address);
    assert!(matches!(result, Err(SweepError::Diverged(_))), "{result:?}");
}

#[test]
fn a_rare_difference_is_found_out() {
    // Only every fifth seed looks at what no seed decides.
    let runs = RefCell::new(0_u32);
    let result = Sweep::default().try_run("rare", move || {
        *runs.borrow_mut() += 1;
        let number = *runs.borrow();
        async move {
            if choose(5) == 4 {
                event!("run {number}");
            }
        }
    });
    assert!(matches!(result, Err(SweepError::Diverged(_))), "{result:?}");
}

#[test]
fn a_sweep_whose_caller_knows_no_environment_says_how_else_a_run_is_made_alone() {
    let error = Sweep::default().try_run("any", || async { assert_ne!(choose(3), 2) }).unwrap_err();
    let SweepError::Failed(failed) = &error else { panic!("{error}") };
    assert!(failed.is_reproducible());
    let text = error.to_string();
    let last = text.lines().last().unwrap();
    assert!(last.starts_with("reproduce: cargo test a_sweep_whose_caller_knows_no_environment"), "{text}");
    assert!(last.contains("(only: Some(RunSeed::Seed("), "{text}");
}
