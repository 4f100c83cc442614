//! The streams through tokio's traits.
#![cfg(feature = "tokio")]

use sim_executor::{Executor, Node, ProductionOrder};
use sim_net::{TcpListener, TcpStream, UnixStream};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

#[test]
fn programs_for_tokio_read_and_write() {
    Executor::new(ProductionOrder)
        .block_on(async {
            let bind = Node::named("server").spawn(TcpListener::bind(("0.0.0.0", 7)));
            let listener = bind.await.unwrap().unwrap();
            let serving = Node::named("server").spawn(async move {
                let (stream, _) = listener.accept().await.unwrap();
                let (read, mut write) = stream.into_split();
                let mut lines = BufReader::new(read).lines();
                while let Some(line) = lines.next_line().await.unwrap() {
                    write.write_all(format!("you said {line}\n").as_bytes()).await.unwrap();
                }
                write.shutdown().await.unwrap();
            });
            let mut stream = TcpStream::connect(("server", 7)).await.unwrap();
            let (mut read, mut write) = stream.split();
            write.write_all(b"one\ntwo\n").await.unwrap();
            write.shutdown().await.unwrap();
            let mut answer = String::new();
            read.read_to_string(&mut answer).await.unwrap();
            assert_eq!(answer, "you said one\nyou said two\n");
            serving.await.unwrap();
        })
        .unwrap();
}

#[test]
fn a_unix_stream_is_read_and_written_through_the_traits_of_tokio() {
    let text = Executor::new(ProductionOrder).block_on(async {
        let (mut one, other) = UnixStream::pair().unwrap();
        let (mut read, mut write) = other.into_split();
        one.write_all(b"hello").await.unwrap();
        one.shutdown().await.unwrap();
        tokio::io::copy(&mut read, &mut write).await.unwrap();
        drop(write);
        let mut text = String::new();
        one.read_to_string(&mut text).await.unwrap();
        text
    });
    assert_eq!(text.unwrap(), "hello");
}
