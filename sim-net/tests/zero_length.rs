//! Calls with empty buffers: they send nothing, and end nothing.

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Executor, Node, ProductionOrder, spawn, yield_now};
use sim_net::{TcpListener, TcpStream};

async fn echo() {
    let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(spawn(async move {
            let mut buffer = [0; 10];
            loop {
                let read = stream.read(&mut buffer).await.unwrap();
                if read == 0 {
                    break;
                }
                stream.write_all(&buffer[..read]).await.unwrap();
            }
        }));
    }
}

/// What an echo gives back after so many empty writes and reads.
fn echoed(writes: u32, reads: u32, node: &'static str) -> [u8; 1] {
    let program = async move {
        drop(Node::named(node).spawn(echo()));
        yield_now().await;
        let mut stream = TcpStream::connect(format!("{node}:7")).await.unwrap();
        for _ in 0..writes {
            assert_eq!(stream.write(&[]).await.unwrap(), 0);
        }
        // As on Linux, a read into nothing waits until something is there.
        stream.write_all(b"x").await.unwrap();
        for _ in 0..reads {
            assert_eq!(stream.read(&mut []).await.unwrap(), 0);
        }
        let mut byte = [0; 1];
        stream.read_exact(&mut byte).await.unwrap();
        byte
    };
    Executor::new(ProductionOrder).block_on(program).unwrap()
}

#[test]
fn empty_writes_and_reads_change_nothing_for_the_bytes_behind_them() {
    for node in ["main", "server"] {
        for (writes, reads) in [(0, 0), (1, 0), (0, 1), (1, 1), (500, 500)] {
            assert_eq!(echoed(writes, reads, node), *b"x", "{writes} writes and {reads} reads to {node}");
        }
    }
}
