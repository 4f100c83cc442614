//! Tasks that nobody can wake any more: found when that is so, and never else.

use std::cell::RefCell;
use std::future::{pending, poll_fn};
use std::rc::Rc;
use std::task::{Poll, Waker};
use std::time::Duration;

use sim_executor::{
    Config, DeadWakers, Executor, KeyedRandom, Outcome, ProductionOrder, RunError, Source, run_in_background,
    spawn, spawn_named, time, yield_now,
};

fn ended_with(
    dead_wakers: DeadWakers,
    source: impl Source + 'static,
    body: impl Future<Output = ()> + 'static,
) -> Result<(), RunError> {
    let config = Config { dead_wakers, ..Config::default() };
    Executor::with_config(config, source).block_on(body)
}

fn ended(body: impl Future<Output = ()> + 'static) -> Result<(), RunError> {
    ended_with(DeadWakers::Fail, ProductionOrder, body)
}

fn dead(ended: Result<(), RunError>) -> (String, String) {
    let Err(RunError::DeadWaker { at, task }) = ended else { panic!("{ended:?}") };
    (at.to_string(), task.lineage.to_string())
}

/// Keeps the wakers of who waits.
type Kept = Rc<RefCell<Vec<Waker>>>;

async fn wait_in(kept: Kept) {
    poll_fn(|context| {
        kept.borrow_mut().push(context.waker().clone());
        Poll::<()>::Pending
    })
    .await;
}

#[test]
fn a_task_that_does_not_keep_its_waker_is_found_at_once() {
    let ended = ended(async {
        drop(spawn_named("forgets", poll_fn(|_| Poll::<()>::Pending)));
        time::sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(dead(ended), ("0.000".to_string(), "main/forgets".to_string()));
}

#[test]
fn a_task_whose_last_waker_is_dropped_is_found_then() {
    let ended = ended(async {
        let kept = Kept::default();
        drop(spawn_named("waits", wait_in(Rc::clone(&kept))));
        time::sleep(Duration::from_secs(1)).await;
        kept.borrow_mut().clear();
        time::sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(dead(ended), ("1.000".to_string(), "main/waits".to_string()));
}

#[test]
fn a_task_whose_waker_is_kept_somewhere_is_not_dead() {
    let kept = Kept::default();
    let end = ended({
        let kept = Rc::clone(&kept);
        async move {
            drop(spawn_named("waits", wait_in(kept)));
            time::sleep(Duration::from_secs(1)).await;
        }
    });
    assert_eq!(end, Ok(()));
    assert_eq!(kept.borrow().len(), 1);
}

#[test]
fn who_waits_for_a_timer_a_handle_or_a_wake_to_come_is_not_dead() {
    for seed in 0..20 {
        let end = ended_with(DeadWakers::Fail, KeyedRandom::new(seed), async {
            let slow = spawn(time::sleep(Duration::from_secs(1)));
            let joins = spawn(async { slow.await.unwrap() });
            let yields = spawn(async {
                for _ in 0..10 {
                    yield_now().await;
                }
            });
            // Another library's wakers, which hold clones of the task's.
            let set = futures::future::join_all((0..40).map(|n| time::sleep(Duration::from_millis(n))));
            spawn(set).await.unwrap();
            joins.await.unwrap();
            yields.await.unwrap();
            let aborted = spawn(time::sleep(Duration::MAX));
            yield_now().await;
            aborted.abort();
            assert!(aborted.await.unwrap_err().is_cancelled());
            let blocks = spawn(time::block(Duration::from_secs(1)));
            blocks.await.unwrap();
        });
        assert_eq!(end, Ok(()), "seed {seed}");
    }
}

#[test]
fn a_timer_that_was_set_in_an_earlier_poll_still_knows_its_task() {
    let end = ended(async {
        let kept = Kept::default();
        let wakers = Rc::clone(&kept);
        let mut sleep = Box::pin(time::sleep(Duration::from_secs(1)));
        let mut polls = 0;
        let waits = spawn(poll_fn(move |context| {
            polls += 1;
            match polls {
                1 => wakers.borrow_mut().push(context.waker().clone()),
                // A poll that does not look at the timer.
                2 => return Poll::Pending,
                _ => {}
            }
            sleep.as_mut().poll(context)
        }));
        yield_now().await;
        let waker = kept.borrow_mut().pop().unwrap();
        waker.wake(); // and is gone
        waits.await.unwrap();
    });
    assert_eq!(end, Ok(()));
}

#[test]
fn a_task_that_is_there_for_others_may_wait_for_ever() {
    let end = ended(async {
        drop(spawn(async {
            run_in_background();
            pending::<()>().await;
        }));
        time::sleep(Duration::from_secs(1)).await;
    });
    assert_eq!(end, Ok(()));
}

#[test]
fn the_table_of_a_deadlock_says_whose_waker_is_gone() {
    let kept = Kept::default();
    let body = |kept: Kept| async move {
        drop(spawn_named("waits", wait_in(kept)));
        spawn_named("forgets", pending::<()>()).await.unwrap();
    };
    let gone = |dead_wakers| {
        let end = ended_with(dead_wakers, ProductionOrder, body(Rc::clone(&kept)));
        let Err(RunError::Deadlock(deadlock)) = end else { panic!("{end:?}") };
        let gone = deadlock.pending.iter().filter(|task| task.has_dead_waker);
        gone.map(|task| task.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(gone(DeadWakers::Unknown), [""; 0]);
    let told = gone(DeadWakers::Told);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("main/forgets on main waits for a wake (but nobody has its waker any more"),
        "{told:?}"
    );
}

#[test]
fn a_run_goes_the_same_way_whether_wakers_are_counted_or_not() {
    let hash = |dead_wakers, seed| {
        let config = Config { dead_wakers, ..Config::default() };
        let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
        executor
            .block_on(async {
                let tasks = [1, 2, 3].map(|n| {
                    spawn(async move {
                        time::sleep(Duration::from_millis(n)).await;
                        yield_now().await;
                    })
                });
                futures::future::join_all(tasks).await;
            })
            .unwrap();
        executor.finish(Outcome::Done).hash
    };
    for seed in 0..10 {
        let hashes = [DeadWakers::Unknown, DeadWakers::Told, DeadWakers::Fail].map(|how| hash(how, seed));
        assert!(hashes.iter().all(|hash| *hash == hashes[0]), "seed {seed}: {hashes:x?}");
    }
}
