//! A server that reports in real time to clients of which one is slow.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use seedbed::{Executor, Instant, Node, event, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::changes::Changes;
use super::connection::listen;
use super::session::{ConnectionClosed, Session, SessionConfig};
use super::{SessionError, connect_hosts_evenly, joined, ms, seconds};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_realtime_broadcast",
    about: "A server sends a report of 2,000 bytes each 100 ms to three clients. Client C reads one message a second, and with \
            8 KiB in the kernels its connection is full within seconds.",
    invariant: "The clients A and B get all reports in order, each one latency after it was made, however slow C is. Where each \
                client has a queue, no more than the write limit and one report waits in a write buffer.",
    patterns: &[&patterns::B1],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_broadcast",
            about: "Nothing waits for a client; what C has not read grows in the server's memory.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Publish::Broadcast, 32_768),
        },
        Variant {
            name: "fixed_queue_per_client",
            about: "Each client has a task that sends and a short queue, in which a new report replaces the oldest one. What is \
                    in a write buffer cannot be replaced, so that is small.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Publish::QueuePerClient, 1_024),
        },
        Variant {
            name: "broken_send_in_turn",
            about: "Each report is sent to one client after the other: everybody waits for the slowest one.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Publish::SendInTurn, 32_768),
        },
    ],
};

const LATENCY: Duration = ms(5);
const REPORTS: u64 = 100;
const PERIOD: Duration = ms(100);
const QUEUE_MAX: usize = 5;
/// A report with its number, its time and its frame.
const REPORT_BYTES_MAX: usize = 2_100;

/// How a report gets to the clients.
#[derive(Clone, Copy)]
enum Publish {
    SendInTurn,
    Broadcast,
    QueuePerClient,
}

type Clients = BTreeMap<String, Session>;

fn run(executor: &mut Executor, publish: Publish, write_limit_bytes: usize) -> Result<(), Violation> {
    connect_hosts_evenly(executor, LATENCY, 8_192);
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("server", serve(publish, write_limit_bytes));
        let clients = [("A", Duration::ZERO), ("B", Duration::ZERO), ("C", ms(1_000))]
            .map(|(name, pause)| (name, Node::named(name).spawn_named(name, read_reports(name, pause))));
        let mut got = Vec::new();
        for (name, client) in clients {
            got.push((name, joined(client.await)?));
        }
        let backlog_bytes = joined(server.await)?;
        let most = write_limit_bytes + REPORT_BYTES_MAX;
        ensure!(
            !matches!(publish, Publish::QueuePerClient) || backlog_bytes <= most,
            "{backlog_bytes} bytes waited in a write buffer, and no more than {most} should"
        );
        got.iter().try_for_each(|(name, got)| check(name, got))
    })?
}

fn check(name: &str, got: &Got) -> Result<(), Violation> {
    let in_order = got.numbers.is_sorted_by(|one, next| one < next);
    ensure!(in_order, "client {name} got reports out of order: {:?}", got.numbers);
    if name == "C" {
        return Ok(());
    }
    let count = got.numbers.len() as u64;
    ensure!(count == REPORTS, "client {name} got {count} of {REPORTS} reports");
    ensure!(
        got.worst_delay == LATENCY,
        "client {name} got a report {} s after it was made, and the latency is {LATENCY:?}",
        seconds(got.worst_delay)
    );
    Ok(())
}

/// Publishes all reports, closes, and gives the most bytes that waited in a client's write buffer.
async fn serve(publish: Publish, write_limit_bytes: usize) -> Result<usize, SessionError> {
    let config = SessionConfig { write_limit_bytes, close_timeout: ms(1_000), ..SessionConfig::default() };
    let listener = listen().await?;
    let mut clients = Clients::new();
    while clients.len() < 3 {
        let ws = Session::accept(&listener, config).await?;
        clients.insert(ws.path().trim_start_matches('/').to_string(), ws);
    }
    event!("all clients are here");
    let mut reports = Reports::new(&clients);
    match publish {
        Publish::SendInTurn => send_in_turn(&clients, &mut reports).await?,
        Publish::Broadcast => broadcast(&clients, &mut reports).await,
        Publish::QueuePerClient => queue_per_client(&clients, &mut reports).await,
    }
    event!("all reports published");
    time::sleep(ms(2_000)).await;
    join_all(clients.values().map(Session::close)).await;
    Ok(reports.backlog_bytes)
}

/// The reports, each made when it is due.
struct Reports<'clients> {
    clients: &'clients Clients,
    start: Instant,
    made: u64,
    /// The most that was in a write buffer when a report was due.
    backlog_bytes: usize,
}

