//! Whole programs under `asyncio.run`: interrupts, base exceptions, what is left at the end. The values are those of CPython 3.11.

use std::time::Duration;

use sim_asyncio::{
    Event, EventLoop, Exc, GroupError, GroupMisuse, Runner, RunnerError, Signal, Task, TaskGroup,
    create_task, sleep, yield_now,
};
use sim_executor::{Config, Executor, Node, ProductionOrder, TraceLevel, event, time};

const MS: Duration = Duration::from_millis(1);

type Ended<T> = Result<Result<T, Exc>, RunnerError>;

/// How a body ends under `asyncio.run` when CTRL+C is pressed at these times, and its log as `<milliseconds> <event>`.
fn run<T: Clone + 'static>(
    pressed: &'static [u32],
    body: impl Future<Output = Result<T, Exc>> + 'static,
) -> (Ended<T>, Vec<String>) {
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    asyncio.enter(|event_loop| {
        let process = event_loop.clone();
        drop(Node::named("user").spawn(async move {
            for at in pressed {
                time::sleep(*at * MS - time::elapsed()).await;
                process.send_signal(Signal::Interrupt);
            }
        }));
    });
    let ended = asyncio.run("main", body);
    assert!(asyncio.event_loop().is_closed());
    let records = executor.trace().records;
    let line = |at: u64, event: String| format!("{} {event}", at / 1_000_000);
    (ended, records.iter().map(|record| line(record.at.as_nanos(), record.event.to_string())).collect())
}

/// Sleeps for long, says how that ended, and needs 5 ms more to clean up.
async fn cleans_up(name: &'static str) -> Result<(), Exc> {
    let slept = sleep(1_000 * MS).await;
    event!("{name} {slept:?}");
    sleep(5 * MS).await?;
    event!("{name} has said goodbye");
    slept
}

#[test]
fn the_first_interrupt_cancels_the_main_task_alone() {
    let (ended, log) = run(&[10], async {
        let _background = create_task("background", cleans_up("background"));
        cleans_up("main").await
    });
    assert_eq!(ended, Err(RunnerError::Interrupted(Signal::Interrupt)));
    assert_eq!(
        log,
        [
            "10 main Err(Cancelled)",
            "15 main has said goodbye",
            "15 background Err(Cancelled)",
            "20 background has said goodbye"
        ]
    );
}

#[test]
fn a_main_task_that_swallows_the_interrupt_gives_its_result() {
    let (ended, log) = run(&[10], async {
        let slept = sleep(100 * MS).await;
        event!("{slept:?}");
        sleep(20 * MS).await?;
        Ok(5)
    });
    assert_eq!(ended, Ok(Ok(5)));
    assert_eq!(log, ["10 Err(Cancelled)"]);
}

#[test]
fn a_second_interrupt_ends_the_run_of_the_main_task_at_once() {
    let (ended, log) = run(&[10, 12], cleans_up("main"));
    assert_eq!(ended, Err(RunnerError::Interrupted(Signal::Interrupt)));
    assert_eq!(log, ["10 main Err(Cancelled)"]); // its cleanup is cancelled too, at 12 ms
}

#[test]
fn an_interrupt_after_the_main_task_leaves_the_others_as_they_are() {
    let (ended, log) = run(&[3], async {
        let _background = create_task("background", cleans_up("background"));
        yield_now().await?;
        Ok(1)
    });
    assert_eq!(ended, Err(RunnerError::Interrupted(Signal::Interrupt)));
    assert_eq!(log[..1], ["0 background Err(Cancelled)"]);
    assert!(!log.iter().any(|line| line.contains("goodbye")), "{log:?}");
}

#[test]
fn a_main_task_that_was_cancelled_by_others_too_ends_cancelled() {
    let (ended, _) = run(&[10], async {
        let main = EventLoop::current().current_task().unwrap();
        EventLoop::current().call_later(5 * MS, move || {
            main.cancel();
        });
        let _ = sleep(7 * MS).await;
        sleep(7 * MS).await
    });
    assert_eq!(ended, Ok(Err(Exc::Cancelled)));
}

#[test]
fn a_handler_of_the_program_is_called_instead_and_leaves_the_default_behind() {
    let (ended, log) = run(&[10, 20], async {
        let event_loop = EventLoop::current();
        event_loop.add_signal_handler(Signal::Interrupt, || event!("handled"));
        sleep(15 * MS).await?;
        assert!(event_loop.remove_signal_handler(Signal::Interrupt));
        let slept = sleep(15 * MS).await;
        event!("{slept:?}");
        slept
    });
    // Not the main task is cancelled at 20 ms: `KeyboardInterrupt` comes out of the loop, and then it is cancelled.
    assert_eq!(ended, Err(RunnerError::Interrupted(Signal::Interrupt)));
    assert_eq!(log, ["10 handled", "20 Err(Cancelled)"]);
}

