//! Preemption: threads of one program in other orders, with another thread between a load and the store that follows it.
#![expect(
    clippy::disallowed_methods,
    reason = "unmodified programs use real threads, as they are answered by the run"
)]

use std::collections::BTreeSet;

use sim_posix::ProcessConfig;

#[path = "preemption/programs.rs"]
mod programs;

use programs::*;

#[test]
fn an_update_is_lost_between_a_load_and_the_store_behind_it() {
    // Neither waits: only a thread that is stopped between two instructions shows it.
    for (broken, mended) in [
        (count_atomic as fn() -> u32, count_atomic_at_once as fn() -> u32),
        (count_locked_twice, count_locked_once),
    ] {
        assert!((0..20).all(|seed| !loses(seed, ProcessConfig::default(), broken)), "no thread is stopped");
        let found = (0..400).find(|seed| loses(*seed, STOPPED, broken));
        assert!(found.is_some(), "no seed of 400 shows it");
        assert!((0..10).all(|seed| !loses(seed, STOPPED, mended)), "it is not lost where one step does both");
    }
}

#[test]
fn a_seed_stops_threads_at_the_same_instructions_again() {
    // What programs make once, they make in the first run.
    let _ = run(0, STOPPED, order_of_threads);
    let runs = || (0..8).map(|seed| run(seed, STOPPED, order_of_threads)).collect::<Vec<_>>();
    let first = runs();
    assert_eq!(first, runs());
    let orders: BTreeSet<_> = first.iter().map(|(order, _)| order).collect();
    assert!(orders.len() > 4, "{orders:?}");
}
