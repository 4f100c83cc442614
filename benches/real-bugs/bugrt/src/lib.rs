//! The trait that every scenario is written against, with a few functions that are built on nothing else.
//!
//! To run the scenarios on another executor, implement [`Rt`] for a handle of it (one of size zero that reaches a thread-local
//! context will do), and replace the package `driver`.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

pub use futures_io::{AsyncRead, AsyncWrite};

pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a scenario needs from an executor. All futures are `Send` so that both kinds of executor
/// (those that ask for `Send` and those that do not) can run a scenario.
pub trait Rt: Clone + Send + Sync + 'static {
    /// A simulated TCP connection (futures-io traits). Dropping it closes both directions.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;
    type Listener: Send + 'static;

    /// Spawn a detached task. A panic of any task must fail the run.
    fn spawn(&self, name: &'static str, fut: BoxFuture<'static, ()>);
    /// Completes when virtual time has advanced by `d` (counted from this call).
    fn sleep(&self, d: Duration) -> BoxFuture<'static, ()>;
    /// Pending once, re-scheduled at once.
    fn yield_now(&self) -> BoxFuture<'static, ()>;
    /// Virtual time since the start of the run.
    fn now(&self) -> Duration;

    fn listen(&self, port: u16) -> BoxFuture<'static, io::Result<Self::Listener>>;
    fn accept<'a>(&self, l: &'a mut Self::Listener) -> BoxFuture<'a, io::Result<Self::Stream>>;
    fn connect(&self, port: u16) -> BoxFuture<'static, io::Result<Self::Stream>>;
}

pub fn ms(n: u64) -> Duration {
    Duration::from_millis(n)
}
pub fn us(n: u64) -> Duration {
    Duration::from_micros(n)
}

// ------------------------------------------------------------------ spawn + join + abort

struct JoinState<T> {
    out: Option<T>,
    done: bool,
    join_waker: Option<Waker>,
    task_waker: Option<Waker>,
}

/// Handle of a task started with [`spawn`]. Awaiting gives `Some(output)`, or `None` when the task
/// was aborted first. Dropping the handle detaches the task.
pub struct Join<T> {
    st: Arc<Mutex<JoinState<T>>>,
    abort: Arc<AtomicBool>,
}

struct Wrapped<T, F> {
    fut: Option<Pin<Box<F>>>,
    st: Arc<Mutex<JoinState<T>>>,
    abort: Arc<AtomicBool>,
}
impl<T, F> Unpin for Wrapped<T, F> {}
impl<T, F: Future<Output = T>> Future for Wrapped<T, F> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let out;
        if this.abort.load(Ordering::SeqCst) {
            // like tokio: an aborted task is dropped at its next turn, without a further poll
            this.fut = None;
            out = None;
        } else {
            this.st.lock().unwrap().task_waker = Some(cx.waker().clone());
            match this.fut.as_mut().unwrap().as_mut().poll(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(v) => {
                    this.fut = None;
                    out = Some(v)
                }
            }
        }
        let w = {
            let mut s = this.st.lock().unwrap();
            s.out = out;
            s.done = true;
            s.task_waker = None;
            s.join_waker.take()
        };
        if let Some(w) = w {
            w.wake()
        }
        Poll::Ready(())
    }
}

pub fn spawn<R: Rt, T: Send + 'static>(
    rt: &R,
    name: &'static str,
    fut: impl Future<Output = T> + Send + 'static,
) -> Join<T> {
    let st = Arc::new(Mutex::new(JoinState { out: None, done: false, join_waker: None, task_waker: None }));
    let abort = Arc::new(AtomicBool::new(false));
    rt.spawn(name, Box::pin(Wrapped { fut: Some(Box::pin(fut)), st: st.clone(), abort: abort.clone() }));
    Join { st, abort }
}

impl<T> Join<T> {
    /// The task is dropped when it next gets a turn.
    pub fn abort(&self) {
        self.abort.store(true, Ordering::SeqCst);
        let w = self.st.lock().unwrap().task_waker.take();
        if let Some(w) = w {
            w.wake()
        }
    }
    pub fn is_finished(&self) -> bool {
        self.st.lock().unwrap().done
    }
}
impl<T> Future for Join<T> {
    type Output = Option<T>;
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut s = self.st.lock().unwrap();
        if s.done {
            Poll::Ready(s.out.take())
        } else {
            s.join_waker = Some(cx.waker().clone());
            Poll::Pending
        }
    }
}

