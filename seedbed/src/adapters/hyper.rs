//! hyper 1 over simulated connections: its traits for streams, timers, executors.
//!
//! ```
//! use hyper::body::{Bytes, Incoming};
//! use hyper::{Request, Response, service::service_fn};
//! use http_body_util::{BodyExt, Empty, Full};
//! use seedbed::adapters::hyper::{Io, server_http1};
//! use seedbed::net::{TcpListener, TcpStream};
//! use seedbed::{node, spawn};
//!
//! async fn hello(_: Request<Incoming>) -> Result<Response<Full<Bytes>>, hyper::Error> {
//!     Ok(Response::new("hello".into()))
//! }
//!
//! seedbed::sweep("hello", 10, || async {
//!     let listener = node("server").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
//!     node("server").spawn(async move {
//!         let (stream, _) = listener.accept().await.unwrap();
//!         server_http1().serve_connection(Io::new(stream), service_fn(hello)).await.unwrap();
//!     });
//!     let stream = TcpStream::connect("server:80").await.unwrap();
//!     let (mut sender, connection) = hyper::client::conn::http1::handshake(Io::new(stream)).await.unwrap();
//!     spawn(connection);
//!     let request = Request::get("/").header("host", "server").body(Empty::<Bytes>::new()).unwrap();
//!     let response = sender.send_request(request).await.unwrap();
//!     assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "hello");
//! });
//! ```

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ::hyper::rt;
use ::hyper::{client, server};
use futures::io::{AsyncRead, AsyncWrite};
use send_wrapper::SendWrapper;
use sim_executor::{spawn_named, time};

use super::std_time::{self, StdInstant};

/// The most that one read takes from a stream, in bytes.
const READ_BYTES_MAX: usize = 16 * 1024;

/// A connection as hyper reads and writes it: of a [`TcpStream`](crate::net::TcpStream), or of anything else with the traits
/// of `futures-io`, such as TLS over it. It is `Send` for libraries that ask for it, and panics on another thread.
pub struct Io<S> {
    stream: SendWrapper<S>,
    /// Where a read goes before it is copied: hyper's buffers move on only by a copy, or by `unsafe`.
    read: Vec<u8>,
}

impl<S> Io<S> {
    /// Gives a stream to hyper.
    #[must_use]
    pub fn new(stream: S) -> Self {
        Io { stream: SendWrapper::new(stream), read: Vec::new() }
    }

    /// The stream.
    #[must_use]
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// Takes the stream back.
    #[must_use]
    pub fn into_inner(self) -> S {
        self.stream.take()
    }
}

impl<S: AsyncRead + Unpin> rt::Read for Io<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        mut buffer: rt::ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Io { stream, read } = self.get_mut();
        let room = buffer.remaining().min(READ_BYTES_MAX);
        if read.len() < room {
            read.resize(room, 0);
        }
        let length = ready!(Pin::new(&mut **stream).poll_read(context, &mut read[..room]))?;
        buffer.put_slice(&read[..length]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> rt::Write for Io<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write(context, data)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.stream).poll_close(context)
    }

    /// As tokio's `TcpStream` says of itself, so that hyper hands over headers and body as it does there.
    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.stream).poll_write_vectored(context, data)
    }
}

impl<S> fmt::Debug for Io<S> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Io").finish_non_exhaustive()
    }
}

/// Spawns hyper's own tasks, which HTTP/2 needs, on the node of the task that asks. They are named `hyper`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl<F> rt::Executor<F> for Executor
where
    F: Future + 'static,
{
    fn execute(&self, future: F) {
        drop(spawn_named("hyper", future));
    }
}

/// Sleeps in virtual time, on the clock of the current node.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

struct Sleep(time::Sleep);

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

impl rt::Sleep for Sleep {}

impl rt::Timer for Timer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(time::sleep(duration)))
    }

    fn sleep_until(&self, deadline: StdInstant) -> Pin<Box<dyn rt::Sleep>> {
        Box::pin(Sleep(time::sleep_until(std_time::to_virtual(deadline))))
    }

    fn now(&self) -> StdInstant {
        std_time::now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn rt::Sleep>>, deadline: StdInstant) {
        match sleep.as_mut().downcast_mut_pin::<Sleep>() {
            Some(sleep) => Pin::new(&mut sleep.get_mut().0).reset(std_time::to_virtual(deadline)),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

/// A server of HTTP/1 as hyper makes it, with virtual time, and without the `Date` header that hyper would fill in from the
/// real clock.
#[must_use]
pub fn server_http1() -> server::conn::http1::Builder {
    let mut builder = server::conn::http1::Builder::new();
    builder.timer(Timer).auto_date_header(false);
    builder
}

/// A server of HTTP/2 as hyper makes it, with virtual time and tasks of the run, and without the `Date` header that hyper
/// would fill in from the real clock: compressed, its length differs from second to second.
#[must_use]
pub fn server_http2() -> server::conn::http2::Builder<Executor> {
    let mut builder = server::conn::http2::Builder::new(Executor);
    builder.timer(Timer).auto_date_header(false);
    builder
}

/// A client of HTTP/2 as hyper makes it, with virtual time and tasks of the run. One of HTTP/1 needs neither.
#[must_use]
pub fn client_http2() -> client::conn::http2::Builder<Executor> {
    let mut builder = client::conn::http2::Builder::new(Executor);
    builder.timer(Timer);
    builder
}
