//! Three requests to a web service: in turn, together, with a client that blocks.

use std::time::Duration;

use seedbed::{Executor, event, time};
use sim_asyncio::{EventLoop, Exc, Pool, block, create_task, gather, sleep};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation, ensure};

use crate::asyncio::program::{done, ms, say, since_start, start};
use crate::patterns;

pub(crate) const SCENARIO: Scenario = Scenario {
    name: "three_endpoints",
    about: "A client asks three endpoints, which answer after 0.3 s, 0.5 s and 0.2 s.",
    invariant: "All three answers are there after 0.5 s, as long as the slowest takes, in the order of the requests.",
    patterns: &[&patterns::A11, &patterns::C35],
    parameters: &[],
    variants: &[
        Variant {
            name: "fixed_concurrent",
            about: "Each request is a task, and all are gathered.",
            expect: Expect::Holds,
            body: fixed_concurrent,
        },
        Variant {
            name: "fixed_executor",
            about: "The client blocks, on three workers of a pool.",
            expect: Expect::Holds,
            body: fixed_executor,
        },
        Variant {
            name: "broken_sequential",
            about: "Each answer is awaited before the next request.",
            expect: Expect::Breaks,
            body: broken_sequential,
        },
        Variant {
            name: "broken_blocking_client",
            about: "Each request is a task, but the client blocks: as slow as one after the other.",
            expect: Expect::Breaks,
            body: broken_blocking_client,
        },
        Variant {
            name: "broken_executor_too_small",
            about: "The client blocks on a pool of one worker, which takes one request after the other.",
            expect: Expect::Breaks,
            body: broken_executor_too_small,
        },
    ],
};

/// The endpoints, and after which time each answers.
const ENDPOINTS: [(&str, Duration); 3] = [("/users", ms(300)), ("/orders", ms(500)), ("/stock", ms(200))];

/// A client that awaits; the answer is the length of the path.
async fn get((path, latency): (&str, Duration)) -> Result<usize, Exc> {
    event!("GET {path}");
    sleep(latency).await?;
    event!("200 {path}");
    Ok(path.len())
}

/// A client that blocks the loop which calls it.
fn get_blocking((path, latency): (&str, Duration)) -> usize {
    event!("GET {path}");
    block(latency);
    event!("200 {path}");
    path.len()
}

/// The same in a thread of its own.
async fn get_in_thread((path, latency): (&str, Duration)) -> Result<usize, Exc> {
    event!("GET {path}");
    time::block(latency).await;
    event!("200 {path}");
    Ok(path.len())
}

fn run<B>(executor: &mut Executor, client: B) -> Result<(), Violation>
where
    B: Future<Output = Result<Vec<usize>, Exc>> + 'static,
{
    let mut asyncio = start(executor);
    let client = asyncio.create_task("client", client);
    let answers = done(asyncio.run_until_complete(&client))?;
    say(&mut asyncio, &format!("total {answers:?}"));
    ensure!(answers == [6, 7, 6], "the answers were {answers:?}");
    let took = since_start(&asyncio);
    ensure!(took == ms(500), "three answers took {took:?}, and the slowest alone takes 500ms");
    Ok(())
}

fn fixed_concurrent(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, async {
        gather(ENDPOINTS.map(|endpoint| create_task(format!("get{}", endpoint.0), get(endpoint)))).await
    })
}

async fn through_pool(workers_max: usize) -> Result<Vec<usize>, Exc> {
    let event_loop = EventLoop::current();
    let pool = Pool::new("requests", workers_max);
    gather(ENDPOINTS.map(|endpoint| event_loop.run_in_executor(&pool, get_in_thread(endpoint)))).await
}

fn fixed_executor(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, through_pool(3))
}

fn broken_sequential(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, async {
        let mut answers = Vec::new();
        for endpoint in ENDPOINTS {
            answers.push(get(endpoint).await?);
        }
        Ok(answers)
    })
}

fn broken_blocking_client(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, async {
        gather(ENDPOINTS.map(|endpoint| create_task("requests", async move { Ok(get_blocking(endpoint)) })))
            .await
    })
}

fn broken_executor_too_small(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    run(executor, through_pool(1))
}
