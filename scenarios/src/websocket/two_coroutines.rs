//! Two coroutines on one connection: one receives, the other sends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Instant, event, spawn_named, time};
use sim_asyncio::{
    Exc, GroupError, ReturnWhen, Task, TaskGroup, cancellable, create_task, gather, sleep, wait,
};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::asyncio_client::{connect, list, report_tasks_left, run_with_server, tasks_left};
use super::connection::listen;
use super::session::{Session, SessionConfig};
use super::{BUFFER_BYTES, NORMAL, SessionError, connect_hosts_evenly, ms};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_two_coroutines",
    about: "A server sends a tick each 100 ms, prints what comes in, and closes after five ticks. A client receives and \
            sends on the one connection.",
    invariant: "Each tick is received when it arrives, what was sent arrives in order, and when the connection is closed none \
                of its tasks is left.",
    patterns: &[&patterns::A1, &patterns::A2, &patterns::A2C, &patterns::D2, &patterns::D3],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_create_task",
            about: "Two tasks: when the first has ended, the other is cancelled.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Program::FirstCompleted),
        },
        Variant {
            name: "gather",
            about: "Two tasks that are gathered: the receiving one just ends, and the sending one fails at its next send.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Program::Gather),
        },
        Variant {
            name: "task_group",
            about: "Two tasks in a group, which does not cancel the sending one either when the receiving one just ends.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Program::Group),
        },
        Variant {
            name: "fixed_task_tracked",
            about: "A task that reads a sensor is cancelled when there are no more messages.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Program::Tracked),
        },
        Variant {
            name: "broken_sequential",
            about: "One coroutine does both: to receive waits for sending.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Program::Sequential),
        },
        Variant {
            name: "broken_task_not_tracked",
            about: "Nobody keeps the task that reads a sensor: as it does not use the connection it never notices its end.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Program::NotTracked),
        },
    ],
};

const LATENCY: Duration = ms(5);
const TICKS: usize = 5;
const PERIOD: Duration = ms(150);

/// How the client does two things at a time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Sequential,
    Gather,
    FirstCompleted,
    Group,
    NotTracked,
    Tracked,
}

/// What both sides saw.
#[derive(Default)]
struct Seen {
    ticks_sent: RefCell<Vec<Instant>>,
    /// How long each tick took.
    delays: RefCell<Vec<Duration>>,
    data_sent: RefCell<Vec<String>>,
    data_got: RefCell<Vec<String>>,
    no_more_messages: Cell<Option<Instant>>,
    closed: Cell<Option<Instant>>,
    close_code: Cell<u16>,
    left: RefCell<Vec<Rc<str>>>,
}

fn run(executor: &mut Executor, program: Program) -> Result<(), Violation> {
    connect_hosts_evenly(executor, LATENCY, BUFFER_BYTES);
    let seen = Rc::new(Seen::default());
    run_with_server(executor, serve(Rc::clone(&seen)), client(program, Rc::clone(&seen)))?;
    executor.enter(|| event!("end"));
    check(&seen, program)
}

fn check(seen: &Seen, program: Program) -> Result<(), Violation> {
    let delays = seen.delays.borrow();
    for (tick, delay) in delays.iter().enumerate() {
        ensure!(
            *delay == LATENCY,
            "tick {tick} was received {delay:?} after it was sent, and the latency is {LATENCY:?}"
        );
    }
    ensure!(delays.len() == TICKS, "of {TICKS} ticks {} were received", delays.len());
    let (sent, got) = (seen.data_sent.borrow(), seen.data_got.borrow());
    ensure!(*sent == *got, "the client sent {sent:?}, and the server got {got:?}");
    let code = seen.close_code.get();
    ensure!(code == NORMAL, "the client saw the close code {code}");
    let left = seen.left.borrow();
    ensure!(left.is_empty(), "the connection is closed, and these tasks are left: {}", list(&left));
    let (Some(last), Some(closed)) = (seen.no_more_messages.get(), seen.closed.get()) else {
        return Err(Violation::new("the client never saw the end of the messages"));
    };
    // Nothing but its own next send tells the sending task.
    let patience = if matches!(program, Program::Gather | Program::Group) { PERIOD } else { Duration::ZERO };
    ensure!(closed - last <= patience, "the client ended {:?} after the last message", closed - last);
    Ok(())
}

async fn serve(seen: Rc<Seen>) -> Result<(), SessionError> {
    let listener = listen().await?;
    let ws = Session::accept(&listener, SessionConfig::default()).await?;
    let reads = spawn_named("server", print_all(ws.clone(), Rc::clone(&seen)));
    for tick in 0..TICKS {
        time::sleep(ms(100)).await;
        ws.send(format!("tick {tick}")).await?;
        seen.ticks_sent.borrow_mut().push(time::now());
    }
    event!("closing");
    ws.close().await;
    reads.await?
}

