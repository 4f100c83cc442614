//! Who starves whom: per task how often it ran, and how long it waited for that although it was ready.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use seedbed::net::{self, NetworkConfig, TcpListener, TcpStream};
use seedbed::{
    Config, Executor, Node, Outcome, ProductionOrder, Report, StatsTable, TaskStats, TraceLevel,
    assert_no_starvation, event, node, spawn_named, time, yield_now,
};

const MS: Duration = Duration::from_millis(1);

/// The event log, and the table of the tasks in the order of their ends.
fn show<F>(program: F) -> String
where
    F: Future<Output = ()> + 'static,
{
    let config = Config { trace: TraceLevel::Events, stats: true, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor.block_on(program).unwrap();
    let report = executor.finish(Outcome::Done);
    format!("{}\n{}", report.trace, StatsTable(&report.stats))
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

/// Of each pattern that is about yielding: the variant that starves somebody, and the one that does not.
const PAIRS: &[(&str, &str, &str)] = &[
    ("producer_never_yields", "broken", "fixed_yield"),
    ("asyncio_producer_consumer", "broken_no_sleeps", "fixed_sleep_of_zero"),
    ("await_does_not_yield", "broken", "fixed"),
    ("reschedule_for_two_seconds", "broken_zero_cost", "fixed_sleep"),
    ("cpu_bound", "broken", "chunked"),
    ("blocking_between_runs", "broken_inside_task", "inside_task_fixed"),
    ("threads_vs_executor", "broken_block_in_loop", "fixed_task"),
    ("three_endpoints", "broken_blocking_client", "fixed_concurrent"),
    ("ws_send_starves_recv", "broken", "fixed_sleep_zero"),
    ("ws_loopback", "broken_starve", "starve_fixed"),
    ("ws_time_sleep", "broken_short", "fixed"),
    ("ws_slow_process", "broken_blocking", "fixed_queue_worker"),
    ("ws_blocked_handler", "broken_inline", "fixed_queue_and_worker"),
];

/// The tasks of one name, as one line.
#[derive(Clone, Copy, Default)]
struct Line {
    polls: u64,
    waited_polls_max: u64,
    waited_time_max: Duration,
    gap_max: Duration,
}

/// What `worker`, `worker#2` and so on have in common; and `Task-1`, `Task-2`.
fn shared_name(lineage: &str) -> String {
    let name = lineage.split('#').next().unwrap_or_default();
    let unnumbered = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
    if unnumbered.ends_with('-') { format!("{unnumbered}*") } else { name.to_string() }
}

fn lines(stats: &[TaskStats]) -> BTreeMap<String, Line> {
    let mut lines: BTreeMap<String, Line> = BTreeMap::new();
    for task in stats {
        let line = lines.entry(shared_name(&task.lineage)).or_default();
        line.polls += task.polls;
        line.waited_polls_max = line.waited_polls_max.max(task.waited_polls_max);
        line.waited_time_max = line.waited_time_max.max(task.waited_time_max);
        line.gap_max = line.gap_max.max(task.gap_max);
    }
    lines
}

fn seconds(duration: Duration) -> String {
    format!("{}.{:03}", duration.as_secs(), duration.subsec_millis())
}

fn cells(line: Option<&Line>) -> String {
    let Some(line) = line else { return format!("{:>5} {:>7} {:>8} {:>8}", "-", "-", "-", "-") };
    let (waited, gap) = (seconds(line.waited_time_max), seconds(line.gap_max));
    format!("{:>5} {:>7} {:>8} {:>8}", line.polls, line.waited_polls_max, waited, gap)
}

/// Two variants beside each other: a row for each task, and what became of the run.
fn side_by_side(scenario: &str, broken: &str, fixed: &str) -> String {
    let scenario = scenarios::all().iter().find(|known| known.name == scenario).unwrap();
    let settings = scenario.settings([]).unwrap();
    let config = Config { stats: true, ..Config::default() };
    let [broken, fixed] = [broken, fixed].map(|name| {
        let variant = scenario.variant(name).unwrap_or_else(|| panic!("{} has no {name}", scenario.name));
        (variant, variant.run(&settings, config, Box::new(ProductionOrder)))
    });
    beside([&broken, &fixed].map(|(variant, report)| (variant.name, report)))
}

/// Two runs beside each other.
fn beside(runs: [(&str, &Report); 2]) -> String {
    let tables = runs.map(|(_, report)| lines(&report.stats));
    let names: BTreeSet<&String> = tables.iter().flat_map(BTreeMap::keys).collect();
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let head = format!("{:>5} {:>7} {:>8} {:>8}", "polls", "waited:", "waited:", "longest");
    let units = format!("{:>5} {:>7} {:>8} {:>8}", "", "polls", "seconds", "gap");
    let mut text = format!("{:width$} | {:^31} | {:^31}\n", "", runs[0].0, runs[1].0);
    text.push_str(&format!("{:width$} | {head} | {head}\n", "task"));
    text.push_str(&format!("{:width$} | {units} | {units}\n", ""));
    for name in names {
        let [one, other] = [0, 1].map(|side| cells(tables[side].get(name)));
        text.push_str(&format!("{name:width$} | {one} | {other}\n"));
    }
    for (name, report) in runs {
        text.push_str(&format!("{name}: {}\n", ended(report)));
    }
    text
}

fn ended(report: &Report) -> String {
    match &report.outcome {
        Outcome::Done => format!("done at {}", report.ended_at),
        outcome => outcome.to_string().lines().next().unwrap_or_default().to_string(),
    }
}

/// A client whose every write takes a millisecond of its CPU, and a heartbeat beside it that is due every 5 ms.
async fn writes_that_cost_time(yields: bool) {
    net::install(NetworkConfig { op_cost: MS, ..NetworkConfig::default() });
    let server = Node::named("server").spawn_named("server", async {
        let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), 40 * 100);
    });
    let client = Node::named("client");
    let heart = client.spawn_named("heart", async {
        for _ in 0..8 {
            time::sleep(5 * MS).await;
        }
    });
    let writer = client.spawn_named("writer", async move {
        let mut stream = TcpStream::connect("server:80").await.unwrap();
        for _ in 0..40 {
            stream.write_all(&[b'x'; 100]).await.unwrap();
            if yields {
                yield_now().await;
            }
        }
    });
    writer.await.unwrap();
    server.await.unwrap();
    heart.await.unwrap();
}

