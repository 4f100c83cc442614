//! What the scenarios need of the system that runs them, on Seedbed.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bugrt::{AsyncRead, AsyncWrite, BoxFuture, Rt};
use send_wrapper::SendWrapper;
use sim_executor::context;
use sim_net::{TcpListener, TcpStream};

/// The current run: it is found where it is needed.
#[derive(Clone, Copy, Debug)]
pub struct Seedbed;

/// A run has one thread, so its sockets need not be `Send`; scenarios ask for it, since other systems have many.
///
/// A stream that is dropped is closed in both directions, and what had been sent still arrives. TCP does so only if the program
/// has read all that came; else it resets the connection, and the peer loses what it has not read yet. So the rest is read here
/// before the end.
pub struct Stream(Option<SendWrapper<TcpStream>>);

/// The same for a listener.
pub struct Listener(SendWrapper<TcpListener>);

fn boxed<T>(future: impl Future<Output = T> + 'static) -> BoxFuture<'static, T> {
    Box::pin(SendWrapper::new(future))
}

impl Rt for Seedbed {
    type Stream = Stream;
    type Listener = Listener;

    fn spawn(&self, name: &'static str, future: BoxFuture<'static, ()>) {
        drop(sim_executor::spawn_named(name, future));
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        boxed(sim_executor::time::sleep(duration))
    }

    fn yield_now(&self) -> BoxFuture<'static, ()> {
        boxed(sim_executor::yield_now())
    }

    fn now(&self) -> Duration {
        sim_executor::time::elapsed()
    }

    fn listen(&self, port: u16) -> BoxFuture<'static, io::Result<Listener>> {
        boxed(async move {
            let listener = TcpListener::bind(("0.0.0.0", port)).await?;
            Ok(Listener(SendWrapper::new(listener)))
        })
    }

    fn accept<'a>(&self, listener: &'a mut Listener) -> BoxFuture<'a, io::Result<Stream>> {
        Box::pin(SendWrapper::new(async {
            let (stream, _) = listener.0.accept().await?;
            Ok(Stream(Some(SendWrapper::new(stream))))
        }))
    }

    fn connect(&self, port: u16) -> BoxFuture<'static, io::Result<Stream>> {
        boxed(async move {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            Ok(Stream(Some(SendWrapper::new(stream))))
        })
    }
}

impl Stream {
    fn stream(&mut self) -> Pin<&mut TcpStream> {
        Pin::new(self.0.as_mut().expect("it is there until the drop"))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let Some(mut stream) =
            self.0.take().filter(|_| context::in_run() && context::current_task().is_some())
        else {
            return;
        };
        drop(sim_executor::spawn_named("close", async move {
            let _ = bugrt::close(&mut *stream).await;
            let mut rest = vec![0; 4_096];
            while let Ok(1..) = bugrt::read_some(&mut *stream, &mut rest).await {}
        }));
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_read(context, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_close(context)
    }
}
