//! WebSocket connections that are kept alive, as those of Python's `websockets` are.

mod changed;
mod closed;
mod protocol;
mod transport;

use std::io;
use std::rc::Rc;
use std::time::Duration;

use async_tungstenite::tungstenite::{Error, Message};
use async_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};
use seedbed::net::TcpStream;
use seedbed::{Label, spawn_named, time, yield_now};

use super::connection::{config, request};
use closed::{INTERNAL_ERROR, NORMAL};
use protocol::{Phase, Protocol};
use transport::Transport;

pub use closed::{Close, ConnectionClosed};

const RECEIVE: Label = Label::new("websocket.recv");
const SEND: Label = Label::new("websocket.send");
const PONG: Label = Label::new("websocket.pong");
const CLOSE: Label = Label::new("websocket.close");

/// How a connection is kept alive, with its buffers. The defaults are those of Python's `websockets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    /// How often a ping is sent; never if `None`. Default: 20 s.
    pub ping_interval: Option<Duration>,
    /// How long the pong may take: then the connection is closed with 1011. Default: 20 s.
    pub ping_timeout: Duration,
    /// How long the closing handshake may take: then the transport is closed without it. Default: 10 s.
    pub close_timeout: Duration,
    /// Messages that were received and not yet taken: with more, nothing is read until a quarter of this is left. Default: 16.
    pub max_queue: usize,
    /// Bytes that were sent and for which the kernel has no room: with more, `send` waits until a quarter of this is left.
    /// Default: 32 KiB.
    pub write_limit_bytes: usize,
}

impl Default for Keepalive {
    fn default() -> Self {
        Keepalive {
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Duration::from_secs(20),
            close_timeout: Duration::from_secs(10),
            max_queue: 16,
            write_limit_bytes: 32_768,
        }
    }
}

/// Which end it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Client,
    Server,
}

/// One end of a WebSocket connection, with a task of its own that reads. Clones are the same end.
///
/// - The task answers pings, and puts messages into a queue. [`WebSocket::recv`] takes one; it suspends only if there is
///   none.
/// - [`WebSocket::send`] gives the message to the kernel within the call; it suspends only if too much waits for room.
/// - Another task sends pings. If one is not answered in time the connection is closed with 1011, "keepalive ping timeout".
/// - Control frames travel in the stream of the messages. While the queue is too long nothing is read, and pongs wait behind
///   the messages that nobody takes.
/// - All this needs a turn: who blocks the node's CPU neither reads nor answers.
///
/// ```
/// use scenarios::{Keepalive, WebSocket};
/// use seedbed::net::TcpListener;
/// use seedbed::{Executor, Node, ProductionOrder, time};
/// use std::time::Duration;
///
/// let mut executor = Executor::new(ProductionOrder);
/// let closed = executor.block_on(async {
///     drop(Node::named("server").spawn(async {
///         let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
///         let (stream, _) = listener.accept().await.unwrap();
///         let socket = WebSocket::accept(stream, Keepalive::default()).await.unwrap();
///         socket.send("hello").await.unwrap();
///         // As `time.sleep`: for a minute the server answers no ping.
///         time::block(Duration::from_secs(60)).await;
///     }));
///     let client = Node::named("client").spawn(async {
///         let socket = WebSocket::connect("server:80", Keepalive::default()).await.unwrap();
///         assert_eq!(socket.recv().await.unwrap(), "hello");
///         socket.recv().await.unwrap_err()
///     });
///     client.await.unwrap()
/// });
/// let closed = closed.unwrap();
/// assert_eq!(closed.to_string(), "sent 1011 (internal error) keepalive ping timeout; no close frame received");
/// assert_eq!(closed.code(), 1006);
/// // Connected after two round trips of 2 ms, then 20 s to the ping, 20 s for the pong, 10 s to close.
/// assert_eq!(executor.now().to_string(), "50.004");
/// ```
#[derive(Clone, Debug)]
pub struct WebSocket {
    protocol: Rc<Protocol>,
}

