//! yamux, which runs over the streams as it is.

use std::future::poll_fn;

use futures::future::join_all;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{event, join, node, spawn};
use yamux::{Config, Connection, Mode};

use crate::networks::{listen, on_every_network, pattern};

/// yamux lets windows grow by what it measures on the real clock, unless there is no more than each stream has anyway.
fn config() -> Config {
    let streams_max = 16;
    let mut config = Config::default();
    config.set_max_num_streams(streams_max);
    config.set_max_connection_receive_window(Some(streams_max * 256 * 1_024));
    config
}

async fn serve(listener: TcpListener) {
    let (stream, _) = listener.accept().await.unwrap();
    let mut connection = Connection::new(stream, config(), Mode::Server);
    while let Some(stream) = poll_fn(|context| connection.poll_next_inbound(context)).await {
        let Ok(stream) = stream else { break };
        spawn(async move {
            let (reader, mut writer) = stream.split();
            futures::io::copy(reader, &mut writer).await.unwrap();
            writer.close().await.unwrap();
        });
    }
    event!("the connection ended");
}

async fn talk(stream: yamux::Stream, length: usize) {
    let data = pattern(length);
    let (mut reader, mut writer) = stream.split();
    let write = async {
        writer.write_all(&data).await.unwrap();
        writer.close().await.unwrap();
    };
    let mut back = Vec::new();
    let ((), read) = join!(write, reader.read_to_end(&mut back));
    read.unwrap();
    assert_eq!(back, data);
    event!("has {length} bytes back");
}

#[test]
fn several_streams_over_one_connection_carry_what_is_sent() {
    on_every_network("yamux", || async {
        let serving = node("server").spawn(serve(listen("0.0.0.0:7").await));
        let stream = TcpStream::connect("server:7").await.unwrap();
        let mut connection = Connection::new(stream, config(), Mode::Client);
        let mut streams = Vec::new();
        // The first has more than a window of 256 KiB, so that it has to be opened again. None has nothing: yamux tells of
        // a stream with its first bytes only.
        for length in [600_000, 1, 50_000] {
            let stream = poll_fn(|context| connection.poll_new_outbound(context)).await.unwrap();
            streams.push(talk(stream, length));
        }
        let driver = spawn(async move {
            while poll_fn(|context| connection.poll_next_inbound(context)).await.is_some() {}
        });
        join_all(streams).await;
        driver.abort();
        serving.await.unwrap();
    });
}
