//! A WebSocket connection between two simulated hosts: how it begins and how it ends.

use std::io;

use async_tungstenite::tungstenite::handshake::client::Request;
use async_tungstenite::tungstenite::protocol::{
    CloseFrame, Message, WebSocketConfig, frame::coding::CloseCode,
};
use async_tungstenite::tungstenite::{self, Error};
use async_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};
use futures::{Stream, StreamExt as _};
use seedbed::net::{TcpListener, TcpStream};

/// One side of a connection.
pub(super) type Socket = WebSocketStream<TcpStream>;

/// The example of RFC 6455. The library would draw the key from the operating system.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// Begins to listen on the current host.
pub(super) async fn listen() -> io::Result<TcpListener> {
    TcpListener::bind("0.0.0.0:80").await
}

/// Waits for a client, and for its opening handshake.
pub(super) async fn accept(listener: &TcpListener) -> Result<Socket, Error> {
    let (stream, _) = listener.accept().await?;
    upgrade(stream).await
}

/// The server's side of the opening handshake.
pub(super) async fn upgrade(stream: TcpStream) -> Result<Socket, Error> {
    stream.set_nodelay(true)?;
    accept_async_with_config(stream, Some(config())).await
}

/// Connects to the host `server`.
pub(super) async fn connect() -> Result<Socket, Error> {
    let stream = TcpStream::connect("server:80").await?;
    stream.set_nodelay(true)?;
    let (socket, _) = client_async_with_config(request("/")?, stream, Some(config())).await?;
    Ok(socket)
}

/// The library fills its read buffer with zeros before each read; one of 128 KiB, as it has by itself, would cost more
/// than all the rest.
pub(super) fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(4_096)
}

/// The client's side of the opening handshake.
pub(super) fn request(path: &str) -> Result<Request, Error> {
    let request = tungstenite::http::Request::get(format!("ws://server{path}"))
        .header("Host", "server")
        .header("Connection", "Upgrade")
        .header("Upgrade", "websocket")
        .header("Sec-WebSocket-Version", "13")
        .header("Sec-WebSocket-Key", KEY)
        .body(())?;
    Ok(request)
}

/// The message that begins the closing handshake.
pub(super) fn close_frame() -> Option<CloseFrame> {
    Some(CloseFrame { code: CloseCode::Normal, reason: "that was all".into() })
}

/// What a connection gives: texts, and then why it was closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(String),
    /// The close code of the other side. The library answers it while it is asked for more.
    Close(u16),
}

/// The next text or close of a connection, or of its receiving half. `None` after its end.
pub(super) async fn receive<S>(socket: &mut S) -> Result<Option<Received>, Error>
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    while let Some(message) = socket.next().await {
        match message? {
            Message::Text(text) => return Ok(Some(Received::Text(text.to_string()))),
            Message::Close(frame) => {
                // 1005 is what RFC 6455 calls a close frame without a code.
                let code = frame.map_or(1005, |frame| frame.code.into());
                return Ok(Some(Received::Close(code)));
            }
            _ => {}
        }
    }
    Ok(None)
}

/// Receives until the end of the connection, and gives the close code. Texts on the way are dropped.
pub(super) async fn receive_close<S>(socket: &mut S) -> Result<Option<u16>, Error>
where
    S: Stream<Item = Result<Message, Error>> + Unpin,
{
    let mut closed = None;
    while let Some(received) = receive(socket).await? {
        if let Received::Close(code) = received {
            closed = Some(code);
        }
    }
    Ok(closed)
}