impl WebSocket {
    /// Connects to a server: a round trip for TCP, and one for the opening handshake.
    ///
    /// # Errors
    /// As those of [`TcpStream::connect`], and when the server refuses the handshake.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn connect(address: &str, keepalive: Keepalive) -> io::Result<WebSocket> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let transport = Transport::new(stream, keepalive.write_limit_bytes);
        let request = request("/").map_err(io_error)?;
        let connected = client_async_with_config(request, transport, Some(config())).await;
        let (socket, _) = connected.map_err(io_error)?;
        Ok(WebSocket::start(socket, keepalive, Role::Client))
    }

    /// The server's side of the opening handshake.
    ///
    /// # Errors
    /// When the client sends something else, or goes away.
    ///
    /// # Panics
    /// Outside a run.
    pub async fn accept(stream: TcpStream, keepalive: Keepalive) -> io::Result<WebSocket> {
        stream.set_nodelay(true)?;
        let transport = Transport::new(stream, keepalive.write_limit_bytes);
        let socket = accept_async_with_config(transport, Some(config())).await.map_err(io_error)?;
        Ok(WebSocket::start(socket, keepalive, Role::Server))
    }

    fn start(socket: WebSocketStream<Transport>, keepalive: Keepalive, role: Role) -> Self {
        let protocol = Rc::new(Protocol::new(socket, keepalive, role));
        let running = Rc::clone(&protocol);
        drop(spawn_named("connection", async move { running.run().await }));
        let socket = WebSocket { protocol };
        if let Some(interval) = keepalive.ping_interval {
            drop(spawn_named("keepalive", socket.clone().keep_alive(interval)));
        }
        socket
    }

    /// Takes the next message. Does not suspend if there is one.
    ///
    /// # Errors
    /// When the connection is closed and all messages were taken.
    pub async fn recv(&self) -> Result<String, ConnectionClosed> {
        let next = || match self.protocol.take() {
            Some(message) => Some(Ok(message)),
            None => self.is_closed().then(|| Err(self.protocol.closed())),
        };
        self.protocol.arrived().until(RECEIVE, next).await
    }

    /// As [`WebSocket::recv`], for a loop over all messages: `None` after a normal end.
    ///
    /// # Errors
    /// When the connection ended otherwise.
    pub async fn next(&self) -> Result<Option<String>, ConnectionClosed> {
        match self.recv().await {
            Ok(message) => Ok(Some(message)),
            Err(closed) if closed.is_normal() => Ok(None),
            Err(closed) => Err(closed),
        }
    }

    /// Sends a message. Suspends only while too much waits for room in the kernel, or for the end of a connection that is
    /// being closed. That the kernel refuses the message, since the peer is gone, is told by the next call.
    ///
    /// # Errors
    /// When the connection is closed.
    pub async fn send(&self, text: impl Into<String>) -> Result<(), ConnectionClosed> {
        if self.protocol.phase() != Phase::Open {
            return Err(self.until_closed().await);
        }
        self.protocol.send(Message::text(text.into()));
        let transport = self.protocol.transport();
        if transport.is_broken() {
            yield_now().await;
            return Ok(());
        }
        let drained = || (!transport.is_full() || self.is_closed()).then_some(());
        transport.drained().until(SEND, drained).await;
        if self.is_closed() { Err(self.protocol.closed()) } else { Ok(()) }
    }

    /// Closes the connection normally, unless it is being closed already; waits for its end, and says how it was.
    pub async fn close(&self) -> ConnectionClosed {
        if self.protocol.phase() == Phase::Open {
            self.protocol.begin_close(NORMAL, "");
        }
        self.until_closed().await
    }

    /// The close code, once it is closed: that of the peer, or 1006 if it sent none.
    #[must_use]
    pub fn close_code(&self) -> Option<u16> {
        self.is_closed().then(|| self.protocol.closed().code())
    }

    /// The round trip of the last ping that was answered; zero before.
    #[must_use]
    pub fn latency(&self) -> Duration {
        self.protocol.pong().1
    }

    fn is_closed(&self) -> bool {
        self.protocol.phase() == Phase::Closed
    }

    async fn until_closed(&self) -> ConnectionClosed {
        let closed = || self.is_closed().then(|| self.protocol.closed());
        self.protocol.ended().until(CLOSE, closed).await
    }

    /// Sends a ping every `interval` until the connection ends or one is not answered in time.
    async fn keep_alive(self, interval: Duration) {
        loop {
            let pause = interval.saturating_sub(self.latency());
            let ended = time::timeout(pause, self.until_closed()).await.is_ok();
            if ended || self.protocol.phase() != Phase::Open {
                return;
            }
            let ping = self.protocol.send_ping();
            let answered = || (self.protocol.pong().0 == ping || self.is_closed()).then_some(());
            let pong = self.protocol.answered().until(PONG, answered);
            if time::timeout(self.protocol.config.ping_timeout, pong).await.is_err() {
                if self.protocol.phase() == Phase::Open {
                    self.protocol.fail(INTERNAL_ERROR, "keepalive ping timeout");
                }
                return;
            }
        }
    }
}

fn io_error(error: Error) -> io::Error {
    match error {
        Error::Io(error) => error,
        error => io::Error::other(error),
    }
}