// ------------------------------------------------------------------ timeout / race / poll_fn

/// `Some(out)` if `fut` completes first. Polls `fut` before the timer, as tokio does.
pub async fn timeout<R: Rt, F: Future>(rt: &R, d: Duration, fut: F) -> Option<F::Output> {
    let mut fut = Box::pin(fut);
    let mut t = rt.sleep(d);
    poll_fn(move |cx| {
        if let Poll::Ready(v) = fut.as_mut().poll(cx) {
            return Poll::Ready(Some(v));
        }
        t.as_mut().poll(cx).map(|_| None)
    })
    .await
}

pub enum Either<A, B> {
    Left(A),
    Right(B),
}

/// Waits for the first of two futures and drops the other one. Polls `a` first (`select! { biased; }`).
pub async fn race<A: Future, B: Future>(a: A, b: B) -> Either<A::Output, B::Output> {
    let mut a = Box::pin(a);
    let mut b = Box::pin(b);
    poll_fn(move |cx| {
        if let Poll::Ready(v) = a.as_mut().poll(cx) {
            return Poll::Ready(Either::Left(v));
        }
        b.as_mut().poll(cx).map(Either::Right)
    })
    .await
}

pub struct PollFn<F>(F);
impl<F> Unpin for PollFn<F> {}
impl<T, F: FnMut(&mut Context<'_>) -> Poll<T>> Future for PollFn<F> {
    type Output = T;
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        (self.0)(cx)
    }
}
pub fn poll_fn<T, F: FnMut(&mut Context<'_>) -> Poll<T>>(f: F) -> PollFn<F> {
    PollFn(f)
}

// ------------------------------------------------------------------ io helpers (futures-io)

pub async fn read_some<S: AsyncRead + Unpin>(s: &mut S, buf: &mut [u8]) -> io::Result<usize> {
    poll_fn(|cx| Pin::new(&mut *s).poll_read(cx, buf)).await
}
pub async fn read_exact<S: AsyncRead + Unpin>(s: &mut S, buf: &mut [u8]) -> io::Result<()> {
    let mut n = 0;
    while n < buf.len() {
        let k = read_some(s, &mut buf[n..]).await?;
        if k == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        n += k;
    }
    Ok(())
}
pub async fn write_all<S: AsyncWrite + Unpin>(s: &mut S, mut buf: &[u8]) -> io::Result<()> {
    while !buf.is_empty() {
        let k = poll_fn(|cx| Pin::new(&mut *s).poll_write(cx, buf)).await?;
        if k == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        buf = &buf[k..];
    }
    Ok(())
}
pub async fn flush<S: AsyncWrite + Unpin>(s: &mut S) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut *s).poll_flush(cx)).await
}
pub async fn close<S: AsyncWrite + Unpin>(s: &mut S) -> io::Result<()> {
    poll_fn(|cx| Pin::new(&mut *s).poll_close(cx)).await
}

/// One connected pair of streams: (client side, server side).
pub async fn pair<R: Rt>(rt: &R, port: u16) -> (R::Stream, R::Stream) {
    let mut l = rt.listen(port).await.expect("listen");
    let rt2 = rt.clone();
    let c = spawn(rt, "connect", async move { rt2.connect(port).await.expect("connect") });
    let s = rt.accept(&mut l).await.expect("accept");
    (c.await.unwrap(), s)
}

#[cfg(feature = "tokio1")]
pub mod tokio_io {
    //! futures-io stream -> tokio 1.x `AsyncRead`/`AsyncWrite`
    use super::*;
    use tokio::io::ReadBuf;
    pub struct Tok<S>(pub S);
    impl<S: AsyncRead + Unpin> tokio::io::AsyncRead for Tok<S> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            cx: &mut Context<'_>,
            buf: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let dst = buf.initialize_unfilled();
            match Pin::new(&mut self.0).poll_read(cx, dst) {
                Poll::Ready(Ok(n)) => {
                    buf.advance(n);
                    Poll::Ready(Ok(()))
                }
                Poll::Ready(Err(e)) => Poll::Ready(Err(e)),
                Poll::Pending => Poll::Pending,
            }
        }
    }
    impl<S: AsyncWrite + Unpin> tokio::io::AsyncWrite for Tok<S> {
        fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
            Pin::new(&mut self.0).poll_write(cx, buf)
        }
        fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_flush(cx)
        }
        fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
            Pin::new(&mut self.0).poll_close(cx)
        }
    }
}
