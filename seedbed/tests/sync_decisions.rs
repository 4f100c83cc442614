//! Races between operations that wait for nothing, and what a deadlock says of who has what.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use seedbed::sync::{Mutex, Notify, RwLock, Semaphore, mpsc, oneshot};
use seedbed::{
    Config, Executor, KeyedRandom, Outcome, ProductionOrder, Report, RunError, Source, spawn_named, time,
};
use sim_explorer::{Each, Ended, Strategy, Survey};

/// One run of a program, which says what went wrong.
fn run<F: Future<Output = Result<(), String>> + 'static>(
    program: fn() -> F,
    config: Config,
    source: Box<dyn Source>,
) -> Report {
    let mut executor = Executor::with_boxed_source(config, source);
    let outcome = match executor.block_on(program()) {
        Ok(Ok(())) => Outcome::Done,
        Ok(Err(message)) => Outcome::Failed { message },
        Err(error) => error.into(),
    };
    executor.finish(outcome)
}

/// Asserts that `each` finds with one deviation, and the portfolio within 200 runs, what goes wrong, and production order and plain
/// random order do not.
#[track_caller]
fn assert_found<F: Future<Output = Result<(), String>> + 'static>(program: fn() -> F) {
    let survey = Survey::of(Config::default(), |config, source| run(program, config, source));
    let survey = Arc::new(survey);
    let passes = |source: Box<dyn Source>| run(program, Config::default(), source).outcome.is_done();
    assert!(passes(Box::new(ProductionOrder)));
    assert!(
        (0..500).all(|seed| passes(Box::new(KeyedRandom::new(seed)))),
        "plain random has no decision points"
    );
    assert!((0..200).any(|seed| !passes(Strategy::Portfolio.source(seed, &survey))), "the portfolio");
    let found = Each::default().search(|source| run(program, Config::default(), source));
    let Ended::Failed { deviations, .. } = found.ended else { panic!("{found}") };
    assert_eq!(deviations.len(), 1);
}

async fn all<F: Future<Output = ()> + 'static>(tasks: [F; 2]) {
    let tasks = tasks.map(|task| spawn_named("task", task));
    for task in tasks {
        task.await.unwrap();
    }
}

#[test]
fn two_uncontended_locks_with_a_check_in_between_are_pulled_apart() {
    async fn program() -> Result<(), String> {
        let (stock, sold) = (Arc::new(Mutex::new(1)), Arc::new(Mutex::new(0)));
        let buyer = || {
            let (stock, sold) = (Arc::clone(&stock), Arc::clone(&sold));
            async move {
                let left = *stock.lock().await;
                if left > 0 {
                    *stock.lock().await -= 1;
                    *sold.lock().await += 1;
                }
            }
        };
        all([buyer(), buyer()]).await;
        let sold = *sold.lock().await;
        if sold == 1 { Ok(()) } else { Err(format!("{sold} sold of one")) }
    }
    assert_found(program);
}

#[test]
fn a_try_lock_meets_a_lock_that_is_held_across_another_operation() {
    async fn program() -> Result<(), String> {
        let (first, second) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let skipped = Rc::new(Cell::new(0));
        let worker = || {
            let (first, second, skipped) = (Arc::clone(&first), Arc::clone(&second), Rc::clone(&skipped));
            async move {
                let Ok(_first) = first.try_lock() else {
                    skipped.set(skipped.get() + 1);
                    return;
                };
                let _second = second.lock().await;
            }
        };
        all([worker(), worker()]).await;
        if skipped.get() == 0 { Ok(()) } else { Err("a worker has done nothing".to_string()) }
    }
    assert_found(program);
}

#[test]
fn a_notification_comes_between_the_look_and_the_wait() {
    async fn program() -> Result<(), String> {
        let (is_ready, notify) = (Rc::new(Cell::new(false)), Arc::new(Notify::new()));
        let log = Arc::new(Mutex::new(Vec::new()));
        let waiter = {
            let (is_ready, notify) = (Rc::clone(&is_ready), Arc::clone(&notify));
            spawn_named("waiter", async move {
                if !is_ready.get() {
                    log.lock().await.push("waits");
                    notify.notified().await;
                }
            })
        };
        let setter = spawn_named("setter", async move {
            is_ready.set(true);
            // Who does not wait yet is not told.
            notify.notify_waiters();
        });
        setter.await.unwrap();
        waiter.await.unwrap();
        Ok(())
    }
    assert_found(program);
}

/// What the deadlock of a program says, without the lines of this file.
fn deadlock<F: Future<Output = ()> + 'static>(program: F) -> String {
    let error = Executor::new(ProductionOrder).block_on(program).unwrap_err();
    let RunError::Deadlock(deadlock) = error else { panic!("{error}") };
    let text = deadlock.to_string();
    let lines = text.lines().map(|line| line.split(", spawned at").next().unwrap_or_default().trim_end());
    lines.collect::<Vec<_>>().join("\n").replace("seedbed/tests/", "")
}

