//! A failure is made again before it is told: what is said of that is so.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use seedbed::{Environment, Sweep, SweepError, choose, event, time};

thread_local! {
    static CACHE: Cell<u32> = const { Cell::new(0) };
}

#[seedbed::test(seeds = 50, strategy = "random")]
#[should_panic(expected = "and the same when the run was made again with a trace, in other circumstances, \
                           alone in a new process\nreproduce: SEEDBED_SEED=")]
async fn a_failure_of_the_seed_alone_is_said_to_be_one() {
    assert_ne!(choose(3), 2);
}

/// Two tasks that may lose an increment.
async fn lose_an_increment() {
    let count = Rc::new(Cell::new(0));
    let workers = [(); 2].map(|()| {
        let count = Rc::clone(&count);
        seedbed::spawn(async move {
            let before = count.get();
            if choose(4) == 3 {
                seedbed::yield_now().await;
            }
            count.set(before + 1);
        })
    });
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(count.get(), 2);
}

#[test]
fn the_line_of_a_failure_makes_the_same_run_whatever_the_strategy() {
    const STRATEGIES: [&str; 7] =
        ["random", "walk", "urw", "pct:changes=3", "delay:delays=4", "portfolio", "each"];
    for strategy in STRATEGIES {
        let sweep = Sweep { strategy: strategy.parse().ok(), repeated: 0, ..Sweep::default() };
        let failing = std::panic::catch_unwind(|| sweep.run("lose_an_increment", lose_an_increment));
        let message = failing.expect_err(strategy).downcast_ref::<String>().unwrap().clone();
        let (told, line) = message.split_once("reproduce: ").unwrap_or_else(|| panic!("{message}"));
        assert!(told.contains("alone in a new process\n"), "{message}");
        let variable = |name: &str| {
            let mut words = line.split(' ');
            words.find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(str::to_string)
        };
        let asked = Environment {
            seed: variable("SEEDBED_SEED"),
            strategy: variable("SEEDBED_STRATEGY"),
            ..Environment::default()
        };
        let again = Sweep::default().with_environment(&asked).unwrap();
        let Err(SweepError::Failed(again)) = again.try_run("again", lose_an_increment) else {
            panic!("{message}")
        };
        assert!(told.contains(&format!("hash {:016x}, and the same when", again.report.hash)), "{message}");
        if strategy == "each" {
            assert!(line.starts_with("SEEDBED_STRATEGY=each:run="), "{message}");
        } else if strategy != "random" && strategy != "portfolio" {
            assert!(line.contains(&format!(" SEEDBED_STRATEGY={strategy} cargo test ")), "{message}");
        }
    }
}

#[seedbed::test(each = 1)]
#[should_panic(expected = "fails with one deviation from the default order")]
async fn a_test_may_be_every_run_with_few_deviations() {
    assert_ne!(choose(1_000_000), 999_999);
}

#[seedbed::test(each = 1)]
async fn such_a_test_does_not_draw() {
    assert_ne!(choose(3), 1);
}

#[seedbed::test(strategy = "walks")]
#[should_panic(expected = "strategy = \"walks\": there is no strategy walks; there are")]
async fn a_strategy_that_there_is_not_fails_the_test() {}

#[test]
fn a_run_that_the_program_does_not_come_to_is_refused() {
    let only = "each:run=0.0+7.0".parse().ok();
    let error = Sweep { only, ..Sweep::default() }.try_run("short", || async { assert!(choose(3) < 3) });
    let text = error.unwrap_err().to_string();
    assert!(text.starts_with("there is no run each:run=0.0+7.0: the program does not come to all"), "{text}");
}

#[test]
fn the_runs_of_a_test_are_as_many_as_seeds_says_and_each_says_how_far_it_has_come() {
    let runs = Rc::new(Cell::new(0));
    let counted = Rc::clone(&runs);
    let sweep = Sweep { seeds: 30, repeated: 0, ..Sweep::default() };
    let passed = sweep.try_run("draws", move || {
        counted.set(counted.get() + 1);
        async { assert!([choose(9), choose(9)].len() == 2) }
    });
    let passed = passed.unwrap();
    // Two decisions have one extreme each that is not the gentlest: four runs are all that there are.
    assert_eq!((passed.runs, passed.exhausted), (31, Some(u32::MAX)));
    let told = passed.to_string();
    assert!(told.starts_with("31 runs, "), "{told}");
    assert!(told.contains(" different: none failed; `each` has made all runs there are"), "{told}");
    // Production order is made twice, and one run shows the portfolio how long they are.
    assert_eq!(runs.get(), 33);
}

#[seedbed::test(seeds = 100)]
#[should_panic(
    expected = "NOT REPRODUCED from its choices: when it was made again, the run went another way"
)]
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
    assert!(text.contains("\nNOT REPRODUCED from its choices"), "{text}");
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
    assert!(last.contains("(only: \""), "{text}");
}
