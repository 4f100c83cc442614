//! Each primitive of asyncio by itself: what a small program with it logs.

use std::time::Duration;

use sim_asyncio::{
    AnyTask, Event, EventLoop, Exc, Future, Lock, LoopConfig, Pool, Queue, ReturnWhen, Runner, RunnerError,
    Semaphore, TaskGroup, as_completed, block, cancellable, create_task, gather, gather_results, shield,
    sleep, timeout, wait, wait_for, yield_now,
};
use sim_executor::{Config, Executor, KeyedRandom, Node, ProductionOrder, TraceLevel, event, time};

const MS: Duration = Duration::from_millis(1);

fn traced() -> Executor {
    Executor::with_config(Config { trace: TraceLevel::Events, ..Config::default() }, ProductionOrder)
}

/// The log of a program, as `<milliseconds> <event>`.
fn log_of<B: std::future::Future<Output = Result<(), Exc>> + 'static>(body: B) -> Vec<String> {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    let main = asyncio.create_task("main", body);
    let ended = asyncio.run_until_complete(&main).unwrap();
    if let Err(exc) = ended {
        asyncio.enter(|_| event!("raised {exc}"));
    }
    lines(&executor)
}

fn lines(executor: &Executor) -> Vec<String> {
    let records = executor.trace().records;
    records.iter().map(|record| format!("{} {}", record.at.as_nanos() / 1_000_000, record.event)).collect()
}

/// Compares the logs of programs with what they should be.
macro_rules! table {
    ($($what:literal: $body:expr => [$($line:literal),* $(,)?],)*) => {
        $(assert_eq!(log_of($body), [$($line),*] as [&str; _], $what);)*
    };
}

async fn counted(name: &'static str, hops: u32) -> Result<(), Exc> {
    for hop in 1..=hops {
        yield_now().await?;
        event!("{name} {hop}");
    }
    Ok(())
}

async fn value_after(delay: Duration, value: i64) -> Result<i64, Exc> {
    sleep(delay).await?;
    Ok(value)
}

async fn fails_after(delay: Duration) -> Result<i64, Exc> {
    sleep(delay).await?;
    Err(Exc::raised("ValueError", "no"))
}

#[test]
fn tasks_and_their_cancellation() {
    table! {
        "a task begins when its turn comes; who joins it goes on one hop after its end": async {
            let task = create_task("task", async { event!("task"); Ok(()) });
            create_task("counter", counted("hop", 3));
            event!("created");
            task.await?;
            event!("joined");
            Ok(())
        } => ["0 created", "0 task", "0 joined", "0 hop 1", "0 hop 2"],
        "a task that was cancelled before it began never begins": async {
            let task = create_task("task", async { event!("never"); Ok(()) });
            event!("{} {:?}", task.cancel(), (&task).await);
            event!("{}", task.cancel());
            Ok(())
        } => ["0 true Err(Cancelled)", "0 false"],
        "a cancellation passes on to the joined task, which may swallow it": async {
            let inner = create_task("inner", async {
                event!("inner {:?}", sleep(5 * MS).await);
                Ok(7)
            });
            let outer = create_task("outer", async move { event!("outer {:?}", inner.await); Ok(()) });
            sleep(MS).await?;
            outer.cancel();
            outer.await
        } => ["1 inner Err(Cancelled)", "1 outer Ok(7)"],
        "a task that was asked to end, and returns all the same, ends cancelled": async {
            let task = create_task("task", async {
                let me = EventLoop::current().current_task().unwrap();
                event!("{}", me.cancel());
                Ok(5)
            });
            event!("{:?}", (&task).await);
            event!("{}", task.is_cancelled());
            Ok(())
        } => ["0 true", "0 Err(Cancelled)", "0 true"],
        "a future of another library can be cancelled if it is told so": async {
            let task = create_task("task", cancellable(time::sleep(9 * MS)));
            yield_now().await?;
            task.cancel();
            event!("{:?}", task.await);
            Ok(())
        } => ["0 Err(Cancelled)"],
    }
}

