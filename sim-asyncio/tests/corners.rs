//! Rarer parts of asyncio, as their callers see them: what is refused, what another library's future does, what is shared.

use std::future::IntoFuture;
use std::time::Duration;

use sim_asyncio::{
    Barrier, Condition, ContextVar, Event, EventLoop, Exc, Lock, NoParties, Queue, Runner, Semaphore,
    Timeout, TimeoutMisuse, VarContext, cancellable, cancelled_error, create_task, sleep, timeout, yield_now,
};
use sim_executor::{Config, Executor, KeyedRandom, ProductionOrder, TraceLevel, event, time};

const MS: Duration = Duration::from_millis(1);

/// The log of a main task, as `<milliseconds> <event>`.
fn log_of(body: impl Future<Output = Result<(), Exc>> + 'static) -> Vec<String> {
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    let ended = Runner::new(&mut executor).run_coroutine("main", body);
    ended.unwrap().unwrap();
    let records = executor.trace().records;
    records.iter().map(|record| format!("{} {}", record.at.as_nanos() / 1_000_000, record.event)).collect()
}

#[test]
fn a_timeout_says_what_is_wrong_with_its_use() {
    let log = log_of(async {
        let limit = Timeout::after(5 * MS);
        event!("{}", limit.reschedule(None).unwrap_err());
        let (again, moved) = (limit.clone(), limit.clone());
        let ended = limit.with(async {
            event!("{:?}", again.with(async { Ok(()) }).await);
            let slept = sleep(9 * MS).await;
            event!("{}", moved.reschedule(None).unwrap_err());
            slept
        });
        event!("{:?}", ended.await);
        event!("{}", limit.reschedule(None).unwrap_err());
        let unlimited = Timeout::at(None);
        unlimited.with(sleep(MS)).await?;
        event!(
            "{} {:?} {}",
            unlimited.is_expired(),
            unlimited.when(),
            unlimited.reschedule(None).unwrap_err()
        );
        timeout(None, sleep(MS)).await
    });
    let again = Exc::raised("RuntimeError", "Timeout has already been entered");
    assert_eq!(
        log,
        [
            "0 Timeout has not been entered".to_string(),
            format!("0 {:?}", Err::<(), _>(again)),
            "5 Cannot change state of expiring Timeout".into(),
            "5 Err(Timeout)".into(),
            "5 Cannot change state of expired Timeout".into(),
            "6 false None Cannot change state of finished Timeout".into(),
        ]
    );
    let mut executor = Executor::new(ProductionOrder);
    let outside = executor.block_on(async { timeout(MS, async { Ok(()) }).await }).unwrap();
    assert_eq!(outside, Err(TimeoutMisuse::OutsideOfTask.into()));
}

#[test]
fn two_conditions_over_one_lock_exclude_each_other() {
    let log = log_of(async {
        let lock = Lock::new();
        let [full, empty] = [(); 2].map(|()| Condition::over(lock.clone()));
        event!("{}", Exc::from(full.notify_all().unwrap_err()));
        event!("{}", empty.wait().await.unwrap_err());
        let waits = full.clone();
        let waiting = create_task("waits", async move {
            waits.with(async { waits.wait().await }).await?;
            event!("woken");
            Ok(())
        });
        sleep(MS).await?;
        empty
            .with(async {
                assert!(full.is_locked() && lock.is_locked());
                full.notify(1)?;
                sleep(3 * MS).await
            })
            .await?;
        waiting.await
    });
    let refused = |verb| format!("0 RuntimeError: cannot {verb} on un-acquired lock");
    assert_eq!(log, [refused("notify"), refused("wait"), "4 woken".into()]);
}

#[test]
fn a_barrier_is_for_somebody() {
    assert_eq!(Barrier::new(0).err(), Some(NoParties));
    assert_eq!(Barrier::new(2).unwrap().parties(), 2);
}

#[test]
fn a_token_belongs_to_its_variable_and_its_context() {
    log_of(async {
        let [one, other] = ["one", "other"].map(ContextVar::<u64>::new);
        let wrong = other.reset(one.set(1)).unwrap_err();
        assert_eq!(wrong.to_string(), "the token of one was created by a different ContextVar");
        let token = one.set(2);
        let inner = one.clone();
        let child = create_task("child", async move { Ok(inner.reset(token).unwrap_err().to_string()) });
        assert_eq!(child.await?, "the token of one was created in a different Context");
        let token = other.set(3);
        other.reset(token)?;
        assert_eq!((one.get(), other.get()), (Some(2), None));
        Ok(())
    });
}

#[test]
fn a_context_can_be_entered_and_given_to_a_task() {
    log_of(async {
        let var = ContextVar::new("var");
        var.set(1);
        let context = VarContext::current().copy();
        let (inside, seen) = (var.clone(), var.clone());
        assert_eq!(format!("{:?}", context.run(|| inside.set(2))), "VarToken of var");
        assert_eq!((var.get(), context.run(|| seen.get())), (Some(1), Some(2)));
        let child = EventLoop::current().create_task_in(&context, "child", async move {
            inside.set(3);
            yield_now().await
        });
        child.await?;
        assert_eq!((var.get(), context.run(|| var.get())), (Some(1), Some(3)));
        Ok(())
    });
}

#[test]
fn each_callback_sees_what_held_when_it_was_registered() {
    let log = log_of(async {
        let (event_loop, var) = (EventLoop::current(), ContextVar::new("var"));
        let show = |name: &'static str| {
            let var = var.clone();
            move || event!("{name} {:?}", var.get())
        };
        let settled = event_loop.create_future::<()>();
        event_loop.call_later(2 * MS, show("unset"));
        var.set(1);
        settled.add_done_callback(show("one"));
        var.set(2);
        event_loop.call_soon(show("two"));
        settled.set_result(())?;
        sleep(3 * MS).await
    });
    assert_eq!(log, ["0 two Some(2)", "0 one Some(1)", "2 unset None"]);
}

