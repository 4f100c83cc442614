//! A server in one thread, a client in another, and next to no latency between them.

mod pings;

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Node, event, spawn_named, time, yield_now};
use sim_asyncio::{EventLoop, Exc, LoopConfig, ReturnWhen, cancellable, create_task, sleep, wait};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::asyncio_client::{connect, list, run_with_server, tasks_left};
use super::connection::listen;
use super::session::{Session, SessionConfig};
use super::suspends::watch;
use super::{BUFFER_BYTES, SessionError, connect_hosts_evenly, joined, ms};
use crate::patterns;
use crate::turns::Turns;
use pings::{Away, keepalive};

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_loopback",
    about: "Client and server on one machine, in threads of their own, with 10 µs between them. Only orders are reported, and no \
            times.",
    invariant: "Who sends lets the receiver run after each message, answers are received while the client waits, a send \
                suspends only when all buffers are full, a client that is away answers pings, no task outlives its \
                connection, and an idle loop is stopped by what another thread calls safely, and by nothing else.",
    patterns: &[&patterns::A3, &patterns::A5, &patterns::A14, &patterns::A15, &patterns::C16],
    parameters: &[],
    variants: &[
        Variant {
            name: "starve_fixed",
            about: "Who sends in a loop yields after each message.",
            expect: Expect::Holds,
            body: |executor, _| starve(executor, true),
        },
        Variant {
            name: "broken_starve",
            about: "Who sends in a loop never yields: the first echo is seen after the last send.",
            expect: Expect::Breaks,
            body: |executor, _| starve(executor, false),
        },
        Variant {
            name: "send_never_suspends",
            about: "Small messages to a server that does not read.",
            expect: Expect::Holds,
            body: |executor, _| send_suspends(executor, 20, 1_000),
        },
        Variant {
            name: "send_suspends_when_full",
            about: "More than all buffers hold to a server that does not read.",
            expect: Expect::Holds,
            body: |executor, _| send_suspends(executor, 64, 10_000),
        },
        Variant {
            name: "time_sleep_fixed",
            about: "The client waits between its questions.",
            expect: Expect::Holds,
            body: |executor, _| time_sleep(executor, false),
        },
        Variant {
            name: "broken_time_sleep",
            about: "The client blocks its thread between its questions: they are sent, and no answer is received.",
            expect: Expect::Breaks,
            body: |executor, _| time_sleep(executor, true),
        },
        Variant {
            name: "keepalive_fixed",
            about: "The client is away for 1.2 s, but suspended: it answers the pings of the server.",
            expect: Expect::Holds,
            body: |executor, _| keepalive(executor, Away::Suspends),
        },
        Variant {
            name: "broken_keepalive",
            about: "The client blocks for 1.2 s: no ping is answered, and the server gives it up.",
            expect: Expect::Breaks,
            body: |executor, _| keepalive(executor, Away::Blocks),
        },
        Variant {
            name: "cancel_on_close",
            about: "When the first of two tasks has ended, the other is cancelled.",
            expect: Expect::Holds,
            body: |executor, _| cancel_on_close(executor),
        },
        Variant {
            name: "loop_in_subthread",
            about: "The main thread stops an idle loop of another thread in three ways, of which one is seen.",
            expect: Expect::Holds,
            body: |executor, _| loop_in_subthread(executor),
        },
    ],
};

fn install(executor: &mut Executor) {
    connect_hosts_evenly(executor, Duration::from_micros(10), BUFFER_BYTES);
}

fn fact(name: &str, value: bool) {
    event!("{name}: {}", if value { "True" } else { "False" });
}

/// Runs a server and a client, each on its own node, and gives what the client gave.
fn run<T: 'static>(
    executor: &mut Executor,
    server: impl Future<Output = Result<(), SessionError>> + 'static,
    client: impl Future<Output = Result<T, SessionError>> + 'static,
) -> Result<T, Violation> {
    install(executor);
    executor.block_on(async move {
        let server = Node::named("server").spawn_named("server", server);
        let given = joined(Node::named("client").spawn_named("client", client).await)?;
        joined(server.await)?;
        Ok(given)
    })?
}

/// Sends every message back, and counts them.
async fn echo(echoed: Rc<Cell<u64>>) -> Result<(), SessionError> {
    let listener = listen().await?;
    let ws = Session::accept(&listener, SessionConfig::default()).await?;
    while let Some(text) = ws.next().await? {
        ws.send(text).await?;
        echoed.set(echoed.get() + 1);
    }
    Ok(())
}

