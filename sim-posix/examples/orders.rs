//! How many orders preemption shows of a program, and how many seeds find a lost update: `cargo run -p sim-posix --example orders`
//!
//! With words behind it, only the settings whose names have one of them. With `cargo seedbed run` in place of `cargo
//! run` tokio takes tasks in a drawn order.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "unmodified programs use real threads, and are measured by the real clock"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use sim_posix::ProcessConfig;
use tokio::sync::oneshot;

#[path = "../tests/preemption/programs.rs"]
mod programs;

use programs::*;

type Counting = fn() -> u32;

fn current_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The order in which six tasks do their two steps.
async fn order() -> Vec<u32> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let order = Arc::clone(&order);
            tokio::spawn(async move {
                for _ in 0..2 {
                    order.lock().unwrap().push(task);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    Arc::into_inner(order).unwrap().into_inner().unwrap()
}

/// Counts to six with pairs of tasks. One waits between its load and its store, the other before its load; who lets
/// them go on does so in the order in which nothing is lost.
async fn count_over_an_await() -> u32 {
    let counter = Arc::new(AtomicU32::new(0));
    for _ in 0..TASKS / 2 {
        let (first_go, first_may) = oneshot::channel();
        let (second_go, second_may) = oneshot::channel();
        let (one, other) = (Arc::clone(&counter), Arc::clone(&counter));
        let tasks = [
            tokio::spawn(async move {
                let before = one.load(Ordering::SeqCst);
                first_may.await.unwrap();
                one.store(before + 1, Ordering::SeqCst);
            }),
            tokio::spawn(async move {
                second_may.await.unwrap();
                let before = other.load(Ordering::SeqCst);
                other.store(before + 1, Ordering::SeqCst);
            }),
            tokio::spawn(async move { first_go.send(()).unwrap() }),
            tokio::spawn(async move { second_go.send(()).unwrap() }),
        ];
        for task in tasks {
            task.await.unwrap();
        }
    }
    counter.load(Ordering::SeqCst)
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let settings = [
        ("taking turns", ProcessConfig::default()),
        ("preempt at calls", AT_CALLS),
        ("preempt within 30", STOPPED),
    ];
    let is_asked_for = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word));
    for (name, config) in settings.into_iter().filter(|(name, _)| is_asked_for(name)) {
        let begun = std::time::Instant::now();
        let orders = |main: fn() -> Vec<u32>| {
            let runs: Vec<_> = (0..200).map(|seed| run(seed, config, main)).collect();
            // The same in another process, if each of its runs is.
            let digest = runs.iter().fold(0_u64, |digest, (_, hash)| digest.rotate_left(1) ^ hash);
            (runs.into_iter().map(|(order, _)| order).collect::<BTreeSet<_>>().len(), digest)
        };
        for (of, main) in [
            ("one thread", (|| current_thread(order())) as fn() -> Vec<u32>),
            ("three workers", || multi_thread(order())),
            ("six threads", order_of_threads),
        ] {
            let (orders, digest) = orders(main);
            println!("{name}: {orders} orders of {of}, in runs {digest:016x}");
        }
        let programs: [(&str, Counting); 5] = [
            ("a load and a store in one thread, over an await", || current_thread(count_over_an_await())),
            ("load and store", count_atomic),
            ("fetch_add", count_atomic_at_once),
            ("two sections", count_locked_twice),
            ("one section", count_locked_once),
        ];
        for (program, main) in programs {
            let lost = (0..200).filter(|seed| loses(*seed, config, main)).count();
            println!("{name}: {lost} of 200 lose an update by {program}");
        }
        let differ = |main: fn() -> Vec<u32>| {
            (0..200).filter(|seed| run(*seed, config, main) != run(*seed, config, main)).count()
        };
        println!("{name}: {} of 200 seeds of one thread differ", differ(|| current_thread(order())));
        println!("{name}: {} of 200 seeds of three workers differ", differ(|| multi_thread(order())));
        println!("{name}: {} of 200 seeds of threads differ", differ(order_of_threads));
        println!("{name}: {:?} in all", begun.elapsed());
    }
}
