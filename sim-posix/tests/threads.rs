//! Threads of programs: which order they run in, and how they wait for those of other processes.
#![expect(
    clippy::disallowed_methods,
    reason = "unmodified programs use real threads, locks and sleeps, as they are answered by the run"
)]

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use sim_executor::{Around, Config, Executor, KeyedRandom, ProductionOrder, Ratio, time};
use sim_posix::{ExitError, ProcessConfig, process, process_with};

/// Two threads add to one number, and read the clock between what they read and what they write.
fn add_twice() -> u32 {
    let number = Arc::new(AtomicU32::new(0));
    let threads = [(); 2].map(|()| {
        let number = Arc::clone(&number);
        std::thread::spawn(move || {
            let before = number.load(Ordering::SeqCst);
            let _ = std::net::UdpSocket::bind("127.0.0.1:0");
            number.store(before + 1, Ordering::SeqCst);
        })
    });
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    number.load(Ordering::SeqCst)
}

#[test]
fn a_lost_update_is_found_with_preemption_and_only_then() {
    let lost = |preempt, seed| {
        let config = ProcessConfig { preempt, ..ProcessConfig::default() };
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let ran =
            executor.block_on(async move { process_with("host", config, add_twice).exit().await.unwrap() });
        (ran.unwrap() == 1, executor.hash())
    };
    let seeds = 0..40;
    let found: Vec<_> = seeds.clone().map(|seed| lost(Ratio::one_in(4), seed)).collect();
    assert!(found.iter().any(|(is_lost, _)| *is_lost), "preempted in no seed");
    assert!(found.iter().any(|(is_lost, _)| !is_lost), "preempted in each seed");
    assert!(!seeds.clone().any(|seed| lost(Ratio::NEVER, seed).0), "nobody was to be preempted");
    assert_eq!(seeds.map(|seed| lost(Ratio::one_in(4), seed)).collect::<Vec<_>>(), found, "a seed is a run");
}

/// Holds a lock for two seconds, or waits for who does.
fn hold(lock: &Mutex<u32>, first: bool) {
    std::thread::sleep(Duration::from_millis(if first { 0 } else { 500 }));
    let mut held = lock.lock().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    *held += 1;
}

#[test]
fn processes_wait_for_each_others_locks() {
    static LOCK: Mutex<u32> = Mutex::new(0);
    let given = Arc::new(Mutex::new(0));
    let shared = Arc::clone(&given);
    let run = Executor::new(ProductionOrder).block_on(async move {
        let mut all = Vec::new();
        for (name, first) in [("a", true), ("b", false), ("c", false)] {
            let given = Arc::clone(&shared);
            all.push(process(name, move || {
                hold(&LOCK, first);
                hold(&given, first);
            }));
        }
        for one in all {
            one.exit().await.unwrap();
        }
    });
    run.unwrap();
    assert_eq!((*LOCK.lock().unwrap(), *given.lock().unwrap()), (3, 3));
}

#[test]
fn a_native_task_wakes_a_thread_of_a_process() {
    let (sender, receiver) = mpsc::channel();
    let receiver = Mutex::new(receiver);
    let around = Some(Around(|_, poll| sim_posix::around_native(poll)));
    let config = Config { around, ..Config::default() };
    let heard = Executor::with_config(config, ProductionOrder).block_on(async move {
        let host = process("host", move || receiver.lock().unwrap().recv().unwrap());
        time::sleep(Duration::from_secs(1)).await;
        sender.send(7).unwrap();
        host.exit().await.unwrap()
    });
    assert_eq!(heard.unwrap(), 7);
}

#[test]
fn a_thread_that_panics_tells_nothing_of_the_machine() {
    let run = || {
        let mut executor = Executor::new(KeyedRandom::new(1));
        let ran = executor.block_on(async {
            let host = process("host", || {
                let thread = std::thread::spawn(|| panic!("no bytes left"));
                assert!(thread.join().is_err());
            });
            host.exit().await.unwrap();
        });
        ran.unwrap();
        executor.hash()
    };
    assert_eq!(run(), run(), "such as the number of the thread");
}

#[test]
fn a_process_may_start_any_number_of_threads_one_after_the_other() {
    let ended = Executor::new(ProductionOrder).block_on(async {
        let host = process("host", || {
            let count = Arc::new(AtomicU32::new(0));
            for _ in 0..5_000 {
                let theirs = Arc::clone(&count);
                // Nobody joins it.
                drop(std::thread::spawn(move || theirs.fetch_add(1, Ordering::Relaxed)));
                std::thread::sleep(Duration::from_micros(1));
            }
            count.load(Ordering::Relaxed)
        });
        host.exit().await.unwrap()
    });
    assert_eq!(ended.unwrap(), 5_000);
}

#[test]
fn a_thread_that_waits_for_a_signal_is_killed() {
    // SAFETY: the type is that of the C library's function.
    #[expect(unsafe_code, reason = "the standard library has no such call")]
    unsafe extern "C" {
        safe fn pause() -> i32;
    }
    let ended = Executor::new(ProductionOrder).block_on(async {
        let host = process("host", || pause());
        time::sleep(Duration::from_secs(1)).await;
        host.kill();
        host.exit().await
    });
    assert_eq!(ended.unwrap(), Err(ExitError::Signalled { signal: 9 }));
}