const SENDS: u64 = 300;

fn starve(executor: &mut Executor, yields: bool) -> Result<(), Violation> {
    let turns = Turns::default();
    run(executor, echo(Rc::default()), turns.watch(send_in_loop(yields, turns.clone())))?;
    let most = turns.most();
    ensure!(most == 1, "the client sent {most} messages in one turn, without letting the receiver run");
    Ok(())
}

async fn send_in_loop(yields: bool, turns: Turns) -> Result<(), SessionError> {
    let ws = Session::connect("/", SessionConfig::default()).await?;
    let (receiving, counted) = (ws.clone(), turns.clone());
    let receiver = spawn_named("receiver", async move {
        receiving.recv().await?;
        Ok::<u64, SessionError>(counted.total())
    });
    for _ in 0..SENDS {
        ws.send("message").await?;
        turns.count();
        turns.compute(Duration::from_micros(200)).await;
        if yields {
            yield_now().await;
        }
    }
    let sent_before_echo = receiver.await??;
    fact(&format!("first echo after all {SENDS} sends"), sent_before_echo == SENDS);
    fact("first echo before the last send", sent_before_echo < SENDS);
    ws.close().await;
    Ok(())
}

fn send_suspends(executor: &mut Executor, sends: u64, message_bytes: usize) -> Result<(), Violation> {
    let read = Rc::new(Cell::new(0));
    let any = run(executor, read_late(Rc::clone(&read)), send_all(sends, message_bytes))?;
    let is_too_much = sends * message_bytes as u64 > u64::from(BUFFER_BYTES);
    ensure!(any == is_too_much, "{sends} sends of {message_bytes} bytes, and any of them suspended: {any}");
    ensure!(read.get() == sends, "of {sends} messages {} were read", read.get());
    Ok(())
}

/// Reads when all is sent that can be.
async fn read_late(read: Rc<Cell<u64>>) -> Result<(), SessionError> {
    let listener = listen().await?;
    let config = SessionConfig { queue_max: 4, ..SessionConfig::default() };
    let ws = Session::accept(&listener, config).await?;
    time::sleep(ms(100)).await;
    while ws.next().await?.is_some() {
        read.set(read.get() + 1);
    }
    Ok(())
}

/// Whether any send suspended.
async fn send_all(sends: u64, message_bytes: usize) -> Result<bool, SessionError> {
    let ws = Session::connect("/", SessionConfig::default()).await?;
    let mut any = false;
    for _ in 0..sends {
        let (sent, (), suspended) = watch(ws.send(vec![b'x'; message_bytes]), || ()).await;
        sent?;
        any |= suspended;
    }
    let what = "to a server that does not read: any send() suspended";
    fact(&format!("{sends} sends of {message_bytes} bytes {what}"), any);
    ws.close().await;
    Ok(any)
}

const QUESTIONS: u64 = 5;

fn time_sleep(executor: &mut Executor, blocks: bool) -> Result<(), Violation> {
    let echoed = Rc::new(Cell::new(0));
    let answers = run(executor, echo(Rc::clone(&echoed)), ask(blocks, Rc::clone(&echoed)))?;
    ensure!(
        answers.meanwhile > 0,
        "the server has answered {} questions by now, and the client has received none of them",
        answers.at_server
    );
    ensure!(answers.in_the_end == QUESTIONS, "of {QUESTIONS} answers {} were received", answers.in_the_end);
    Ok(())
}

struct Answers {
    at_server: u64,
    meanwhile: u64,
    in_the_end: u64,
}

async fn ask(blocks: bool, echoed: Rc<Cell<u64>>) -> Result<Answers, SessionError> {
    let ws = Session::connect("/", SessionConfig::default()).await?;
    let received = Rc::new(Cell::new(0));
    let (receiving, counted) = (ws.clone(), Rc::clone(&received));
    let receiver = spawn_named("receiver", async move {
        while receiving.next().await?.is_some() {
            counted.set(counted.get() + 1);
        }
        Ok::<(), SessionError>(())
    });
    for number in 0..QUESTIONS {
        ws.send(format!("question {number}")).await?;
        if blocks {
            time::block(ms(100)).await;
        } else {
            time::sleep(ms(100)).await;
        }
    }
    let (at_server, meanwhile) = (echoed.get(), received.get());
    fact("server has received most questions by now", at_server >= 4);
    fact("client has received any answer by now", meanwhile > 0);
    time::sleep(ms(200)).await;
    let in_the_end = received.get();
    fact("client has all answers after yielding", in_the_end == QUESTIONS);
    ws.close().await;
    receiver.await??;
    Ok(Answers { at_server, meanwhile, in_the_end })
}