#[test]
fn time_and_yielding() {
    table! {
        "a sleep ends two hops after its deadline": async {
            create_task("sleeper", async { sleep(MS).await?; event!("slept"); Ok(()) });
            EventLoop::current().call_later(MS, || { create_task("counter", counted("hop", 2)); });
            sleep(2 * MS).await
        } => ["1 slept", "1 hop 1", "1 hop 2"],
        "timers are looked at behind what is ready, and nothing happens while the loop is blocked": async {
            create_task("late", async { sleep(MS).await?; event!("late"); Ok(()) });
            yield_now().await?;
            create_task("ready", async { event!("ready"); Ok(()) });
            block(5 * MS);
            event!("blocked");
            sleep(MS).await
        } => ["5 blocked", "5 ready", "5 late"],
        "a timeout is an exception": async {
            event!("{:?}", timeout(2 * MS, sleep(9 * MS)).await);
            event!("{:?}", timeout(2 * MS, sleep(MS)).await);
            event!("{:?}", timeout(Duration::ZERO, yield_now()).await);
            Ok(())
        } => ["2 Err(Timeout)", "3 Ok(())", "3 Err(Timeout)"],
        "a cancellation by another is no timeout": async {
            let task = create_task("task", async { timeout(2 * MS, sleep(9 * MS)).await });
            sleep(MS).await?;
            task.cancel();
            event!("{:?}", task.await);
            Ok(())
        } => ["1 Err(Cancelled)"],
    }
}

#[test]
fn queues() {
    table! {
        "put suspends only when the queue is full": async {
            let queue = Queue::new(1);
            let items = queue.clone();
            create_task("getter", async move {
                for _ in 0..3 { event!("got {}", items.get().await?); }
                Ok(())
            });
            for item in 0..3 { queue.put(item).await?; event!("put {item}"); }
            sleep(MS).await
        } => ["0 put 0", "0 got 0", "0 put 1", "0 got 1", "0 put 2", "0 got 2"],
        "a queue is not fair: who gets first in between takes the item": async {
            let queue = Queue::unbounded();
            let items = queue.clone();
            create_task("waits", async move { event!("waiter got {}", items.get().await?); Ok(()) });
            yield_now().await?;
            queue.put(1).await?;
            event!("main got {}", queue.get().await?);
            sleep(MS).await?;
            queue.put(2).await?;
            sleep(MS).await
        } => ["0 main got 1", "1 waiter got 2"],
        "join waits for task_done": async {
            let queue = Queue::unbounded();
            queue.put_nowait(1)?;
            let items = queue.clone();
            create_task("worker", async move {
                items.get().await?;
                sleep(3 * MS).await?;
                items.task_done()?;
                Ok(())
            });
            queue.join().await?;
            event!("joined");
            event!("{:?} {:?}", queue.get_nowait(), queue.task_done());
            event!("{:?}", Queue::new(1).put_nowait(1).and_then(|()| Queue::new(1).put_nowait(2)));
            Ok(())
        } => ["3 joined", "3 Err(QueueEmpty) Err(TooManyDone)", "3 Ok(())"],
        "a getter that is cancelled after it was woken wakes the next": async {
            let queue = Queue::unbounded();
            let getters = ["a", "b"].map(|name| {
                let items = queue.clone();
                create_task(name, async move { event!("{name} got {}", items.get().await?); Ok(()) })
            });
            yield_now().await?;
            queue.put_nowait(1)?;
            getters[0].cancel();
            sleep(MS).await
        } => ["0 b got 1"],
    }
}

#[test]
fn events_locks_and_semaphores() {
    table! {
        "who waits for an event goes on although it was cleared meanwhile": async {
            let flag = Event::new();
            let waits = flag.clone();
            create_task("waits", async move { waits.wait().await?; event!("on: {}", waits.is_set()); Ok(()) });
            yield_now().await?;
            flag.set();
            flag.clear();
            sleep(MS).await
        } => ["0 on: false"],
        "a lock is fair": async {
            let lock = Lock::new();
            lock.acquire().await?;
            let other = lock.clone();
            create_task("other", other_with(other));
            yield_now().await?;
            lock.release()?;
            event!("released: {}", lock.is_locked());
            lock.acquire().await?;
            event!("main");
            lock.release()?;
            event!("{:?}", lock.release());
            Ok(())
        } => ["0 released: false", "0 other", "0 main", "0 Err(NotLocked)"],
        "a semaphore hands its permit over when it is released": async {
            let permits = Semaphore::new(1);
            permits.acquire().await?;
            let other = permits.clone();
            create_task("other", async move { other.with(async { event!("other"); Ok(()) }).await });
            yield_now().await?;
            permits.release();
            event!("locked: {}", permits.is_locked());
            permits.acquire().await?;
            event!("main");
            Ok(())
        } => ["0 locked: true", "0 other", "0 main"],
    }
}

