//! WebSockets of async-tungstenite over simulated connections.
//!
//! ```
//! use async_tungstenite::tungstenite::Message;
//! use futures::StreamExt;
//! use seedbed::adapters::tungstenite::{accept, connect};
//! use seedbed::net::TcpListener;
//! use seedbed::node;
//!
//! seedbed::sweep("an_echo", 10, || async {
//!     let listener = node("server").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
//!     node("server").spawn(async move {
//!         let (mut socket, _) = accept(&listener).await.unwrap();
//!         while let Some(Ok(message)) = socket.next().await {
//!             if message.is_text() {
//!                 socket.send(message).await.unwrap();
//!             }
//!         }
//!     });
//!     let (mut socket, _) = connect("ws://server/").await.unwrap();
//!     socket.send("hello".into()).await.unwrap();
//!     assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("hello"));
//! });
//! ```

use std::net::SocketAddr;

use async_tungstenite::tungstenite::Error;
use async_tungstenite::tungstenite::client::IntoClientRequest;
use async_tungstenite::tungstenite::handshake::client::Response;
use async_tungstenite::tungstenite::http::HeaderValue;
use async_tungstenite::tungstenite::protocol::WebSocketConfig;
use async_tungstenite::{WebSocketStream, accept_async, client_async_with_config};
use futures::io::{AsyncRead, AsyncWrite};
use rand_core::Rng as _;
use sim_executor::{Label, unique_rng};
use sim_net::{TcpListener, TcpStream};

use super::authority::host_and_port;

const KEY: Label = Label::new("websocket:key");
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Connects the current node to the host of a `ws` URI, then opens a WebSocket there. For `wss`, give the TLS stream to
/// [`client`].
///
/// # Errors
/// That of connecting, or of the handshake.
///
/// # Panics
/// Outside a run.
pub async fn connect(
    request: impl IntoClientRequest,
) -> Result<(WebSocketStream<TcpStream>, Response), Error> {
    let request = request.into_client_request()?;
    let uri = request.uri();
    let stream = TcpStream::connect(host_and_port(uri.host(), uri.port_u16(), uri.scheme_str())?).await?;
    client(request, stream, None).await
}

/// Opens a WebSocket over a stream, with a key that is drawn by the run; tungstenite by itself takes one from the system.
///
/// # Errors
/// That of the handshake.
///
/// # Panics
/// Outside a run.
pub async fn client<S>(
    request: impl IntoClientRequest,
    stream: S,
    config: Option<WebSocketConfig>,
) -> Result<(WebSocketStream<S>, Response), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut request = request.into_client_request()?;
    request.headers_mut().insert("sec-websocket-key", draw_key());
    client_async_with_config(request, stream, config).await
}

/// Accepts a connection, then a WebSocket over it, and tells where the client is. Who serves several clients accepts the
/// connections only, and calls async-tungstenite's own `accept_async` in a task for each.
///
/// # Errors
/// That of the handshake.
pub async fn accept(listener: &TcpListener) -> Result<(WebSocketStream<TcpStream>, SocketAddr), Error> {
    let (stream, peer) = listener.accept().await?;
    Ok((accept_async(stream).await?, peer))
}

/// Sixteen drawn bytes in base64 (RFC 6455, section 4.1).
fn draw_key() -> HeaderValue {
    let mut bytes = [0; 16];
    unique_rng(KEY).fill_bytes(&mut bytes);
    let number = u128::from_be_bytes(bytes);
    let digit = |bits: u128| char::from(BASE64[(bits % 64) as usize]);
    // 21 digits of 6 bits, one of the last 2 bits, and the padding.
    let mut key: String = (0..21).map(|position| digit(number >> (122 - 6 * position))).collect();
    key.push(digit(number << 4));
    key.push_str("==");
    HeaderValue::from_str(&key).expect("base64 is text")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_executor::{Executor, ProductionOrder};

    #[test]
    fn keys_are_sixteen_bytes_of_base64_that_differ() {
        Executor::new(ProductionOrder)
            .block_on(async {
                let [one, other] = [draw_key(), draw_key()];
                assert_ne!(one, other);
                assert_eq!(one.len(), 24);
                assert!(one.as_bytes().ends_with(b"==") && b"AQgw".contains(&one.as_bytes()[21]), "{one:?}");
            })
            .unwrap();
    }
}
