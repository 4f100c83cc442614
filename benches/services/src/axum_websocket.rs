//! A WebSocket of axum with tokio-tungstenite: what is said comes back.

use axum::Router;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::routing::any;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpListener;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message as Said};

use crate::retry::until_ok;

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if matches!(message, Message::Text(_)) && socket.send(message).await.is_err() {
            return;
        }
    }
}

#[tokio::main]
pub(crate) async fn server(address: &str) {
    let app =
        Router::new().route("/echo", any(|upgrade: WebSocketUpgrade| async { upgrade.on_upgrade(echo) }));
    axum::serve(TcpListener::bind(address).await.unwrap(), app).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let url = format!("ws://{address}/echo");
    let heard = until_ok("echo", || async {
        let (mut socket, _) = connect_async(&url).await?;
        let mut heard = Vec::new();
        for text in ["one", "two", "three"] {
            socket.send(Said::text(text)).await?;
            let answer = socket.next().await.ok_or(Error::ConnectionClosed)??;
            heard.push(answer.into_text()?.to_string());
        }
        socket.close(None).await?;
        Ok::<_, Error>(heard)
    });
    assert_eq!(heard.await, ["one", "two", "three"]);
}
