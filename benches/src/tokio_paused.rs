//! Tokio's single-threaded runtime with its clock paused: no hosts, no network.

use crate::tokio_tasks;
use crate::workload::{IDLE_HOSTS, Workload};
use std::time::Duration;

pub(crate) const WORKLOADS: &[Workload] =
    &[Workload::Yield, Workload::Sleep, Workload::Ticks, Workload::Spawn, Workload::Idle, Workload::Tasks];

pub(crate) fn run(workload: Workload, size: u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("the runtime starts");
    runtime.block_on(async {
        match workload {
            Workload::Yield => tokio_tasks::yields(size).await,
            Workload::Sleep => tokio_tasks::sleeps(size).await,
            Workload::Ticks => tokio_tasks::ticks(size).await,
            Workload::Spawn => tokio_tasks::spawns(size).await,
            Workload::Idle => sleepers(IDLE_HOSTS, Duration::from_secs(size)).await,
            Workload::Tasks => sleepers(size, Duration::from_secs(1)).await,
            Workload::Echo
            | Workload::Bulk
            | Workload::FanOut
            | Workload::Tiny
            | Workload::Heartbeat
            | Workload::Connections => unreachable!("tokio-paused does not have {workload:?}"),
        }
    });
}

/// Without hosts: as many tasks.
async fn sleepers(count: u64, duration: Duration) {
    let task = move || async move { tokio::time::sleep(duration).await };
    let tasks: Vec<_> = (0..count).map(|_| tokio::spawn(task())).collect();
    for task in tasks {
        task.await.expect("the task ends");
    }
}
