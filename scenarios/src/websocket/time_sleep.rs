//! A client that sleeps without letting others run.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Instant, event, spawn_named, time};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::keepalive::{ConnectionClosed, Keepalive, WebSocket};
use super::two_hosts::{SERVER, accept, both, connect_hosts, ms, secs};
use super::{NORMAL, SessionError};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_time_sleep",
    about: "A client asks a question every second, and a task of its own receives the answers.",
    invariant: "Each question is answered, the client has the answer after 100 ms at most, and the connection is closed \
                normally.",
    patterns: &[
        &patterns::A13,
        &patterns::A14,
        &patterns::A15,
        &patterns::A16,
        &patterns::C37,
        &patterns::D2,
        &patterns::D10,
    ],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed",
            about: "The client suspends between two questions, for a minute.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Producer::Suspends, 60),
        },
        Variant {
            name: "shotgun_extra_send",
            about: "The client blocks, but each time it also sends so much that it must wait for room: only thanks to that \
                    does anything else run. It keeps the promise by accident.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Producer::BlocksAndSendsMore, 5),
        },
        Variant {
            name: "broken_short",
            about: "The client blocks between two questions: they leave, and no answer is seen before the last one.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Producer::Blocks, 5),
        },
        Variant {
            name: "broken_timeout",
            about: "The same for a minute: the server's ping is not answered, and the connection dies.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Producer::Blocks, 60),
        },
    ],
};

/// What the client does between two questions.
#[derive(Clone, Copy)]
enum Producer {
    Suspends,
    Blocks,
    BlocksAndSendsMore,
}

/// A longer message is no question.
const QUESTION_BYTES_MAX: usize = 100;

const ANSWER_MAX: Duration = ms(100);

fn run(executor: &mut Executor, producer: Producer, questions: u64) -> Result<(), Violation> {
    connect_hosts(executor, ms(10));
    let (served, (talk, code)) = executor.block_on(both(serve(), talk(producer, questions)))??;
    let (answers, slowest) = (talk.answers.get(), talk.slowest.get());
    ensure!(
        answers == questions,
        "of {questions} questions {answers} were answered; the close code is {code}"
    );
    ensure!(slowest <= ANSWER_MAX, "the client had an answer {slowest:?} after its question");
    ensure!(code == NORMAL, "the client saw the close code {code}");
    ensure!(served == questions, "of {questions} questions {served} came to the server");
    Ok(())
}

/// Answers the questions of one client, and gives their number.
async fn serve() -> Result<u64, SessionError> {
    let socket = accept(Keepalive::default()).await?;
    let mut questions = 0;
    if let Err(closed) = answer_all(&socket, &mut questions).await {
        event!("connection died: {closed}");
    }
    event!("handler ends, {questions} messages received");
    Ok(questions)
}

async fn answer_all(socket: &WebSocket, questions: &mut u64) -> Result<(), ConnectionClosed> {
    while let Some(message) = socket.next().await? {
        if message.len() >= QUESTION_BYTES_MAX {
            continue;
        }
        *questions += 1;
        if *questions <= 3 || questions.is_multiple_of(20) {
            event!("got '{message}'");
        }
        socket.send(format!("answer {questions}")).await?;
    }
    Ok(())
}

/// What the client saw.
#[derive(Debug, Default)]
struct Talk {
    /// When each question was asked.
    asked: RefCell<Vec<Instant>>,
    answers: Cell<u64>,
    /// The longest time from a question to its answer.
    slowest: Cell<Duration>,
}

async fn talk(producer: Producer, questions: u64) -> Result<(Rc<Talk>, u16), SessionError> {
    let socket = WebSocket::connect(SERVER, Keepalive::default()).await?;
    let talk = Rc::new(Talk::default());
    let receiver = spawn_named("receiver", receive(socket.clone(), Rc::clone(&talk)));
    match ask(&socket, producer, questions, &talk).await {
        Ok(()) => event!("producer done"),
        Err(closed) => event!("send raised {}: {closed}", closed.name()),
    }
    let code = socket.close().await.code();
    receiver.await?;
    event!("close code {code}");
    Ok((talk, code))
}

async fn ask(
    socket: &WebSocket,
    producer: Producer,
    questions: u64,
    talk: &Talk,
) -> Result<(), ConnectionClosed> {
    for number in 0..questions {
        talk.asked.borrow_mut().push(time::now());
        socket.send(format!("question {number}")).await?;
        match producer {
            Producer::Suspends => time::sleep(secs(1)).await,
            Producer::Blocks => time::block(secs(1)).await,
            Producer::BlocksAndSendsMore => {
                socket.send("x".repeat(300_000)).await?;
                time::block(secs(1)).await;
            }
        }
    }
    Ok(())
}

async fn receive(socket: WebSocket, talk: Rc<Talk>) {
    let received = receive_all(&socket, &talk).await;
    if let Err(closed) = received {
        event!("recv raised {}", closed.name());
    }
    event!("{} answers received", talk.answers.get());
}

async fn receive_all(socket: &WebSocket, talk: &Talk) -> Result<(), ConnectionClosed> {
    while let Some(answer) = socket.next().await? {
        let number = talk.answers.get();
        talk.answers.set(number + 1);
        if number < 3 {
            event!("got '{answer}'");
        }
        if let Some(&asked) = talk.asked.borrow().get(number as usize) {
            talk.slowest.set(talk.slowest.get().max(time::now() - asked));
        }
    }
    Ok(())
}
