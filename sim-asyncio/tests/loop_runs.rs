//! The runs of a loop: how it is started, what an iteration costs, how it is closed.

use std::time::Duration;

use sim_asyncio::{
    EventLoop, Exc, LoopConfig, NoRunningLoop, Runner, RunnerError, create_task, sleep, yield_now,
};
use sim_executor::{Config, Executor, KeyedRandom, Node, ProductionOrder, TraceLevel, event};

const MS: Duration = Duration::from_millis(1);

fn traced() -> Executor {
    Executor::with_config(Config { trace: TraceLevel::Events, ..Config::default() }, ProductionOrder)
}

fn log_of(executor: &Executor) -> Vec<String> {
    let records = executor.trace().records;
    records.iter().map(|record| format!("{} {}", record.at.as_nanos() / 1_000_000, record.event)).collect()
}

struct LogsItsEnd;

impl Drop for LogsItsEnd {
    fn drop(&mut self) {
        event!("finally");
    }
}

#[test]
fn each_iteration_costs_its_time_before_the_timers_are_looked_at() {
    let mut executor = traced();
    let config = LoopConfig { iteration_cost: 100 * MS, ..LoopConfig::default() };
    let mut asyncio = Runner::with_config(&mut executor, config);
    let main = asyncio.create_task("main", async {
        event!("first");
        yield_now().await?;
        event!("second");
        EventLoop::current().call_later(100 * MS, || event!("timer in the third iteration"));
        yield_now().await?;
        event!("third");
        sleep(450 * MS).await?;
        event!("due at 750, and one iteration later");
        Ok(())
    });
    asyncio.run_until_complete(&main).unwrap().unwrap();
    assert_eq!(
        log_of(&executor),
        [
            "100 first",
            "200 second",
            "300 third",
            "300 timer in the third iteration",
            "850 due at 750, and one iteration later"
        ]
    );
}

#[test]
fn a_loop_whose_iterations_cost_time_comes_to_its_timers_under_every_seed() {
    for seed in 0..50 {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let config = LoopConfig { iteration_cost: 10 * MS, ..LoopConfig::default() };
        let mut asyncio = Runner::with_config(&mut executor, config);
        let busy = |_| async {
            loop {
                yield_now().await?;
            }
        };
        let spinners: Vec<_> =
            (0..2).map(|number| asyncio.create_task(format!("busy{number}"), busy(number))).collect();
        asyncio.run_for(100 * MS).unwrap();
        assert!(asyncio.time().as_nanos() >= 100_000_000, "seed {seed}: {}", asyncio.time());
        let _: Vec<sim_asyncio::Task<()>> = spinners;
    }
}

#[test]
fn a_task_finds_its_loop_running_and_nobody_else_does() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    assert!(!asyncio.event_loop().is_running());
    assert!(matches!(asyncio.enter(|_| EventLoop::running()), Err(NoRunningLoop)));
    let task = asyncio.create_task("task", async { Ok(EventLoop::running()?.is_running()) });
    assert_eq!(asyncio.run_until_complete(&task).unwrap(), Ok(true));
    assert!(!asyncio.event_loop().is_running());
    asyncio.close();
    assert!(!asyncio.event_loop().is_running());
}

#[test]
fn a_loop_in_a_thread_runs_until_a_future_is_settled_once_at_a_time() {
    let mut executor = traced();
    let ended = executor.block_on(async {
        let node = Node::named("thread");
        let event_loop = EventLoop::on(&node, LoopConfig { waits_for_run: true, ..LoopConfig::default() });
        let inner = event_loop.clone();
        let task = event_loop.create_task("task", async move {
            let never = inner.create_future::<()>();
            event!("{}", inner.run_until_complete(never).await.unwrap_err());
            sleep(5 * MS).await?;
            Ok(7)
        });
        let run = event_loop.clone();
        let thread = node.spawn(async move { run.run_until_complete(&task).await });
        let ended = thread.await.unwrap();
        assert!(!event_loop.is_running());
        event_loop.close();
        let again = event_loop.run_until_complete(event_loop.create_future::<()>()).await;
        assert_eq!(again, Err(RunnerError::Closed));
        ended
    });
    assert_eq!(ended.unwrap(), Ok(Ok(7)));
    assert_eq!(log_of(&executor), ["0 RuntimeError: This event loop is already running"]);
}

#[test]
fn run_cancels_what_is_left_then_closes_the_loop() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    let ended = asyncio.run("main", async {
        create_task("background", async {
            let ended = sleep(60_000 * MS).await;
            event!("{ended:?}");
            sleep(MS).await?;
            event!("goodbye");
            ended
        });
        create_task("fails", async {
            let _ = sleep(60_000 * MS).await;
            Err::<(), _>(Exc::raised("ValueError", "no"))
        });
        yield_now().await?;
        Ok(42)
    });
    assert_eq!(ended, Ok(Ok(42)));
    assert!(asyncio.event_loop().is_closed());
    assert_eq!(asyncio.run("again", async { Ok(()) }), Err(RunnerError::Closed));
    let log = log_of(&executor);
    let handled = "exception_handler: unhandled exception during asyncio.run() shutdown";
    assert_eq!(log[..3], ["0 Err(Cancelled)".to_string(), "1 goodbye".into(), format!("1 {handled}")]);
}

#[test]
fn a_task_that_only_the_loop_knows_complains_before_its_body_is_dropped_and_else_after() {
    let destroyed = "exception_handler: Task was destroyed but it is pending!";
    for (is_cancelled, expected) in
        [(true, [destroyed, "finally", "closed"]), (false, ["closed", "finally", destroyed])]
    {
        let mut executor = traced();
        let mut asyncio = Runner::new(&mut executor);
        drop(asyncio.create_task("task", async {
            let _guard = LogsItsEnd;
            sleep(20 * MS).await
        }));
        let pause = asyncio.create_task("pause", sleep(MS));
        asyncio.run_until_complete(&pause).unwrap().unwrap();
        if is_cancelled {
            let left = asyncio.all_tasks();
            asyncio.cancel(&left[0]);
        }
        asyncio.close();
        asyncio.enter(|_| event!("closed"));
        asyncio.destroy_pending();
        assert_eq!(log_of(&executor), expected.map(|line| format!("1 {line}")));
    }
}