impl<'clients> Reports<'clients> {
    fn new(clients: &'clients Clients) -> Self {
        Reports { clients, start: time::now(), made: 0, backlog_bytes: 0 }
    }

    async fn next(&mut self) -> Option<String> {
        if self.made == REPORTS {
            return None;
        }
        let due = self.start + PERIOD * self.made as u32;
        time::sleep_until(due).await;
        let waiting = self.clients.values().map(Session::write_buffer_bytes).max();
        self.backlog_bytes = self.backlog_bytes.max(waiting.unwrap_or_default());
        let report = format!("{} {} {}", self.made, due.as_nanos(), ".".repeat(2_000));
        self.made += 1;
        Some(report)
    }
}

/// Waits for the slowest reader: everybody gets late reports.
async fn send_in_turn(clients: &Clients, reports: &mut Reports<'_>) -> Result<(), ConnectionClosed> {
    while let Some(report) = reports.next().await {
        for ws in clients.values() {
            ws.send(report.clone()).await?;
        }
    }
    Ok(())
}

/// Never waits: what C does not read stays in the server's memory.
async fn broadcast(clients: &Clients, reports: &mut Reports<'_>) {
    while let Some(report) = reports.next().await {
        clients.values().for_each(|ws| ws.send_now(report.clone()));
    }
    let bytes = clients.iter().map(|(name, ws)| (name, ws.write_buffer_bytes()));
    event!("write buffers: {}", dict(bytes));
}

/// The slow one loses old reports.
async fn queue_per_client(clients: &Clients, reports: &mut Reports<'_>) {
    let queues: BTreeMap<&String, Rc<Newest>> =
        clients.keys().map(|name| (name, Rc::new(Newest::default()))).collect();
    let senders: Vec<_> = clients
        .iter()
        .map(|(name, ws)| {
            let (ws, queue) = (ws.clone(), Rc::clone(&queues[name]));
            spawn_named(
                format!("sender{name}"),
                async move { while ws.send(queue.get().await).await.is_ok() {} },
            )
        })
        .collect();
    while let Some(report) = reports.next().await {
        queues.values().for_each(|queue| queue.put(report.clone()));
    }
    time::sleep(ms(1_000)).await;
    senders.iter().for_each(|sender| sender.abort());
    join_all(senders).await;
    event!("dropped: {}", dict(queues.iter().map(|(name, queue)| (*name, queue.dropped.get()))));
}

/// A short queue that loses its oldest report when it is full.
#[derive(Default)]
struct Newest {
    reports: RefCell<VecDeque<String>>,
    dropped: Cell<u64>,
    changed: Changes,
}

impl Newest {
    fn put(&self, report: String) {
        let mut reports = self.reports.borrow_mut();
        if reports.len() == QUEUE_MAX {
            reports.pop_front();
            self.dropped.set(self.dropped.get() + 1);
        }
        reports.push_back(report);
        drop(reports);
        self.changed.wake();
    }

    async fn get(&self) -> String {
        self.changed.until(|| self.reports.borrow_mut().pop_front()).await
    }
}

/// What a client got.
#[derive(Default)]
struct Got {
    numbers: Vec<u64>,
    worst_delay: Duration,
}

async fn read_reports(name: &'static str, pause: Duration) -> Result<Got, SessionError> {
    let config = SessionConfig { queue_max: 2, ..SessionConfig::default() };
    let ws = Session::connect(&format!("/{name}"), config).await?;
    let mut got = Got::default();
    loop {
        let report = match ws.next().await {
            Ok(Some(report)) => report,
            Ok(None) => break,
            Err(error) => {
                event!("{error}");
                break;
            }
        };
        let mut words = report.split(' ').map_while(|word| word.parse().ok());
        let (Some(number), Some(made)) = (words.next(), words.next()) else { break };
        got.numbers.push(number);
        got.worst_delay = got.worst_delay.max(time::now() - Instant::from_nanos(made));
        if !pause.is_zero() {
            time::sleep(pause).await;
        }
    }
    let (count, last) = (got.numbers.len(), got.numbers.last().copied().unwrap_or_default());
    let worst = seconds(got.worst_delay);
    event!("{count} reports, last was number {last}, worst delay {worst} s");
    Ok(got)
}

/// A dictionary of numbers as Python writes it.
fn dict<'name, N: std::fmt::Display>(numbers: impl Iterator<Item = (&'name String, N)>) -> String {
    let items: Vec<String> = numbers.map(|(name, number)| format!("'{name}': {number}")).collect();
    format!("{{{}}}", items.join(", "))
}
