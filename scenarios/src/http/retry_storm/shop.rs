//! The shop: a server of hyper before a database that does one thing at a time.

use std::cell::Cell;
use std::convert::Infallible;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use futures::channel::oneshot;
use http_body_util::Empty;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use seedbed::adapters::hyper::{Io, server_http1};
use seedbed::net::TcpListener;
use seedbed::{event, spawn_named, time};

use super::{STALL, STALL_AT};
use crate::queue::Queue;

/// How long the database works for a request.
const WORK: Duration = Duration::from_millis(100);
/// With more, who comes last would give up before its turn.
const WAITING_MAX: usize = 5;

/// Whom the shop lets wait for its database.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    All,
    ShortQueue,
}

/// To be told when the database has done it.
type Job = oneshot::Sender<()>;

#[derive(Clone)]
pub(super) struct Shop {
    admission: Admission,
    jobs: Queue<Job>,
    wasted: Rc<Cell<u64>>,
}

impl Shop {
    pub(super) fn new(admission: Admission) -> Self {
        Shop { admission, jobs: Queue::unbounded(), wasted: Rc::default() }
    }

    /// How often the database has worked for a client that was gone.
    pub(super) fn wasted(&self) -> u64 {
        self.wasted.get()
    }

    pub(super) async fn serve(self) -> io::Result<()> {
        let listener = TcpListener::bind("0.0.0.0:80").await?;
        loop {
            let (stream, _) = listener.accept().await?;
            let shop = self.clone();
            drop(spawn_named("connection", async move {
                let service = service_fn(|_: Request<Incoming>| shop.sell());
                // A client that gives up resets the connection, which is no error of the shop.
                let _ended = server_http1().serve_connection(Io::new(stream), service).await;
            }));
        }
    }

    async fn sell(&self) -> Result<Response<Empty<Bytes>>, Infallible> {
        let mut response = Response::new(Empty::new());
        if self.admission == Admission::ShortQueue && self.jobs.len() >= WAITING_MAX {
            *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
            return Ok(response);
        }
        let (job, done) = oneshot::channel();
        self.jobs.put(job).await;
        if done.await.is_err() {
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        }
        Ok(response)
    }

    /// The database: takes the oldest request first.
    pub(super) async fn work(self) {
        let mut has_stalled = false;
        loop {
            let job = self.jobs.get().await;
            if !has_stalled && time::elapsed() >= STALL_AT {
                has_stalled = true;
                event!("stalls for {STALL:?}");
                time::sleep(STALL).await;
            }
            if self.admission == Admission::ShortQueue && job.is_canceled() {
                continue;
            }
            time::sleep(WORK).await;
            if job.send(()).is_err() {
                self.wasted.set(self.wasted.get() + 1);
            }
        }
    }
}
