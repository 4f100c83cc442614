//! Logic of one second beside a ticker: in the loop, in a task, in a thread, in an executor pool.

use std::cell::{Cell, RefCell};
use std::future::Future as StdFuture;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{Executor, Node, event, time};
use sim_asyncio::{EventLoop, Exc, Pool, ReturnWhen, block, create_task, sleep, wait};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, secs, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "threads_vs_executor",
    about: "An app needs the result of logic that takes 1 s, while a ticker ticks every 0.4 s on the same loop.",
    invariant: "No tick is late, and the result is seen at the moment at which it is there. Who is cancelled while it waits \
                for a pool stops waiting, and the function in the pool goes on to its end.",
    patterns: &[&patterns::A9, &patterns::A10, &patterns::A11],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_task",
            about: "The logic is written with await: a task is enough.",
            expect: Expect::Holds,
            body: fixed_task,
        },
        Variant {
            name: "fixed_executor",
            about: "The logic blocks, on a worker of a pool.",
            expect: Expect::Holds,
            body: fixed_executor,
        },
        Variant {
            name: "fixed_thread_sets_future",
            about: "A thread lets the loop set the future, with `call_soon_threadsafe`, which wakes it.",
            expect: Expect::Holds,
            body: fixed_thread_sets_future,
        },
        Variant {
            name: "executor_cancelled",
            about: "To cancel the wait for a function in a pool does not stop the function.",
            expect: Expect::Holds,
            body: executor_cancelled,
        },
        Variant {
            name: "broken_block_in_loop",
            about: "The logic blocks the loop, and a tick is late.",
            expect: Expect::Breaks,
            body: broken_block_in_loop,
        },
        Variant {
            name: "broken_thread_sets_future",
            about: "A thread sets the future itself, and the loop, which is not woken, sees it at its next timer.",
            expect: Expect::Breaks,
            body: broken_thread_sets_future,
        },
    ],
};

/// Blocking logic, in a thread of its own.
async fn blocking_logic() -> Result<i64, Exc> {
    event!("begin blocking 1 s");
    time::block(secs(1)).await;
    event!("end blocking");
    Ok(7)
}

type Times = Rc<RefCell<Vec<Duration>>>;

fn note(times: &Times) {
    times.borrow_mut().push(time::elapsed());
}

async fn ticker(ticks: Times) -> Result<(), Exc> {
    for tick in 0..4 {
        event!("tick {tick}");
        note(&ticks);
        sleep(ms(400)).await?;
    }
    Ok(())
}

/// What gives the result.
type Logic = Pin<Box<dyn StdFuture<Output = Result<i64, Exc>>>>;

fn run(executor: &mut Executor, logic: impl FnOnce() -> Logic + 'static) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let (ticks, got) = (Times::default(), Times::default());
    let (ticked, noted) = (Rc::clone(&ticks), Rc::clone(&got));
    let app = asyncio.create_task("app", async move {
        let ticker = create_task("ticker", ticker(ticked));
        sleep(ms(500)).await?;
        let result = logic().await?;
        event!("got {result}");
        note(&noted);
        ticker.await?;
        Ok(result)
    });
    let result = done(asyncio.run_until_complete(&app))?;
    ensure!(result == 7, "the logic gave {result}, not 7");
    let (ticks, got) = (ticks.take(), got.take());
    ensure!(ticks == [0, 400, 800, 1_200].map(ms), "the ticks came at {ticks:?}");
    ensure!(got == [ms(1_500)], "the result, which is there at 1.5 s, was seen at {got:?}");
    Ok(())
}

fn fixed_task(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, || {
        let logic = create_task("logic", async {
            event!("begin waiting 1 s");
            sleep(secs(1)).await?;
            event!("end waiting");
            Ok(7)
        });
        Box::pin(async move { logic.await })
    })
}

fn fixed_executor(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, || {
        let pool = Pool::new("worker", 1);
        let result = EventLoop::current().run_in_executor(&pool, blocking_logic());
        Box::pin(async move { result.await })
    })
}

fn fixed_thread_sets_future(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, || {
        let event_loop = EventLoop::current();
        let future = event_loop.create_future();
        let settled = future.clone();
        drop(Node::named("thread").spawn_named("thread", async move {
            let result = blocking_logic().await?;
            event_loop.call_soon_threadsafe(move || {
                settled.set_result(result).expect("nobody else settles it");
            });
            Ok::<_, Exc>(())
        }));
        Box::pin(async move { future.await })
    })
}

fn executor_cancelled(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    let mut asyncio = start(executor);
    let ended_at: Rc<Cell<Option<Duration>>> = Rc::default();
    let noted = Rc::clone(&ended_at);
    let app = asyncio.create_task("app", async move {
        let waiter = create_task("waiter", async move {
            let pool = Pool::new("worker", 1);
            let function = async move {
                let result = blocking_logic().await;
                noted.set(Some(time::elapsed()));
                result
            };
            EventLoop::current().run_in_executor(&pool, function).await
        });
        sleep(ms(200)).await?;
        waiter.cancel();
        wait([&waiter], ReturnWhen::AllCompleted, None).await?;
        event!("waiter cancelled: {}", if waiter.is_cancelled() { "True" } else { "False" });
        let cancelled_at = waiter.is_cancelled().then(time::elapsed);
        sleep(secs(2)).await?;
        Ok(cancelled_at)
    });
    let cancelled_at = done(asyncio.run_until_complete(&app))?;
    ensure!(cancelled_at == Some(ms(200)), "cancelled at 0.2 s, the waiter ended so at {cancelled_at:?}");
    let ended_at = ended_at.get();
    ensure!(ended_at == Some(secs(1)), "the function of 1 s ended at {ended_at:?}");
    ensure!(since_start(&asyncio) == ms(2_200), "the loop ran until {:?}", since_start(&asyncio));
    Ok(())
}

fn broken_block_in_loop(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, || {
        Box::pin(async {
            event!("begin blocking 1 s");
            block(secs(1));
            event!("end blocking");
            Ok(7)
        })
    })
}

fn broken_thread_sets_future(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, || {
        let future = EventLoop::current().create_future();
        let settled = future.clone();
        drop(Node::named("thread").spawn_named("thread", async move {
            let result = blocking_logic().await?;
            settled.set_result(result)?;
            Ok::<_, Exc>(())
        }));
        Box::pin(async move { future.await })
    })
}
