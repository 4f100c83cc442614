//! The synchronisation that is our own: `watch` and `Barrier`.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use seedbed::sync::mpsc::{self, error};
use seedbed::sync::{Barrier, watch};
use seedbed::{Executor, KeyedRandom, ProductionOrder, spawn, time, yield_now};

type Order = Rc<RefCell<Vec<usize>>>;

/// The order in which ten tasks go on after a change that all of them have waited for; and the run's hash.
fn order_of_watchers(mut executor: Executor) -> (Vec<usize>, u64) {
    let order = executor
        .block_on(async {
            let (sender, receiver) = watch::channel(0);
            let order = Order::default();
            for watcher in 0..10 {
                let (mut receiver, order) = (receiver.clone(), Rc::clone(&order));
                spawn(async move {
                    receiver.changed().await.unwrap();
                    seedbed::event!("{watcher}");
                    order.borrow_mut().push(watcher);
                });
            }
            time::sleep(Duration::from_secs(1)).await;
            sender.send(1).unwrap();
            time::sleep(Duration::from_secs(1)).await;
            order.take()
        })
        .unwrap();
    (order, executor.hash())
}

#[test]
fn those_who_wait_at_a_watch_wake_in_the_order_in_which_they_came() {
    let (order, _) = order_of_watchers(Executor::new(ProductionOrder));
    assert_eq!(order, (0..10).collect::<Vec<_>>());
}

#[test]
fn a_seed_repeats_the_order_at_a_watch_and_others_have_another() {
    let runs = |seed| [(); 5].map(|()| order_of_watchers(Executor::new(KeyedRandom::new(seed))));
    let (first, second) = (runs(1), runs(2));
    assert!(first.iter().all(|run| *run == first[0]), "{first:?}");
    assert!(second.iter().all(|run| *run == second[0]), "{second:?}");
    assert_ne!(first[0], second[0]);
}

#[seedbed::test(seeds = 20)]
async fn a_barrier_has_one_leader_in_each_turn() {
    let barrier = Arc::new(Barrier::new(5));
    for turn in 0..3 {
        let waiters: Vec<_> = (0..5)
            .map(|waiter| {
                let barrier = Arc::clone(&barrier);
                spawn(async move {
                    time::sleep(Duration::from_millis(waiter % 2)).await;
                    barrier.wait().await.is_leader()
                })
            })
            .collect();
        let mut leaders = 0;
        for waiter in waiters {
            leaders += u32::from(waiter.await.unwrap());
        }
        assert_eq!(leaders, 1, "turn {turn}");
    }
}

#[test]
fn those_who_wait_at_a_barrier_go_on_in_the_order_in_which_they_came() {
    let order = Executor::new(ProductionOrder)
        .block_on(async {
            let (barrier, order) = (Arc::new(Barrier::new(6)), Order::default());
            for waiter in 0..6 {
                let (barrier, order) = (Arc::clone(&barrier), Rc::clone(&order));
                spawn(async move {
                    barrier.wait().await;
                    order.borrow_mut().push(waiter);
                });
            }
            time::sleep(Duration::from_secs(1)).await;
            order.take()
        })
        .unwrap();
    assert_eq!(order, [5, 0, 1, 2, 3, 4], "the last one does not wait");
}

#[seedbed::test(seeds = 0)]
async fn a_barrier_for_none_keeps_nobody_waiting() {
    assert!(Barrier::new(0).wait().await.is_leader());
    assert!(Barrier::new(1).wait().await.is_leader());
}

#[seedbed::test(seeds = 5)]
async fn a_receiver_keeps_for_itself_what_it_has_seen() {
    let (sender, mut one) = watch::channel(1);
    let mut other = one.clone();
    assert!(!one.has_changed().unwrap());
    sender.send(2).unwrap();
    assert!(one.borrow().has_changed());
    assert_eq!(*one.borrow_and_update(), 2);
    assert!(!one.has_changed().unwrap() && other.has_changed().unwrap());
    other.mark_unchanged();
    one.mark_changed();
    assert!(one.has_changed().unwrap() && !other.has_changed().unwrap());
    one.changed().await.unwrap();
    assert!(one.same_channel(&other));
    assert!(!sender.subscribe().has_changed().unwrap());
    assert!(!sender.same_channel(&watch::Sender::default()));
}

#[seedbed::test(seeds = 5)]
async fn what_is_not_modified_wakes_nobody() {
    let (sender, mut receiver) = watch::channel(vec![1]);
    assert!(!sender.send_if_modified(|_| false));
    assert!(!receiver.has_changed().unwrap());
    sender.send_modify(|list| list.push(2));
    receiver.changed().await.unwrap();
    assert_eq!(sender.send_replace(vec![3]), [1, 2]);
    assert_eq!(*receiver.wait_for(|list| list.len() == 1).await.unwrap(), [3]);
}

