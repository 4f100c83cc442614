//! WebSockets by async-tungstenite.

use std::time::Duration;

use async_tungstenite::accept_async;
use async_tungstenite::tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
use async_tungstenite::tungstenite::{Error, Message};
use futures::StreamExt;
use seedbed::adapters::tungstenite::{accept, connect};
use seedbed::net::{TcpListener, TcpStream, fault};
use seedbed::{event, node, spawn, time};

use crate::networks::{listen, on_every_network, pattern};

async fn echo(stream: TcpStream) -> Result<(), Error> {
    let mut socket = accept_async(stream).await?;
    while let Some(message) = socket.next().await {
        let message = message?;
        if message.is_binary() || message.is_text() {
            socket.send(message).await?;
        }
    }
    event!("the client has closed");
    Ok(())
}

async fn serve(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        spawn(echo(stream));
    }
}

#[test]
fn messages_of_all_sizes_come_back_and_the_close_code_too() {
    on_every_network("websocket", || async {
        node("server").spawn(serve(listen("0.0.0.0:80").await));
        let (mut socket, _) = connect("ws://server/").await.unwrap();
        for length in [0, 1, 125, 126, 65_536, 100_000] {
            // Not several at once: the server reads nothing while it writes.
            let chunks = pattern(length);
            socket.send(Message::binary(chunks.clone())).await.unwrap();
            assert_eq!(socket.next().await.unwrap().unwrap(), Message::binary(chunks));
        }
        socket.close(Some(CloseFrame { code: CloseCode::Away, reason: "enough".into() })).await.unwrap();
        let closed = socket.next().await.unwrap().unwrap();
        let Message::Close(Some(frame)) = closed else { panic!("{closed:?}") };
        assert_eq!((frame.code, frame.reason.as_str()), (CloseCode::Away, "enough"));
        assert!(socket.next().await.is_none());
    });
}

#[test]
fn a_server_that_goes_away_is_noticed() {
    on_every_network("websocket", || async {
        let listener = listen("0.0.0.0:80").await;
        node("server").spawn(async move {
            let (socket, peer) = accept(&listener).await.unwrap();
            event!("drops {peer}");
            drop(socket);
        });
        let (mut socket, _) = connect("ws://server/").await.unwrap();
        let error = socket.next().await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error:?}");
    });
}

#[test]
fn a_partition_is_silence() {
    on_every_network("websocket", || async {
        node("server").spawn(serve(listen("0.0.0.0:80").await));
        let (mut socket, _) = connect("ws://server/").await.unwrap();
        let partition = fault::partition("main", "server");
        socket.send("hello".into()).await.unwrap();
        let silence = time::timeout(Duration::from_secs(60), socket.next()).await;
        assert!(silence.is_err(), "{silence:?}");
        partition.heal();
        assert_eq!(socket.next().await.unwrap().unwrap(), Message::from("hello"), "it is delivered late");
    });
}

#[test]
fn where_nobody_listens_the_connection_is_refused() {
    on_every_network("websocket", || async {
        let _other = listen("0.0.0.0:1").await;
        let Err(Error::Io(error)) = connect("ws://server/").await else { panic!("it is connected") };
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
    });
}
