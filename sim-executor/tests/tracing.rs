//! Claims about captured `tracing` events.

use std::time::Duration;

use sim_executor::{Config, Executor, ProductionOrder, TraceLevel, spawn_named, time};

fn log(config: Config) -> String {
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor
        .block_on(async {
            let worker = spawn_named("worker", async {
                time::sleep(Duration::from_millis(5)).await;
                tracing::info!(item = 3, "got one");
                tracing::debug!("a detail");
            });
            tracing::warn!("starting");
            worker.await.unwrap();
        })
        .unwrap();
    executor.trace().to_string()
}

#[test]
fn events_get_virtual_time_and_task() {
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    assert_eq!(log(config), "0.000 main WARN starting\n0.005 main/worker INFO got one item=3\n");
}

#[test]
fn less_important_events_are_captured_when_asked_for() {
    let tracing_level = tracing::level_filters::LevelFilter::DEBUG;
    let config = Config { trace: TraceLevel::Events, tracing_level, ..Config::default() };
    assert!(log(config).contains("0.005 main/worker DEBUG a detail"));
}

/// As when another run begins on another thread: all subscribers are asked what they want, also those between two calls.
#[test]
fn a_new_subscriber_takes_no_events_from_another_run() {
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    let say = || tracing::info!("said");
    executor.block_on(async move { say() }).unwrap();
    let _other = tracing::Dispatch::new(tracing::subscriber::NoSubscriber::default());
    executor.block_on(async move { say() }).unwrap();
    assert_eq!(executor.trace().to_string(), "0.000 main INFO said\n0.000 main INFO said\n");
}

#[test]
fn an_event_outside_of_a_run_is_none_of_ours() {
    tracing::error!("nobody hears this");
}
