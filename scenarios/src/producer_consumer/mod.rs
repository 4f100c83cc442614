//! Who produces for whom over a [`Queue`].

pub(crate) mod many_consumers;
pub(crate) mod many_producers;
pub(crate) mod never_yields;
pub(crate) mod sentinel_first;
pub(crate) mod sentinel_last;

use std::ops::Range;
use std::time::Duration;

use seedbed::{choose_between, event, time};

use crate::Queue;

/// What is in the queue. The end is a variant of its own and no special item, so that no real item can be taken for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Message {
    Item(u64),
    /// The sentinel: nothing comes after it.
    End,
}

/// Works for some time between two bounds, in milliseconds; for the least time in production order.
async fn work(least: u64, most: u64) {
    time::sleep(Duration::from_millis(choose_between(least, most))).await;
}

/// Puts these items, each after some work.
async fn produce(queue: Queue<Message>, items: Range<u64>) {
    for item in items {
        work(10, 30).await;
        queue.put(Message::Item(item)).await;
        event!("put {item}");
    }
}

/// Takes items, with some work after each, until the end; gives them in the order in which they came.
async fn consume(queue: Queue<Message>) -> Vec<u64> {
    let mut items = Vec::new();
    while let Message::Item(item) = queue.get().await {
        event!("got {item}");
        items.push(item);
        work(10, 30).await;
    }
    event!("saw the end after {} items", items.len());
    items
}