#[test]
fn handles_that_an_interrupt_keeps_from_running_run_in_their_order_next_time() {
    let mut executor = Executor::new(ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let order = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    asyncio.enter(|event_loop| {
        let note = |name: &'static str| {
            let order = std::rc::Rc::clone(&order);
            move || order.borrow_mut().push(name)
        };
        let (process, late) = (event_loop.clone(), note("third"));
        event_loop.call_soon(move || {
            process.call_soon(late);
            process.send_signal(Signal::Interrupt);
        });
        event_loop.call_soon(note("first"));
        event_loop.call_soon(note("second"));
    });
    assert_eq!(asyncio.run_forever(), Err(RunnerError::Interrupted(Signal::Interrupt)));
    assert!(order.borrow().is_empty());
    asyncio.run_for(MS).unwrap();
    assert_eq!(*order.borrow(), ["first", "second", "third"]);
}

#[test]
fn a_task_that_raises_keyboard_interrupt_or_system_exit_ends_the_run_and_nothing_else_does() {
    let raises = |class: &'static str| {
        run(&[], async move {
            let task = create_task("exits", async move { Err::<(), _>(Exc::raised(class, "")) });
            sleep(10 * MS).await?;
            Ok(task.is_done())
        })
        .0
    };
    for class in ["KeyboardInterrupt", "SystemExit"] {
        assert_eq!(raises(class), Err(RunnerError::Raised(Exc::raised(class, ""))));
    }
    assert_eq!(raises("ValueError"), Ok(Ok(true)));
}

#[test]
fn tasks_that_begin_while_the_others_are_cancelled_get_two_short_runs() {
    let (ended, log) = run(&[], async {
        let _left = create_task("left", async {
            let _ = sleep(MS).await;
            let _late = create_task("late", async {
                for turn in 1..9 {
                    event!("turn {turn}");
                    yield_now().await?;
                }
                Ok(())
            });
            Ok(())
        });
        yield_now().await?;
        Ok(())
    });
    assert_eq!(ended, Ok(Ok(())));
    let turns: Vec<_> = log.iter().filter(|line| line.contains("turn")).collect();
    assert_eq!(turns.len(), 6, "{turns:?}");
}

#[test]
fn a_group_that_shuts_down_takes_no_new_task() {
    let (ended, log) = run(&[], async {
        let ended = TaskGroup::run(async |group| {
            group.create_task("fails", async {
                sleep(10 * MS).await?;
                Err::<(), _>(Exc::raised("ValueError", "x"))
            })?;
            let late = group.clone();
            group.create_task("cleans up", async move {
                let slept = sleep(9_000 * MS).await;
                let refused = late.create_task("late", async { Event::new().wait().await });
                event!("{}", refused.unwrap_err());
                slept
            })?;
            Ok(())
        });
        Ok(ended.await)
    });
    let failed = GroupError::Failed { exceptions: vec![Exc::raised("ValueError", "x")] };
    assert_eq!(ended, Ok(Ok(Err(failed))));
    assert_eq!(log, ["10 TaskGroup <TaskGroup tasks=1 errors=1 cancelling> is shutting down"]);
}

#[test]
fn a_group_says_what_is_wrong_with_its_use() {
    let (ended, log) = run(&[], async {
        let group = TaskGroup::new();
        let nothing = || async { Ok(()) };
        event!("{}", group.create_task("early", nothing()).unwrap_err());
        let (inner, again) = (group.clone(), group.clone());
        let body = async move {
            event!("{}", again.with(nothing()).await.unwrap_err());
            let twice: Task<()> = again.create_task("child", async move {
                sleep(MS).await?;
                inner.create_task("grandchild", sleep(MS))?;
                Ok(())
            })?;
            drop(twice);
            Ok(())
        };
        event!("{:?}", group.with(body).await);
        event!("{}", group.create_task("late", nothing()).unwrap_err());
        Ok(())
    });
    assert_eq!(ended, Ok(Ok(())));
    assert_eq!(
        log,
        [
            "0 TaskGroup <TaskGroup> has not been entered",
            "0 TaskGroup <TaskGroup entered> has already been entered",
            "2 Ok(())",
            "2 TaskGroup <TaskGroup entered> is finished"
        ]
    );
    let mut executor = Executor::new(ProductionOrder);
    let outside = executor.block_on(async { TaskGroup::new().with(async { Ok(()) }).await }).unwrap();
    let no_parent = GroupMisuse::NoParent { group: "<TaskGroup>".into() };
    assert_eq!(outside, Err(GroupError::Misused(no_parent)));
}

#[test]
fn a_group_hands_on_what_ends_the_run() {
    let mut executor = Executor::new(ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let main = asyncio.create_task("main", async {
        let body = async |_| Err::<(), _>(Exc::raised("SystemExit", "1"));
        let ended = TaskGroup::run(body).await;
        assert_eq!(ended, Err(GroupError::Base(Exc::raised("SystemExit", "1"))));
        Ok(())
    });
    assert_eq!(asyncio.run_until_complete(&main), Ok(Ok(())));
}