const TICKS: [&str; 3] = ["tick 0", "tick 1", "tick 2"];

/// What the client's tasks saw.
#[derive(Default)]
struct Seen {
    messages: RefCell<Vec<String>>,
    consumer_ended: Cell<bool>,
    producer_saw_close: Cell<bool>,
    left: Cell<usize>,
}

fn cancel_on_close(executor: &mut Executor) -> Result<(), Violation> {
    install(executor);
    let seen = Rc::new(Seen::default());
    run_with_server(executor, send_ticks(), receive_ticks(Rc::clone(&seen)))?;
    let (messages, ended, left) = (seen.messages.borrow(), seen.consumer_ended.get(), seen.left.get());
    ensure!(*messages == TICKS, "of the messages {TICKS:?} {messages:?} were received");
    ensure!(left == 0, "{left} tasks are left");
    // Both are told at the same moment; who comes first has the other cancelled.
    ensure!(ended || seen.producer_saw_close.get(), "neither task has seen the end of the connection");
    Ok(())
}

async fn send_ticks() -> Result<(), SessionError> {
    let listener = listen().await?;
    let ws = Session::accept(&listener, SessionConfig::default()).await?;
    for tick in TICKS {
        ws.send(tick).await?;
        time::sleep(ms(50)).await;
    }
    ws.close().await;
    Ok(())
}

async fn receive_ticks(seen: Rc<Seen>) -> Result<(), Exc> {
    let ws = connect().await?;
    let (consumed, received) = (ws.clone(), Rc::clone(&seen));
    let consumer = create_task("consumer", async move {
        while let Some(text) = cancellable(consumed.next()).await?? {
            received.messages.borrow_mut().push(text);
        }
        received.consumer_ended.set(true);
        Ok(())
    });
    let (produced, sent) = (ws.clone(), Rc::clone(&seen));
    let producer = create_task("producer", async move {
        loop {
            sleep(ms(10)).await?;
            if cancellable(produced.send("x")).await?.is_err() {
                sent.producer_saw_close.set(true);
                return Ok(());
            }
        }
    });
    let waited = wait([consumer, producer], ReturnWhen::FirstCompleted, None).await?;
    for pending in &waited.pending {
        pending.cancel();
    }
    if !waited.pending.is_empty() {
        wait(waited.pending, ReturnWhen::AllCompleted, None).await?;
    }
    ws.close().await;
    seen.left.set(tasks_left().len());
    event!("messages: {}", list(&seen.messages.borrow()));
    fact("consumer ended", seen.consumer_ended.get());
    event!("tasks left: {}", seen.left.get());
    Ok(())
}

fn loop_in_subthread(executor: &mut Executor) -> Result<(), Violation> {
    executor.block_on(async {
        let by_stop = stops("first", EventLoop::stop).await;
        let safely = stops("second", |event_loop| {
            let stopped = event_loop.clone();
            event_loop.call_soon_threadsafe(move || stopped.stop());
        });
        let safely = safely.await;
        let by_callback = stops("third", |event_loop| {
            let stopped = event_loop.clone();
            event_loop.call_soon(move || stopped.stop());
        });
        let by_callback = by_callback.await;
        fact("idle loop stopped by loop.stop() from another thread", by_stop);
        fact("idle loop stopped by call_soon_threadsafe(loop.stop)", safely);
        fact("idle loop stopped by call_soon(loop.stop) from another thread", by_callback);
        ensure!(safely, "call_soon_threadsafe has not stopped the idle loop");
        ensure!(!by_stop && !by_callback, "an idle loop was stopped by what does not wake it");
        Ok(())
    })?
}

/// Whether a loop in a thread of its own, which has nothing to do, ends soon after `stop`.
async fn stops(thread: &str, stop: impl FnOnce(&EventLoop)) -> bool {
    let node = Node::named(thread);
    let config = LoopConfig { waits_for_run: true, ..LoopConfig::default() };
    let event_loop = EventLoop::on(&node, config);
    let in_thread = event_loop.clone();
    let thread = node.spawn(async move { in_thread.run_forever().await });
    time::sleep(ms(100)).await;
    stop(&event_loop);
    time::timeout(ms(500), thread).await.is_ok()
}
