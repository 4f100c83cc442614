//! A connection that ends without a closing handshake.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use seedbed::{Executor, Instant, event, time};
use sim_asyncio::{
    Exc, GroupError, ReturnWhen, Task, TaskGroup, cancellable, create_task, gather, gather_results, sleep,
    wait,
};
use sim_explorer::{Expect, Scenario, Variant, Violation, ensure};

use super::asyncio_client::{connect, list, report_tasks_left, run_with_server, tasks_left};
use super::connection::listen;
use super::session::{Session, SessionConfig};
use super::{BUFFER_BYTES, SessionError, connect_hosts_evenly, ms};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "ws_connection_breaks",
    about: "The server's process dies: its TCP connection ends without a close frame. The client receives, and prepares values \
            of which it sends each fourth.",
    invariant: "The client sees that the connection has broken when the end arrives, and from then on no task of the connection \
                is left or prepares anything.",
    patterns: &[&patterns::A2B],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_wait_and_cancel",
            about: "When the first task has ended, the other is cancelled.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Program::WaitAndCancel),
        },
        Variant {
            name: "fixed_task_group",
            about: "In a group a task that fails cancels the others.",
            expect: Expect::Holds,
            body: |executor, _| run(executor, Program::Group),
        },
        Variant {
            name: "broken_gather",
            about: "Gathered: the error is there at once, and the sending task goes on until its next send, whose error nobody \
                    sees.",
            expect: Expect::Breaks,
            body: |executor, _| run(executor, Program::Gather),
        },
    ],
};

/// What keeps the two tasks of the client together.
#[derive(Clone, Copy)]
enum Program {
    Gather,
    WaitAndCancel,
    Group,
}

/// What both sides saw.
#[derive(Default)]
struct Seen {
    died: Cell<Option<Instant>>,
    broken: Cell<Option<Instant>>,
    ticks: Cell<u64>,
    prepared: Cell<u64>,
    prepared_until_broken: Cell<u64>,
    left: RefCell<Vec<Rc<str>>>,
}

fn run(executor: &mut Executor, program: Program) -> Result<(), Violation> {
    let latency = ms(5);
    connect_hosts_evenly(executor, latency, BUFFER_BYTES);
    let seen = Rc::new(Seen::default());
    run_with_server(executor, serve(Rc::clone(&seen)), client(program, Rc::clone(&seen)))?;
    executor.enter(|| event!("end"));
    let (Some(died), Some(broken)) = (seen.died.get(), seen.broken.get()) else {
        return Err(Violation::new("the client did not see the connection break"));
    };
    ensure!(broken == died + latency, "the server died at {died}, and the client saw it at {broken}");
    ensure!(seen.ticks.get() == 4, "of 4 ticks {} arrived", seen.ticks.get());
    let left = seen.left.borrow();
    let more = seen.prepared.get() - seen.prepared_until_broken.get();
    ensure!(
        left.is_empty() && more == 0,
        "the connection broke with these tasks left: {}, and {more} values were prepared after that",
        list(&left)
    );
    Ok(())
}

async fn serve(seen: Rc<Seen>) -> Result<(), SessionError> {
    let listener = listen().await?;
    let ws = Session::accept(&listener, SessionConfig::default()).await?;
    for tick in 0..4 {
        time::sleep(ms(120)).await;
        ws.send(format!("tick {tick}")).await?;
    }
    time::sleep(ms(20)).await;
    event!("dies");
    seen.died.set(Some(time::now()));
    ws.abort();
    Ok(())
}

async fn client(program: Program, seen: Rc<Seen>) -> Result<(), Exc> {
    let ws = connect().await?;
    event!("connected");
    let client = Client { ws, seen: Rc::clone(&seen) };
    match program {
        Program::Gather => client.gather().await,
        Program::WaitAndCancel => client.wait_and_cancel().await,
        Program::Group => client.group().await,
    }?;
    seen.broken.set(Some(time::now()));
    seen.prepared_until_broken.set(seen.prepared.get());
    *seen.left.borrow_mut() = tasks_left();
    sleep(ms(600)).await?;
    report_tasks_left();
    Ok(())
}

#[derive(Clone)]
struct Client {
    ws: Session,
    seen: Rc<Seen>,
}

impl Client {
    async fn consume(self) -> Result<(), Exc> {
        while let Some(text) = cancellable(self.ws.next()).await?? {
            event!("got '{text}'");
            self.seen.ticks.set(self.seen.ticks.get() + 1);
        }
        Ok(())
    }

    async fn produce(self) -> Result<(), Exc> {
        let ended = self.prepare_and_send().await;
        if ended == Err(Exc::Cancelled) {
            event!("cancelled");
        }
        ended
    }

    async fn prepare_and_send(&self) -> Result<(), Exc> {
        for number in 0.. {
            sleep(ms(200)).await?;
            event!("prepared {number}");
            self.seen.prepared.set(self.seen.prepared.get() + 1);
            if number % 4 == 3 {
                cancellable(self.ws.send(format!("data {number}"))).await??;
            }
        }
        Ok(())
    }

    fn consumer_and_producer(&self) -> [Task<()>; 2] {
        let consumer = create_task("consumer", self.clone().consume());
        [consumer, create_task("producer", self.clone().produce())]
    }

    async fn gather(&self) -> Result<(), Exc> {
        if let Err(exc) = gather(self.consumer_and_producer()).await {
            event!("gather raised {}", exc.class());
        }
        Ok(())
    }

    async fn wait_and_cancel(&self) -> Result<(), Exc> {
        let tasks = self.consumer_and_producer();
        let waited = wait(&tasks, ReturnWhen::FirstCompleted, None).await?;
        for pending in waited.pending {
            pending.cancel();
        }
        let results = gather_results(&tasks).await?;
        for (task, result) in tasks.iter().zip(results) {
            let class = result.as_ref().err().map_or("NoneType", Exc::class);
            event!("{}: {class}", task.name());
        }
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
}