async fn print_all(ws: Session, seen: Rc<Seen>) -> Result<(), SessionError> {
    while let Some(text) = ws.next().await? {
        event!("got '{text}'");
        seen.data_got.borrow_mut().push(text);
    }
    Ok(())
}

async fn client(program: Program, seen: Rc<Seen>) -> Result<(), Exc> {
    let ws = connect().await?;
    event!("connected");
    let client = Client { ws: ws.clone(), seen: Rc::clone(&seen) };
    match program {
        Program::Sequential => client.sequential().await,
        Program::Gather => client.gather().await,
        Program::FirstCompleted => client.first_completed().await,
        Program::Group => client.group().await,
        Program::NotTracked => client.not_tracked().await,
        Program::Tracked => client.tracked().await,
    }?;
    ws.close().await;
    event!("connection closed, code {}", ws.close_code());
    seen.closed.set(Some(time::now()));
    seen.close_code.set(ws.close_code());
    *seen.left.borrow_mut() = tasks_left();
    sleep(ms(1_000)).await?;
    report_tasks_left();
    Ok(())
}

#[derive(Clone)]
struct Client {
    ws: Session,
    seen: Rc<Seen>,
}

impl Client {
    fn got(&self, text: &str) {
        event!("got '{text}'");
        let tick = self.seen.delays.borrow().len();
        let sent = self.seen.ticks_sent.borrow()[tick];
        self.seen.delays.borrow_mut().push(time::now() - sent);
    }

    async fn consume(self) -> Result<(), Exc> {
        while let Some(text) = cancellable(self.ws.next()).await?? {
            self.got(&text);
        }
        event!("no more messages");
        self.seen.no_more_messages.set(Some(time::now()));
        Ok(())
    }

    async fn send(&self, number: u64) -> Result<(), Exc> {
        let text = format!("data {number}");
        cancellable(self.ws.send(text.clone())).await??;
        event!("sent {text}");
        self.seen.data_sent.borrow_mut().push(text);
        Ok(())
    }

    async fn produce(self) -> Result<(), Exc> {
        let sending = async {
            for number in 0.. {
                sleep(PERIOD).await?;
                self.send(number).await?;
            }
            Ok(())
        };
        let ended = sending.await;
        if ended == Err(Exc::Cancelled) {
            event!("cancelled");
        }
        ended
    }

    async fn read_sensor(self) -> Result<(), Exc> {
        for number in 0.. {
            sleep(ms(300)).await?;
            event!("sensor read {number}");
        }
        Ok(())
    }

    fn consumer_and_producer(&self) -> [Task<()>; 2] {
        let consumer = create_task("consumer", self.clone().consume());
        [consumer, create_task("producer", self.clone().produce())]
    }

    async fn sequential(&self) -> Result<(), Exc> {
        for number in 0.. {
            let Some(text) = self.ws.next().await? else { break };
            self.got(&text);
            sleep(PERIOD).await?;
            if let Err(closed) = self.send(number).await {
                event!("{}", closed.class());
                break;
            }
        }
        Ok(())
    }

    async fn gather(&self) -> Result<(), Exc> {
        if let Err(exc) = gather(self.consumer_and_producer()).await {
            event!("gather raised {}", exc.class());
        }
        Ok(())
    }

    async fn first_completed(&self) -> Result<(), Exc> {
        let tasks = self.consumer_and_producer();
        let waited = wait(&tasks, ReturnWhen::FirstCompleted, None).await?;
        let done: Vec<_> = tasks.iter().filter(|task| task.is_done()).map(Task::name).collect();
        event!("first completed: {}", list(&done));
        for pending in &waited.pending {
            pending.cancel();
        }
        wait(waited.pending, ReturnWhen::AllCompleted, None).await?;
        Ok(())
    }

    async fn group(&self) -> Result<(), Exc> {
        let ended = TaskGroup::run(async |group| {
            group.create_task("consumer", self.clone().consume())?;
            group.create_task("producer", self.clone().produce())?;
            Ok(())
        });
        match ended.await {
            Err(GroupError::Failed { exceptions }) => {
                let classes: Vec<_> = exceptions.iter().map(Exc::class).collect();
                event!("TaskGroup raised {}", list(&classes));
                Ok(())
            }
            ended => Ok(ended?),
        }
    }

    async fn not_tracked(&self) -> Result<(), Exc> {
        drop(create_task("sensor", self.clone().read_sensor()));
        self.clone().consume().await
    }

    async fn tracked(&self) -> Result<(), Exc> {
        let this = self.clone();
        let sensor = create_task("sensor", async move {
            let ended = this.read_sensor().await;
            event!("sensor stopped");
            ended
        });
        let consumed = self.clone().consume().await;
        sensor.cancel();
        wait([sensor], ReturnWhen::AllCompleted, None).await?;
        consumed
    }
}
