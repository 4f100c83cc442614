//! tokio's own channels in a run: they have tokio's budget, and say what may not be done.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use seedbed::{spawn, time, yield_now};
use tokio::sync::{Semaphore, mpsc};

#[seedbed::test(seeds = 2)]
async fn a_neighbour_of_a_busy_channel_gets_its_turn() {
    let ran = Rc::new(Cell::new(false));
    let (set, seen) = (Rc::clone(&ran), Rc::clone(&ran));
    let busy = spawn(async move {
        let (sender, mut receiver) = mpsc::unbounded_channel();
        for _ in 0..10_000 {
            sender.send(1).unwrap();
            receiver.recv().await.unwrap();
            if seen.get() {
                return true;
            }
        }
        false
    });
    let neighbour = spawn(async move {
        yield_now().await;
        set.set(true);
    });
    assert!(busy.await.unwrap(), "so many awaits, and the neighbour was not polled");
    neighbour.await.unwrap();
}

#[seedbed::test(seeds = 0)]
async fn the_budget_is_tokios_in_each_poll() {
    let turns = Rc::new(Cell::new(0));
    let counted = Rc::clone(&turns);
    let counter = spawn(async move {
        loop {
            counted.set(counted.get() + 1);
            yield_now().await;
        }
    });
    let semaphore = Semaphore::new(1);
    for _ in 0..1_280 {
        drop(semaphore.acquire().await.unwrap());
    }
    counter.abort();
    assert_eq!(turns.get(), 9, "the tenth budget is just used up");
}

#[seedbed::test(seeds = 10)]
async fn a_timeout_around_a_busy_loop_is_over() {
    let (sender, mut receiver) = mpsc::channel::<u8>(1);
    drop(sender);
    let busy = async {
        loop {
            let _ = receiver.recv().await;
            time::sleep(Duration::from_millis(1)).await;
        }
    };
    time::timeout(Duration::from_millis(20), busy).await.unwrap_err();
}

#[seedbed::test(seeds = 1, polls_per_instant_max = 1_000)]
#[should_panic(expected = "Limits::polls_per_instant_max = 1000 is reached")]
async fn a_loop_over_a_closed_channel_ends_at_a_limit() {
    let (sender, mut receiver) = mpsc::channel::<u8>(4);
    drop(sender);
    loop {
        seedbed::select! {
            number = receiver.recv() => if let Some(number) = number { seedbed::event!("{number}") },
            () = time::sleep(Duration::from_millis(1)) => {}
        }
    }
}

#[seedbed::test(seeds = 0)]
#[should_panic(expected = "Cannot block")]
async fn a_call_that_blocks_says_that_it_may_not() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(1).await.unwrap();
    receiver.blocking_recv();
}

#[seedbed::test(seeds = 1)]
async fn a_function_that_may_block_can_receive() {
    let (sender, mut receiver) = mpsc::channel(1);
    sender.send(1).await.unwrap();
    assert_eq!(seedbed::spawn_blocking(move || receiver.blocking_recv()).await.unwrap(), Some(1));
}

#[seedbed::test(seeds = 0)]
#[should_panic(expected = "tokio::spawn has no place in a run")]
async fn a_task_that_nobody_would_run_is_refused() {
    drop(tokio::spawn(async {}));
}

#[seedbed::test(seeds = 0)]
#[should_panic(expected = "tokio::task::spawn_blocking has no place in a run")]
async fn a_real_thread_for_a_function_that_blocks_is_refused() {
    tokio::task::spawn_blocking(|| ()).await.unwrap();
}