#[test]
fn writes_that_cost_time_stop_the_heart_unless_the_writer_yields() {
    let [never, always] = [false, true].map(|yields| {
        let config = Config { stats: true, ..Config::default() };
        let mut executor = Executor::with_config(config, ProductionOrder);
        executor.block_on(writes_that_cost_time(yields)).unwrap();
        executor.finish(Outcome::Done)
    });
    insta::assert_snapshot!(beside([("never yields", &never), ("yields", &always)]));
}

#[test]
fn broken_and_fixed_beside_each_other() {
    for &(scenario, broken, fixed) in PAIRS {
        insta::assert_snapshot!(scenario, side_by_side(scenario, broken, fixed));
    }
}

/// Runs a program whose tasks are looked at by `assert_no_starvation`; gives what it says.
fn starves<F>(polls_max: u64, program: F) -> Option<String>
where
    F: Future<Output = ()> + 'static,
{
    let config = Config { stats: true, ..Config::default() };
    let ended = Executor::with_config(config, ProductionOrder).block_on(async move {
        program.await;
        assert_no_starvation(polls_max);
    });
    ended.err().map(|error| error.to_string())
}

/// Two tasks, one of which is polled a hundred times before the other.
async fn one_that_is_late() {
    let (late, busy) = (node("late"), node("busy"));
    // The node's CPU is held, so that its task is ready all the time.
    late.spawn_named("blocker", time::block(MS));
    let task = late.spawn_named("victim", async {});
    let busy = busy.spawn_named("worker", async {
        for _ in 0..100 {
            yield_now().await;
        }
    });
    busy.await.unwrap();
    task.await.unwrap();
}

#[test]
fn who_starves_is_named_with_what_all_waited() {
    assert_eq!(starves(200, one_that_is_late()), None);
    let text = starves(50, one_that_is_late()).unwrap();
    assert!(text.contains("late/victim starves: it waited for 10"), "{text}");
    assert!(text.contains("task          waits  polls: 50 %"), "{text}");
}

#[test]
fn who_still_waits_counts_too() {
    let waiting = async {
        node("late").spawn_named("blocker", time::block(MS));
        node("late").spawn_named("victim", async {});
        for _ in 0..100 {
            yield_now().await;
        }
    };
    let text = starves(50, waiting).unwrap();
    assert!(text.contains("late/victim starves"), "{text}");
}

#[test]
fn without_statistics_nobody_can_tell() {
    let ended = Executor::new(ProductionOrder).block_on(async { assert_no_starvation(1) });
    assert!(ended.unwrap_err().to_string().contains("set `Config::stats`"));
}
