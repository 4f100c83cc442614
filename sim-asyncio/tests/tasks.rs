//! What a task says to those who ask it wrongly.

use sim_asyncio::{AnyTask, EventLoop, Exc, Runner, create_task, yield_now};
use sim_executor::{Config, Executor, ProductionOrder, TraceLevel, event};

fn own_task() -> AnyTask {
    EventLoop::current().current_task().expect("a step of a task is running")
}

fn raised_on_itself() -> Exc {
    Exc::raised("RuntimeError", "Task cannot await on itself")
}

#[test]
fn a_task_that_awaits_itself_gets_an_error_in_its_next_step() {
    let mut executor =
        Executor::with_config(Config { trace: TraceLevel::Events, ..Config::default() }, ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let main = asyncio.create_task("main", async {
        drop(create_task("other", async {
            event!("other has its turn");
            Ok(())
        }));
        let awaited = own_task().await;
        event!("{awaited:?}");
        yield_now().await?;
        Ok(awaited)
    });
    assert_eq!(asyncio.run_until_complete(&main).unwrap(), Ok(Err(raised_on_itself())));
    let records = executor.trace().records;
    let log: Vec<_> = records.iter().map(|record| record.event.to_string()).collect();
    assert_eq!(log, ["other has its turn".to_string(), format!("{:?}", Err::<(), _>(raised_on_itself()))]);
}

#[test]
fn a_task_that_awaits_itself_can_be_cancelled() {
    let mut executor = Executor::new(ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let main = asyncio.create_task("main", async { own_task().await });
    let cancelled = main.clone();
    asyncio.call_soon(move || assert!(cancelled.cancel()));
    assert_eq!(asyncio.run_until_complete(&main).unwrap(), Err(Exc::Cancelled));
}

#[test]
fn a_result_that_is_asked_for_too_early_is_an_error_and_nothing_else_changes() {
    let mut executor = Executor::new(ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let task = asyncio.create_task("task", async { Ok(7) });
    let error = task.try_result().unwrap_err();
    assert_eq!(error.to_string(), "InvalidStateError: Result is not set.");
    assert_eq!(asyncio.run_until_complete(&task).unwrap(), Ok(7));
    assert_eq!([task.try_result(), task.try_result()], [Ok(7), Ok(7)]);
}