async fn other_with(lock: Lock) -> Result<(), Exc> {
    lock.with(async {
        event!("other");
        Ok(())
    })
    .await
}

#[test]
fn gathers() {
    table! {
        "results are in the order of the arguments": async {
            let tasks = [3, 1].map(|ms| create_task("child", value_after(ms * MS, i64::from(ms))));
            event!("{:?} {:?}", gather(&tasks).await, gather(Vec::<Future<()>>::new()).await);
            Ok(())
        } => ["3 Ok([3, 1]) Ok([])"],
        "an exception ends it, and the others go on": async {
            let tasks = [create_task("a", value_after(3 * MS, 1)), create_task("b", fails_after(MS))];
            event!("{}", gather(&tasks).await.unwrap_err());
            event!("{:?}", gather_results(&tasks).await);
            Ok(())
        } => ["1 ValueError: no", "3 Ok([Ok(1), Err(Raised { class: \"ValueError\", message: \"no\" })])"],
        "cancelling it cancels all children": async {
            let tasks = [1, 2].map(|n| create_task("child", value_after(9 * MS, n)));
            let children = tasks.clone();
            let parent = create_task("parent", async move { gather(&children).await });
            sleep(MS).await?;
            event!("{} {:?}", parent.cancel(), parent.await);
            event!("{:?}", tasks.map(|task| task.is_cancelled()));
            Ok(())
        } => ["1 true Err(Cancelled)", "1 [true, true]"],
    }
}

#[test]
fn waits() {
    table! {
        "wait returns when it was asked to, and raises nothing": async {
            let tasks = [create_task("a", value_after(5 * MS, 1)), create_task("b", fails_after(2 * MS)),
                create_task("c", value_after(MS, 3))];
            for when in [ReturnWhen::FirstCompleted, ReturnWhen::FirstException, ReturnWhen::AllCompleted] {
                let waited = wait(&tasks, when, None).await?;
                event!("{} done, {} pending", waited.done.len(), waited.pending.len());
            }
            event!("{}", tasks[1].exception().is_some());
            event!("{:?}", wait(Vec::<Future<()>>::new(), ReturnWhen::AllCompleted, None).await.unwrap_err().class());
            Ok(())
        } => ["1 1 done, 2 pending", "2 2 done, 1 pending", "5 3 done, 0 pending", "5 true", "5 \"ValueError\""],
        "wait has a timeout that cancels nothing": async {
            let task = create_task("a", value_after(5 * MS, 1));
            let waited = wait([&task], ReturnWhen::AllCompleted, Some(2 * MS)).await?;
            event!("{} {:?}", waited.pending.len(), task.await);
            Ok(())
        } => ["5 1 Ok(1)"],
        "wait_for cancels, and waits until that has had its effect": async {
            let task = create_task("slow", async {
                let result = sleep(9 * MS).await;
                sleep(MS).await?;
                result
            });
            event!("{:?}", wait_for(&task, 2 * MS).await);
            event!("{:?}", wait_for(create_task("quick", value_after(MS, 4)), 2 * MS).await);
            event!("{:?}", wait_for(create_task("never", value_after(MS, 4)), Duration::ZERO).await);
            Ok(())
        } => ["3 Err(Timeout)", "4 Ok(4)", "4 Err(Timeout)"],
        "shield keeps a cancellation off": async {
            let inner = create_task("inner", value_after(5 * MS, 1));
            let shielded = inner.clone();
            let outer = create_task("outer", async move { shield(shielded).await });
            sleep(MS).await?;
            outer.cancel();
            event!("{:?} {:?}", outer.await, inner.await);
            Ok(())
        } => ["5 Err(Cancelled) Ok(1)"],
        "as_completed gives results in the order of the ends": async {
            let mut ended = as_completed([3, 1, 2].map(|ms| create_task("child", value_after(ms * MS, ms.into()))));
            while let Some(result) = ended.next().await { event!("{}", result?); }
            Ok(())
        } => ["1 1", "2 2", "3 3"],
    }
}

