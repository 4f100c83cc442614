//! Chains of a million generations: time, memory and texts stay in proportion.

use std::fs;
use std::future::{Future, pending};
use std::pin::Pin;
use std::time::Duration;

use sim_executor::{
    Config, Executor, Outcome, ProductionOrder, Report, TraceLevel, event, spawn, spawn_named, time,
};

const MS: Duration = Duration::from_millis(1);

/// Calls on a thread with as much stack as those of tests have.
fn on_a_small_stack<R: Send + 'static>(call: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    thread.spawn(call).unwrap().join().unwrap()
}

/// A heartbeat that spawns its own successor.
fn beat(left: u32, tells: bool) {
    drop(spawn_named("beat", async move {
        time::sleep(MS).await;
        if tells {
            event!("beat");
        }
        if left > 0 {
            beat(left - 1, tells);
        }
    }));
}

fn beats(count: u32, trace: TraceLevel) -> Report {
    let mut executor = Executor::with_config(Config { trace, ..Config::default() }, ProductionOrder);
    executor
        .block_on(async move {
            beat(u32::MAX, trace > TraceLevel::Off);
            time::sleep(MS * count).await;
        })
        .unwrap();
    executor.finish(Outcome::Done)
}

/// The most memory that the process has had, in kilobytes.
fn peak_kilobytes() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or(0, |line| line.trim().trim_end_matches(" kB").parse().unwrap())
}

#[test]
fn a_million_generations_of_a_heartbeat_need_memory_in_proportion() {
    let name = on_a_small_stack(|| {
        let report = beats(1_000_000, TraceLevel::Off);
        report.pending.iter().map(|task| task.lineage.to_string()).collect::<Vec<_>>()
    });
    assert_eq!(name.len(), 1);
    assert!(name[0].starts_with("…~") && name[0].ends_with("/beat/beat/beat/beat"), "{name:?}");
    assert!(peak_kilobytes() < 1_500_000, "{} kB", peak_kilobytes());
}

#[test]
fn the_trace_of_many_generations_is_in_proportion_and_names_each_otherwise() {
    let mut names: Vec<String> = on_a_small_stack(|| {
        let trace = beats(20_000, TraceLevel::Events).trace;
        trace.user_events().map(|(record, _)| record.lineage.to_string()).collect()
    });
    assert!(names.len() >= 19_999 && names.iter().all(|name| name.len() <= 1_024));
    let shown: usize = names.iter().map(String::len).sum();
    assert!(shown < 20_000 * 64, "{shown} bytes");
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[test]
fn a_hundred_thousand_tasks_that_each_await_the_next_are_dropped_without_recursion() {
    fn chain(left: u32) -> Pin<Box<dyn Future<Output = ()>>> {
        Box::pin(async move {
            if left == 0 {
                return pending().await;
            }
            spawn(chain(left - 1)).await.unwrap();
        })
    }
    let pending = on_a_small_stack(|| {
        let mut executor = Executor::new(ProductionOrder);
        executor
            .block_on(async {
                drop(spawn(chain(100_000)));
                time::sleep(MS).await;
            })
            .unwrap();
        let report = executor.finish(Outcome::Done);
        assert!(report.pending.iter().all(|task| task.lineage.len() <= 1_024));
        report.pending.len()
    });
    assert_eq!(pending, 100_001);
}
