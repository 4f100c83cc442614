//! The ways to process messages, each for a second.

use std::rc::Rc;

use futures::FutureExt as _;
use futures::future::join_all;
use seedbed::task::JoinHandle;
use seedbed::{event, spawn, spawn_blocking, spawn_named, time};

use super::account::Account;
use super::{AT_A_TIME, NEWEST};
use crate::queue::Queue;
use crate::websocket::SessionError;
use crate::websocket::keepalive::{ConnectionClosed, Keepalive, WebSocket};
use crate::websocket::two_hosts::{SERVER, secs};

/// How the client processes.
#[derive(Clone, Copy)]
pub(super) enum Client {
    Blocking,
    CoroutineInline,
    BlockingWorker,
    QueueWorker,
    TaskPerMessage,
    Executor,
    DropOldest,
}

/// Receives until the end of the connection, and gives the account with the close code.
pub(super) async fn watch(client: Client) -> Result<(Rc<Account>, u16), SessionError> {
    let socket = WebSocket::connect(SERVER, Keepalive::default()).await?;
    event!("connected");
    let account = Rc::new(Account::default());
    let received = match client {
        Client::Blocking => blocking(&socket, &account).await,
        Client::CoroutineInline => coroutine_inline(&socket, &account).await,
        Client::BlockingWorker => blocking_worker(&socket, &account).await,
        Client::QueueWorker => queue_worker(&socket, &account).await,
        Client::TaskPerMessage => task_per_message(&socket, &account).await,
        Client::Executor => executor(&socket, &account).await,
        Client::DropOldest => drop_oldest(&socket, &account).await,
    };
    if let Err(closed) = received {
        event!("recv raised {}: {closed}", closed.name());
    }
    let code = socket.close().await.code();
    event!("close code {code}, {} messages processed", account.processed());
    Ok((account, code))
}

async fn process_blocking(message: &str, account: &Account) {
    account.begins(message);
    time::block(secs(1)).await;
    account.ends(message);
}

async fn process_coroutine(message: &str, account: &Account) {
    account.begins(message);
    time::sleep(secs(1)).await;
    account.ends(message);
}

/// The next message, unless the connection has ended normally.
async fn next(socket: &WebSocket, account: &Account) -> Result<Option<String>, ConnectionClosed> {
    let message = socket.next().await?;
    if message.is_some() {
        account.receives();
    }
    Ok(message)
}

async fn blocking(socket: &WebSocket, account: &Account) -> Result<(), ConnectionClosed> {
    while let Some(message) = next(socket, account).await? {
        process_blocking(&message, account).await;
    }
    Ok(())
}

async fn coroutine_inline(socket: &WebSocket, account: &Account) -> Result<(), ConnectionClosed> {
    while let Some(message) = next(socket, account).await? {
        process_coroutine(&message, account).await;
    }
    Ok(())
}

async fn blocking_worker(socket: &WebSocket, account: &Rc<Account>) -> Result<(), ConnectionClosed> {
    let queue = Queue::unbounded();
    let worker = spawn_worker(&queue, account, async |message, account| {
        process_blocking(message, account).await;
    });
    let received = async {
        while let Some(message) = next(socket, account).await? {
            queue.put(message).await;
        }
        Ok(())
    };
    let received = received.await;
    event!("queue length {}", queue.len());
    account.leaves(queue.len());
    worker.abort();
    received
}

async fn queue_worker(socket: &WebSocket, account: &Rc<Account>) -> Result<(), ConnectionClosed> {
    let queue = Queue::unbounded();
    let worker = spawn_worker(&queue, account, async |message, account| {
        process_coroutine(message, account).await;
    });
    while let Some(message) = next(socket, account).await? {
        queue.put(message).await;
        if queue.len().is_multiple_of(300) {
            event!("queue length {}", queue.len());
        }
    }
    event!("connection closed normally, queue length {}", queue.len());
    account.leaves(queue.len());
    worker.abort();
    Ok(())
}

/// A task that processes what comes out of a queue.
fn spawn_worker<P>(queue: &Queue<String>, account: &Rc<Account>, process: P) -> JoinHandle<()>
where
    P: AsyncFn(&str, &Account) + 'static,
{
    let (queue, account) = (queue.clone(), Rc::clone(account));
    spawn_named("worker", async move {
        loop {
            let message = queue.get().await;
            process(&message, &account).await;
        }
    })
}

async fn task_per_message(socket: &WebSocket, account: &Rc<Account>) -> Result<(), ConnectionClosed> {
    let mut tasks = Vec::new();
    let mut most = 0;
    while let Some(message) = next(socket, account).await? {
        let account = Rc::clone(account);
        tasks.push(spawn(async move { process_coroutine(&message, &account).await }));
        tasks.retain(|task| !task.is_finished());
        most = most.max(tasks.len());
    }
    event!("connection closed normally, at most {most} tasks at a time");
    join_all(tasks).await;
    Ok(())
}

async fn executor(socket: &WebSocket, account: &Rc<Account>) -> Result<(), ConnectionClosed> {
    let permits = Queue::unbounded();
    for _ in 0..AT_A_TIME {
        permits.put(()).await;
    }
    let mut tasks = Vec::new();
    while let Some(message) = next(socket, account).await? {
        let (permits, account) = (permits.clone(), Rc::clone(account));
        tasks.push(spawn(async move {
            permits.get().await;
            account.begins(&message);
            let done = spawn_blocking(|| time::block_now(secs(1))).await;
            if done.is_ok() {
                account.ends(&message);
            }
            permits.put(()).await;
        }));
    }
    tasks.retain(|task| !task.is_finished());
    event!("connection closed normally, {} still in work", tasks.len());
    join_all(tasks).await;
    Ok(())
}

async fn drop_oldest(socket: &WebSocket, account: &Rc<Account>) -> Result<(), ConnectionClosed> {
    let queue = Queue::bounded(NEWEST as usize);
    let worker = spawn_worker(&queue, account, async |message, account| {
        process_coroutine(message, account).await;
    });
    while let Some(message) = next(socket, account).await? {
        if queue.len() as u64 == NEWEST && queue.get().now_or_never().is_some() {
            account.drops();
        }
        queue.put(message).await;
    }
    let dropped = account.dropped();
    event!("connection closed normally, {dropped} dropped, queue length {}", queue.len());
    account.leaves(queue.len());
    worker.abort();
    Ok(())
}