#[test]
fn groups_and_workers() {
    table! {
        "a task group waits for its tasks": async {
            let ended = TaskGroup::run(async |group| {
                group.create_task("child", async { sleep(2 * MS).await?; event!("child"); Ok(()) })?;
                event!("body"); Ok(())
            });
            event!("{:?}", ended.await);
            Ok(())
        } => ["0 body", "2 child", "2 Ok(())"],
        "a failing task cancels the others, and the body": async {
            let ended = TaskGroup::run(async |group| {
                group.create_task("fails", fails_after(MS))?;
                group.create_task("other", async { event!("other {:?}", sleep(9 * MS).await); Ok(()) })?;
                event!("body {:?}", sleep(9 * MS).await);
                Ok(())
            });
            event!("{}", ended.await.unwrap_err());
            Ok(())
        } => ["1 other Err(Cancelled)", "1 body Err(Cancelled)", "1 ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)"],
        "a pool of two runs three functions in two rounds, and the loop goes on": async {
            let pool = Pool::new("pool", 2);
            let results = [1, 2, 3].map(|n| {
                EventLoop::current().run_in_executor(&pool, async move {
                    time::block(10 * MS).await;
                    Ok(n)
                })
            });
            create_task("ticker", async { sleep(5 * MS).await?; event!("tick"); Ok(()) });
            for result in results { event!("{}", result.await?); }
            Ok(())
        } => ["5 tick", "10 1", "10 2", "20 3"],
    }
}

#[test]
fn a_loop_stops_at_the_end_of_an_iteration_and_goes_on_where_it_was() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    asyncio.create_task("stopper", async {
        EventLoop::current().stop();
        event!("stop");
        yield_now().await?;
        event!("next iteration");
        Ok(())
    });
    asyncio.create_task("other", async {
        event!("same iteration");
        Ok(())
    });
    asyncio.run_forever().unwrap();
    asyncio.enter(|_| event!("stopped"));
    asyncio.run_for(5 * MS).unwrap();
    assert_eq!(lines(&executor), ["0 stop", "0 same iteration", "0 stopped", "0 next iteration"]);
}

#[test]
fn a_stop_before_the_end_and_a_deadlock_are_errors() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    let task = asyncio.create_task("task", sleep(5 * MS));
    asyncio.call_soon(sim_executor::stop);
    assert_eq!(asyncio.run_until_complete(&task), Err(RunnerError::Stopped));
    let never: Future<()> = asyncio.event_loop().create_future();
    let error = asyncio.run_until_complete(&never).unwrap_err();
    assert!(error.to_string().contains("deadlock"), "{error}");
    assert_eq!(task.result(), Some(Ok(())));
}

/// What a thread, which is another node, asks of the loop while that sleeps is seen when a timer wakes it.
#[test]
fn a_loop_is_woken_by_other_threads_only_if_they_say_so() {
    for (threadsafe, seen_at) in [(false, "5 got 7"), (true, "2 got 7")] {
        let log = log_of(async move {
            let future = EventLoop::current().create_future();
            let (event_loop, settled) = (EventLoop::current(), future.clone());
            drop(Node::named("thread").spawn(async move {
                time::block(2 * MS).await;
                let settle = move || settled.set_result(7).unwrap();
                if threadsafe {
                    event_loop.call_soon_threadsafe(settle);
                } else {
                    settle();
                }
            }));
            create_task("ticker", async {
                sleep(5 * MS).await?;
                event!("tick");
                Ok(())
            });
            event!("got {}", future.await?);
            sleep(5 * MS).await
        });
        assert!(log.contains(&seen_at.to_string()), "{threadsafe}: {log:?}");
    }
}

async fn ticks() -> Result<(), Exc> {
    loop {
        event!("tick");
        sleep(MS).await?;
    }
}

/// `loop.stop()` called by another thread only sets a flag.
#[test]
fn a_loop_in_a_thread_stops_at_once_or_when_a_timer_wakes_it() {
    for (threadsafe, ended_at) in [(false, 5), (true, 4)] {
        let mut executor = traced();
        executor
            .block_on(async move {
                let node = Node::named("loop thread");
                let config = LoopConfig { waits_for_run: true, ..LoopConfig::default() };
                let event_loop = EventLoop::on(&node, config);
                event_loop.create_task("ticker", ticks());
                time::sleep(MS).await;
                let in_thread = event_loop.clone();
                let thread = node.spawn(async move { in_thread.run_forever().await });
                time::sleep(3 * MS + MS / 2).await;
                let stopped = event_loop.clone();
                if threadsafe {
                    event_loop.call_soon_threadsafe(move || stopped.stop());
                } else {
                    stopped.stop();
                }
                thread.await.unwrap();
                event!("joined");
            })
            .unwrap();
        let joined = format!("{ended_at} joined");
        assert_eq!(lines(&executor), ["1 tick", "2 tick", "3 tick", "4 tick", joined.as_str()]);
    }
}