#[test]
fn a_circle_of_locks_is_told_with_names_and_holders() {
    let text = deadlock(async {
        let (accounts, audit) = (Arc::new(Mutex::named("accounts", 0)), Arc::new(Mutex::named("audit", 0)));
        let teller = |first: &Arc<Mutex<i32>>, second: &Arc<Mutex<i32>>, millis| {
            let (first, second) = (Arc::clone(first), Arc::clone(second));
            async move {
                time::sleep(time::Duration::from_millis(millis)).await;
                let _first = first.lock().await;
                time::sleep(time::Duration::from_millis(10)).await;
                let _second = second.lock().await;
            }
        };
        all([teller(&accounts, &audit, 1), teller(&audit, &accounts, 2)]).await;
    });
    assert_eq!(
        text,
        "at 0.012: deadlock, nothing is left that could wake a task
  main         on main  waits at task.join main/task                             since 0.000
  main/task    on main  waits for lock \"audit\" held by main/task#2 since 0.002   since 0.011
  main/task#2  on main  waits for lock \"accounts\" held by main/task since 0.001  since 0.012
  each waits for the next: main/task waits for lock \"audit\" held by main/task#2 since 0.002, which waits for lock \
         \"accounts\" held by main/task since 0.001"
    );
}

#[test]
fn a_circle_goes_through_joins_permits_and_channels() {
    let text = deadlock(async {
        let (sender, mut receiver) = mpsc::named_channel::<u32>("jobs", 1);
        let limit = Arc::new(Semaphore::named("limit", 2));
        let worker = {
            let limit = Arc::clone(&limit);
            spawn_named("worker", async move {
                let _job = receiver.recv().await;
                let _permit = limit.acquire().await.unwrap();
                receiver.recv().await
            })
        };
        spawn_named("boss", async move {
            let _permits = limit.acquire_many(2).await.unwrap();
            for job in 0..3 {
                sender.send(job).await.unwrap();
            }
        })
        .await
        .unwrap();
        worker.await.unwrap();
    });
    assert!(
        text.contains(
            "each waits for the next: main/boss waits for room in channel \"jobs\", last received from by main/worker, which \
             waits for permits of semaphore \"limit\" held by main/boss since 0.000 (2 permits)"
        ),
        "{text}"
    );
}

#[test]
fn what_has_no_name_is_called_by_who_made_it() {
    let text = deadlock(async {
        let lock = Arc::new(RwLock::new(0));
        let (sender, receiver) = oneshot::channel::<()>();
        let reader = Arc::clone(&lock);
        let reader = spawn_named("reader", async move {
            let _guard = reader.read().await;
            receiver.await
        });
        seedbed::yield_now().await;
        let _write = lock.write().await;
        drop((sender, reader));
    });
    let at = "made at sync_decisions.rs:";
    assert!(text.contains(&format!("waits to write lock 1 of main ({at}")), "{text}");
    assert!(text.contains(") held by main/reader since 0"), "{text}");
    assert!(text.contains(&format!("waits for a value of oneshot 1 of main ({at}")), "{text}");
}

#[test]
fn a_guard_that_is_gone_holds_nothing_and_a_split_permit_what_is_left() {
    let text = deadlock(async {
        let semaphore = Arc::new(Semaphore::named("seats", 4));
        let mut three = semaphore.acquire_many(3).await.unwrap();
        let two = three.split(2).unwrap();
        drop(two);
        drop(semaphore.acquire().await.unwrap());
        let _never = semaphore.acquire_many(4).await;
        drop(three);
    });
    assert!(text.contains("waits for permits of semaphore \"seats\" held by main since 0"), "{text}");
    assert!(!text.contains("permits)"), "one is left: {text}");
    assert!(text.contains("each waits for the next: main waits for permits"), "it waits for itself: {text}");
}

#[test]
#[should_panic(expected = "use `lock().await` or `try_lock`")]
fn a_lock_that_would_stop_the_thread_is_refused() {
    let error = Executor::new(ProductionOrder).block_on(async {
        let lock = Mutex::new(0);
        let _guard = lock.blocking_lock();
    });
    panic!("{}", error.unwrap_err());
}

#[test]
fn a_lock_in_a_static_is_of_every_run_in_turn() {
    static COUNT: Mutex<u32> = Mutex::const_new(0);
    for turn in 0..3 {
        let count = Executor::new(ProductionOrder).block_on(async {
            let mut count = COUNT.lock().await;
            *count += 1;
            *count
        });
        assert_eq!(count.unwrap(), turn + 1);
    }
    let error = Executor::new(ProductionOrder).block_on(async {
        let _guard = COUNT.lock().await;
        let _ = COUNT.lock().await;
    });
    let text = error.unwrap_err().to_string();
    assert!(text.contains("waits for lock (made at"), "{text}");
    assert!(text.contains("held by main since 0"), "{text}");
}