#[test]
fn a_loop_can_start_all_tasks_eagerly() {
    let log = log_of(async {
        EventLoop::current().set_eager_tasks(true);
        let task = create_task("child", async {
            event!("child begins");
            yield_now().await?;
            event!("child ends");
            Ok(7)
        });
        event!("created");
        EventLoop::current().set_eager_tasks(false);
        create_task("later", async {
            event!("later begins");
            Ok(())
        });
        event!("{}", task.await?);
        Ok(())
    });
    assert_eq!(log, ["0 child begins", "0 created", "0 child ends", "0 later begins", "0 7"]);
}

/// The first step has no task of the executor yet, so its waker wakes nobody: whoever keeps it is asked again.
#[test]
fn an_eager_task_is_woken_by_a_future_of_another_library() {
    for seed in 0..20 {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let mut asyncio = Runner::new(&mut executor);
        let ended = asyncio.run_coroutine("main", async {
            let event = Event::new();
            let waits = event.clone();
            let eager = EventLoop::current().create_eager_task("eager", async move {
                cancellable(time::sleep(5 * MS)).await?;
                waits.wait().await?;
                time::sleep(5 * MS).await;
                Ok(time::now())
            });
            sleep(7 * MS).await?;
            event.set();
            eager.await
        });
        assert_eq!(ended.unwrap().unwrap().to_string(), "0.012", "seed {seed}");
    }
}

#[test]
fn an_eager_task_that_waits_at_the_end_is_dropped_inside_the_run() {
    struct Says;
    impl Drop for Says {
        fn drop(&mut self) {
            event!("dropped");
        }
    }
    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let ended = asyncio.run_coroutine("main", async {
        drop(EventLoop::current().create_eager_task("eager", async {
            let _says = Says;
            Event::new().wait().await
        }));
        Ok(EventLoop::current().all_tasks().len())
    });
    assert_eq!(ended, Ok(Ok(2)));
    asyncio.destroy_pending();
    let records = executor.trace().records;
    let said: Vec<String> = records.iter().map(|record| record.event.to_string()).collect();
    assert_eq!(said, ["dropped", "exception_handler: Task was destroyed but it is pending!"]);
}

#[test]
fn a_cancellation_can_be_raised_again_with_its_message() {
    log_of(async {
        let task = create_task("task", async {
            let first = sleep(9 * MS).await;
            let message = EventLoop::current().cancel_message();
            let second = sleep(9 * MS).await;
            assert_eq!((first, second), (Err(Exc::Cancelled), Err(Exc::Cancelled)));
            assert_eq!(EventLoop::current().cancel_message().as_deref(), Some("second"));
            Err::<(), _>(cancelled_error(message))
        });
        for message in ["first", "second"] {
            yield_now().await?;
            yield_now().await?;
            assert!(task.cancel_with(message));
        }
        assert_eq!(task.clone().await, Err(Exc::Cancelled));
        assert_eq!(EventLoop::current().cancel_message().as_deref(), Some("first"));
        assert_eq!(task.cancel_message(), None); // it was said
        Ok(())
    });
}

#[test]
fn a_task_vanishes_that_nobody_holds_and_nobody_can_wake() {
    let mut executor = Executor::new(ProductionOrder);
    let mut asyncio = Runner::new(&mut executor);
    let destroyed = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let seen = std::rc::Rc::clone(&destroyed);
    let ended = asyncio.run_coroutine("main", async move {
        let event_loop = EventLoop::current();
        event_loop.set_exception_handler(move |report| seen.borrow_mut().push(report.to_string()));
        let shared = Queue::<u64>::unbounded();
        let (own, inner) = (Queue::<u64>::new(0), shared.clone());
        drop(create_task("own queue", async move { own.get().await }));
        drop(create_task("shared queue", async move { inner.get().await }));
        drop(create_task("own future", EventLoop::current().create_future::<u64>().into_future()));
        drop(create_task("sleeps", sleep(9 * MS)));
        let joined = create_task("joined", sleep(9 * MS));
        drop(create_task("joins", async move { joined.await }));
        let condition = Condition::new();
        let inside = condition.clone();
        drop(create_task("in a condition", async move { inside.with(async { inside.wait().await }).await }));
        let barrier = Barrier::new(2)?;
        let waits = barrier.clone();
        drop(create_task("at a barrier", async move { waits.wait().await }));
        let (lock, semaphore) = (Lock::new(), Semaphore::new(0));
        lock.acquire().await?;
        let (own_lock, own_semaphore) = (lock.clone(), semaphore.clone());
        drop(create_task("at a lock", async move { own_lock.acquire().await }));
        drop(create_task("at a semaphore", async move { own_semaphore.acquire().await }));
        let chained = Event::new();
        let setter = chained.clone();
        drop(create_task("end of a chain", async move { chained.wait().await }));
        drop(create_task("begin of a chain", async move {
            Event::new().wait().await?;
            setter.set();
            Ok(())
        }));
        drop(event_loop.create_eager_task("eager", async { Event::new().wait().await }));
        yield_now().await?;
        drop(lock);
        drop(semaphore);
        event_loop.collect_garbage();
        let names: Vec<String> = event_loop.all_tasks().iter().map(|task| task.name().to_string()).collect();
        drop((shared, condition, barrier));
        Ok(names)
    });
    let kept = ["main", "shared queue", "sleeps", "joined", "joins", "in a condition", "at a barrier"];
    assert_eq!(ended.unwrap().unwrap(), kept);
    assert_eq!(*destroyed.borrow(), ["Task was destroyed but it is pending!"; 7]);
}