struct NoteOfDrop;

impl Drop for NoteOfDrop {
    fn drop(&mut self) {
        event!("dropped before it began");
    }
}

#[test]
fn a_deadlock_says_at_which_operation_each_task_waits() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    let (queue, full) = (Queue::<u8>::unbounded(), Queue::new(1));
    let (lock, semaphore, event) = (Lock::new(), Semaphore::new(0), Event::new());
    asyncio.create_task("join", {
        let full = full.clone();
        async move {
            full.put(1).await?;
            full.join().await
        }
    });
    asyncio.create_task("put", async move { full.put(2).await });
    asyncio.create_task("get", async move { queue.get().await });
    asyncio.create_task("lock", async move { lock.with(lock.acquire()).await });
    asyncio.create_task("semaphore", async move { semaphore.acquire().await });
    asyncio.create_task("event", async move { event.wait().await });
    let error = asyncio.run_forever().unwrap_err().to_string();
    assert_eq!(error.matches(concat!("spawned at ", file!())).count(), 6, "{error}");
    for operation in
        ["queue.join", "queue.put", "queue.get", "lock.acquire", "semaphore.acquire", "event.wait"]
    {
        assert!(error.contains(&format!(" waits at asyncio.{operation} ")), "{operation}: {error}");
    }
}

#[test]
fn a_closed_loop_runs_nothing_and_reports_what_it_drops() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    drop(asyncio.create_task("never ran", sleep(MS)));
    let kept = asyncio.create_task("kept", sleep(MS));
    asyncio.close();
    assert_eq!(asyncio.run_until_complete(&kept), Err(RunnerError::Closed));
    let dropped = NoteOfDrop;
    let body = async move {
        drop(dropped);
        Ok(())
    };
    assert_eq!(asyncio.run_coroutine("too late", body), Err(RunnerError::Closed));
    assert_eq!(asyncio.all_tasks().len(), 1, "no task was made of the body");
    let mut fresh = Runner::new(&mut executor);
    assert_eq!(fresh.run_coroutine("task", sleep(9 * MS)), Ok(Ok(())));
    assert!(!kept.is_done());
    assert_eq!(
        lines(&executor),
        ["0 exception_handler: Task was destroyed but it is pending!", "0 dropped before it began"]
    );
}

#[test]
fn what_nobody_handles_is_reported_in_the_order_of_creation() {
    let mut executor = traced();
    let mut asyncio = Runner::new(&mut executor);
    drop(asyncio.create_task("fails", fails_after(MS)));
    for name in ["first", "second"] {
        asyncio.create_task(name, sleep(9 * MS));
    }
    let seen = asyncio.create_task("seen", fails_after(MS));
    asyncio.run_for(2 * MS).unwrap();
    assert_eq!(
        asyncio.all_tasks().iter().map(AnyTask::name).collect::<Vec<_>>(),
        ["first".into(), "second".into()]
    );
    assert!(seen.exception().is_some());
    asyncio.enter(|event_loop| {
        event_loop.set_exception_handler(|report| event!("{} {report}", report.task().unwrap()))
    });
    asyncio.destroy_pending();
    assert_eq!(
        lines(&executor),
        [
            "1 exception_handler: Task exception was never retrieved",
            "2 first Task was destroyed but it is pending!",
            "2 second Task was destroyed but it is pending!",
        ]
    );
}

#[test]
fn the_same_program_runs_in_any_order_and_a_seed_names_it() {
    let run = |seed| {
        let config = Config { trace: TraceLevel::Events, ..Config::default() };
        let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
        let mut asyncio = Runner::new(&mut executor);
        let main = asyncio.create_task("main", async {
            gather(["a", "b", "c"].map(|name| create_task(name, counted(name, 3)))).await.map(drop)
        });
        asyncio.run_until_complete(&main).unwrap().unwrap();
        lines(&executor)
    };
    assert_eq!(run(1), run(1));
    let orders: std::collections::BTreeSet<_> = (0..20).map(run).collect();
    assert!(orders.len() > 10, "{} orders", orders.len());
}