#[seedbed::test(seeds = 5)]
async fn an_end_that_is_alone_is_told() {
    let (sender, mut receiver) = watch::channel(0);
    let (copy, waiting) = (sender.clone(), receiver.clone());
    assert_eq!((sender.sender_count(), sender.receiver_count()), (2, 2));
    let closed = spawn(async move { copy.closed().await });
    yield_now().await;
    drop(waiting);
    let last = spawn(async move {
        assert_eq!(*receiver.wait_for(|&value| value == 7).await.unwrap(), 7);
        assert!(receiver.wait_for(|&value| value == 8).await.is_err());
        assert!(receiver.is_closed() && receiver.has_changed().is_err());
        assert_eq!(receiver.changed().await.unwrap_err().to_string(), "channel closed");
    });
    sender.send(7).unwrap();
    closed.abort();
    drop(sender);
    last.await.unwrap();
    let (sender, _) = watch::channel(0);
    sender.closed().await;
    assert_eq!(sender.send(5).unwrap_err().0, 5);
    assert_eq!(*sender.borrow(), 0);
}

#[seedbed::test(seeds = 0)]
#[should_panic(
    expected = "this would block for ever at the value of a watch channel: a `Ref` of it still lives"
)]
async fn to_send_while_a_value_is_borrowed_is_no_silent_hang() {
    let (sender, receiver) = watch::channel(0);
    let value = receiver.borrow();
    sender.send(*value + 1).unwrap();
}

#[seedbed::test(seeds = 0)]
async fn a_change_that_panics_is_none() {
    let (sender, receiver) = watch::channel(0);
    let changes = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        sender.send_modify(|_| panic!("in the middle"));
    }));
    assert!(changes.is_err() && !receiver.has_changed().unwrap());
    sender.send(1).unwrap();
    assert_eq!(*receiver.borrow(), 1);
}

#[test]
fn a_deadlock_says_at_which_primitive_a_task_waits() {
    let error = Executor::new(ProductionOrder)
        .block_on(async {
            let (sender, mut receiver) = watch::channel(0);
            let barrier = Arc::new(Barrier::new(2));
            let watching = spawn(async move { receiver.changed().await });
            let waiting = spawn(async move { barrier.wait().await });
            let closed = sender.closed();
            seedbed::join!(watching, waiting, closed)
        })
        .unwrap_err()
        .to_string();
    for wait in [
        "for the end of watch channel 1 of main",
        "for a change of watch channel 1 of main",
        "for barrier 1 of main",
    ] {
        assert!(error.contains(wait), "{wait}: {error}");
    }
}

#[seedbed::test(seeds = 5)]
async fn sending_with_a_timeout_waits_in_virtual_time() {
    let (sender, mut receiver) = mpsc::channel(1);
    let begun = time::Instant::now();
    sender.send_timeout(1, Duration::from_secs(1)).await.unwrap();
    let late = sender.send_timeout(2, Duration::from_secs(3600)).await;
    assert_eq!(late, Err(error::SendTimeoutError::Timeout(2)));
    assert_eq!(begun.elapsed(), Duration::from_secs(3600));
    let reading = spawn(async move {
        time::sleep(Duration::from_secs(1)).await;
        (receiver.recv().await, receiver)
    });
    sender.send_timeout(3, Duration::from_secs(2)).await.unwrap();
    let (value, receiver) = reading.await.unwrap();
    assert_eq!(value, Some(1));
    drop(receiver);
    let closed = sender.send_timeout(4, Duration::from_secs(1)).await.unwrap_err();
    assert_eq!((closed.to_string(), format!("{closed:?}")), ("channel closed".into(), "Closed(..)".into()));
}

#[seedbed::test(seeds = 0)]
#[should_panic(expected = "Cannot block the current thread from within a run")]
async fn a_task_cannot_send_as_a_thread_does() {
    let (sender, _receiver) = mpsc::channel(1);
    sender.blocking_send(1).unwrap();
}

#[seedbed::test(seeds = 0)]
async fn a_bounded_sender_has_what_tokios_has() {
    let (sender, mut receiver) = mpsc::channel(2);
    let weak = sender.downgrade();
    let permit = sender.clone().reserve_owned().await.unwrap();
    assert!(permit.same_channel_as_sender(&sender) && sender.same_channel(&permit.send(1)));
    sender.try_send(2).unwrap();
    assert!(matches!(sender.clone().try_reserve_owned(), Err(error::TrySendError::Full(_))));
    assert_eq!((sender.capacity(), sender.max_capacity(), weak.strong_count()), (0, 2, 1));
    let sender = mpsc::Sender::from(sender.into_inner());
    assert_eq!((receiver.recv().await, receiver.recv().await), (Some(1), Some(2)));
    drop(sender);
    assert!(weak.upgrade().is_none() && receiver.recv().await.is_none());
}

#[seedbed::test(seeds = 5)]
async fn a_loop_over_a_watch_that_never_waits_lets_others_go_on() {
    let (sender, mut receiver) = watch::channel(0);
    seedbed::select! {
        biased;
        () = async {
            loop {
                sender.send(1).unwrap();
                receiver.changed().await.unwrap();
                sender.send_replace(2);
                receiver.wait_for(|&value| value == 2).await.unwrap();
            }
        } => {}
        () = yield_now() => {}
    }
    drop(receiver);
    seedbed::select! {
        biased;
        () = async { loop { sender.closed().await } } => {}
        () = yield_now() => {}
    }
}
