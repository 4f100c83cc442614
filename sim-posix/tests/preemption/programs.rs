//! Programs of six tasks or threads: the order of their steps, and counters that may lose an update.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use sim_executor::{Executor, KeyedRandom, Ratio};
use sim_posix::{ProcessConfig, process_with};

pub(crate) const TASKS: u32 = 6;

/// What a program gives under a seed, and the hash of the run.
pub(crate) fn run<T: Send + 'static>(
    seed: u64,
    config: ProcessConfig,
    main: impl Fn() -> T + Send + Sync + 'static,
) -> (T, u64) {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let value = executor.block_on(async move { process_with("host", config, main).exit().await.unwrap() });
    (value.unwrap(), executor.hash())
}

pub(crate) fn multi_thread<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(3).enable_all().build().unwrap().block_on(future)
}

pub(crate) const AT_CALLS: ProcessConfig =
    ProcessConfig { preempt: Ratio::new(3, 4), preempt_within: 0, traps: false, cpus: 4, env: &[] };
pub(crate) const STOPPED: ProcessConfig = ProcessConfig { preempt_within: 30, ..AT_CALLS };

/// Counts with six tasks.
pub(crate) async fn count<C: Default + Send + Sync + 'static>(add_one: fn(&C)) -> C {
    let counter = Arc::new(C::default());
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let counter = Arc::clone(&counter);
            tokio::spawn(async move { add_one(&counter) })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    Arc::into_inner(counter).unwrap()
}

pub(crate) fn count_atomic() -> u32 {
    let counter = multi_thread(count::<AtomicU32>(|counter| {
        let before = counter.load(Ordering::SeqCst);
        counter.store(before + 1, Ordering::SeqCst);
    }));
    counter.into_inner()
}

pub(crate) fn count_atomic_at_once() -> u32 {
    multi_thread(count::<AtomicU32>(|counter| _ = counter.fetch_add(1, Ordering::SeqCst))).into_inner()
}

pub(crate) fn count_locked_twice() -> u32 {
    let counter = multi_thread(count::<Mutex<u32>>(|counter| {
        let before = *counter.lock().unwrap();
        *counter.lock().unwrap() = before + 1;
    }));
    counter.into_inner().unwrap()
}

pub(crate) fn count_locked_once() -> u32 {
    multi_thread(count::<Mutex<u32>>(|counter| *counter.lock().unwrap() += 1)).into_inner().unwrap()
}

/// Whether a program loses an update under a seed.
pub(crate) fn loses(seed: u64, config: ProcessConfig, main: fn() -> u32) -> bool {
    run(seed, config, main).0 != TASKS
}

/// The order in which six threads do their two steps.
pub(crate) fn order_of_threads() -> Vec<u32> {
    let order = Arc::new(Mutex::new(Vec::new()));
    let threads: Vec<_> = (0..TASKS)
        .map(|task| {
            let order = Arc::clone(&order);
            std::thread::spawn(move || {
                for _ in 0..2 {
                    order.lock().unwrap().push(task);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    Arc::into_inner(order).unwrap().into_inner().unwrap()
}
