//! Who starves whom: per task how often it ran, and how long it waited for that although it was ready.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{
    Config, Executor, Outcome, ProductionOrder, TaskStats, TraceLevel, event, spawn_named, time, yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// One task a line.
fn table(stats: &[TaskStats]) -> String {
    let mut text =
        format!("{:<16} {:>5} {:>22} {:>12}\n", "task", "polls", "longest wait in polls", "in time");
    for task in stats {
        let time = format!("{} ms", task.waited_time_max.as_millis());
        text.push_str(&format!(
            "{:<16} {:>5} {:>22} {:>12}\n",
            task.lineage, task.polls, task.waited_polls_max, time
        ));
    }
    text
}

/// The event log, and the table of the tasks in the order of their ends.
fn show<F>(program: F) -> String
where
    F: Future<Output = ()> + 'static,
{
    let config = Config { trace: TraceLevel::Events, stats: true, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor.block_on(program).unwrap();
    let report = executor.finish(Outcome::Done);
    format!("{}\n{}", report.trace, table(&report.stats))
}

/// A producer that fills an unbounded queue, and a consumer that looks how far it has come.
async fn producer_and_consumer(yields: bool) {
    let put = Rc::new(Cell::new(0));
    let seen = Rc::clone(&put);
    let producer = spawn_named("producer", async move {
        for item in 1..=6 {
            put.set(item);
            event!("put {item}");
            if yields {
                yield_now().await;
            }
        }
    });
    let consumer = spawn_named("consumer", async move {
        loop {
            event!("{} items are there", seen.get());
            if seen.get() == 6 {
                break;
            }
            yield_now().await;
        }
    });
    producer.await.unwrap();
    consumer.await.unwrap();
}

#[test]
fn a_producer_that_never_yields_keeps_the_consumer_waiting_to_the_end() {
    insta::assert_snapshot!(show(producer_and_consumer(false)));
}

#[test]
fn a_producer_that_yields_lets_the_consumer_follow() {
    insta::assert_snapshot!(show(producer_and_consumer(true)));
}

/// A heartbeat every 100 ms beside a task that has work for half a second.
async fn heartbeat(work: impl Future<Output = ()> + 'static) {
    let heart = spawn_named("heart", async {
        for beat in 1..=6 {
            time::sleep(100 * MS).await;
            event!("beat {beat}");
        }
    });
    let worker = spawn_named("worker", async move {
        time::sleep(50 * MS).await;
        work.await;
        event!("work is done");
    });
    worker.await.unwrap();
    heart.await.unwrap();
}

#[test]
fn blocking_work_stops_the_heart() {
    insta::assert_snapshot!(show(heartbeat(time::block(500 * MS))));
}

#[test]
fn sleeping_work_does_not() {
    insta::assert_snapshot!(show(heartbeat(async { time::sleep(500 * MS).await })));
}
