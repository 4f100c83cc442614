//! The clients: hyper over a connection for each attempt.

use std::cell::Cell;
use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use http_body_util::Empty;
use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use seedbed::adapters::hyper::Io;
use seedbed::net::TcpStream;
use seedbed::task::JoinHandle;
use seedbed::{choose_between, spawn_named, time};

use super::{Request, Requests};

/// What a client does when an attempt has failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    AtOnce,
    BackOff,
    BackOffWithinBudget,
}

const ATTEMPTS_MAX: u64 = 6;
const PATIENCE: Duration = Duration::from_millis(800);
/// Before the first retry; before each further one twice as long.
const BACKOFF_MS: u64 = 200;

/// A retry costs as much as this many requests bring in.
const REQUESTS_PER_RETRY: u64 = 10;
/// Retries that can be saved up.
const RETRIES_SAVED_MAX: u64 = 1;

/// One request after the other, whether or not those before are answered.
pub(super) async fn buy_again_and_again(retry: Retry, times: Range<Duration>, requests: Requests) {
    time::sleep(times.start).await;
    let budget = Rc::new(Budget::default());
    let mut buying = Vec::new();
    while time::elapsed() < times.end {
        buying.push(spawn_named("request", buy(retry, Rc::clone(&budget), Rc::clone(&requests))));
        time::sleep(Duration::from_millis(choose_between(600, 680))).await;
    }
    join_all(buying).await;
}

async fn buy(retry: Retry, budget: Rc<Budget>, requests: Requests) {
    let begun = time::now();
    budget.earn();
    let mut attempts = 0;
    let answered = loop {
        attempts += 1;
        let answer = time::timeout(PATIENCE, ask()).await;
        if matches!(answer, Ok(Ok(StatusCode::OK))) {
            break true;
        }
        let may_retry = retry != Retry::BackOffWithinBudget || budget.spend();
        if attempts == ATTEMPTS_MAX || !may_retry {
            break false;
        }
        if retry != Retry::AtOnce {
            let pause = BACKOFF_MS << (attempts - 1);
            time::sleep(Duration::from_millis(choose_between(pause / 2, pause))).await;
        }
    };
    requests.borrow_mut().push(Request { begun, attempts, answered });
}

/// Why there was no answer.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Socket(#[from] io::Error),
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error(transparent)]
    Request(#[from] hyper::http::Error),
}

async fn ask() -> Result<StatusCode, AskError> {
    let stream = TcpStream::connect("shop:80").await?;
    let (mut sender, connection) = http1::handshake(Io::new(stream)).await?;
    let _connection = AbortOnDrop(spawn_named("connection", connection));
    let request = hyper::Request::post("/").header("host", "shop").body(Empty::<Bytes>::new())?;
    Ok(sender.send_request(request).await?.status())
}

/// The task of a connection, which ends with the attempt that it is for.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// How many retries a client may still make.
#[derive(Debug, Default)]
struct Budget {
    /// In requests.
    saved: Cell<u64>,
}

impl Budget {
    fn earn(&self) {
        self.saved.set((self.saved.get() + 1).min(RETRIES_SAVED_MAX * REQUESTS_PER_RETRY));
    }

    fn spend(&self) -> bool {
        let left = self.saved.get().checked_sub(REQUESTS_PER_RETRY);
        if let Some(left) = left {
            self.saved.set(left);
        }
        left.is_some()
    }
}
