//! The workloads without a network as tokio programs, for the systems whose tasks are tokio's.

use crate::workload::{HEARTBEATS, SLEEP_TASKS, YIELD_TASKS, sleep_duration, wake_and_wait};
use std::time::Duration;
use tokio::task::JoinHandle;

pub(crate) async fn yields(rounds: u64) {
    let task = move || async move {
        for _ in 0..rounds {
            wake_and_wait().await;
        }
    };
    join((0..YIELD_TASKS).map(|_| tokio::spawn(task())).collect()).await;
}

pub(crate) async fn sleeps(rounds: u64) {
    let task = move |task| async move {
        for round in 0..rounds {
            tokio::time::sleep(sleep_duration(task, round)).await;
        }
    };
    join((0..SLEEP_TASKS).map(|index| tokio::spawn(task(index))).collect()).await;
}

/// Without hosts: as many tasks.
pub(crate) async fn ticks(hosts: u64) {
    let task = move || async move {
        for _ in 0..HEARTBEATS {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    join((0..hosts).map(|_| tokio::spawn(task())).collect()).await;
}

pub(crate) async fn spawns(count: u64) {
    for _ in 0..count {
        tokio::spawn(async {}).await.expect("the task ends");
    }
}

async fn join(tasks: Vec<JoinHandle<()>>) {
    for task in tasks {
        task.await.expect("the task ends");
    }
}
