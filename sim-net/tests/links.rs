//! What a link does to what is sent over it.

use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Executor, KeyedRandom, Node, Ratio};
use sim_net::{Latency, LinkConfig, NetworkConfig, TcpListener, TcpStream, install};

const MS: Duration = Duration::from_millis(1);

/// Everything goes wrong, often.
fn wild() -> LinkConfig {
    LinkConfig {
        latency: Latency::Exponential { min: MS, mean: 5 * MS },
        bandwidth_bytes_per_second: Some(1_000_000),
        queue_bytes: 100_000,
        loss: Ratio::one_in(20),
        delay: Ratio::one_in(30),
        duplicate: Ratio::one_in(10),
        reorder: Ratio::one_in(10),
        corrupt: Ratio::one_in(20),
        ..LinkConfig::default()
    }
}

/// Bytes of which no two stretches are alike.
fn text(bytes: usize, salt: u64) -> Vec<u8> {
    (0..bytes as u64).map(|at| (sim_executor::mix(salt, at) >> 32) as u8).collect()
}

/// Sends both ways at once, and gives the run's hash.
fn exchange(seed: u64) -> u64 {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    executor.enter(|| install(NetworkConfig { link: wild(), ..NetworkConfig::default() }));
    executor
        .block_on(async {
            let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
            let listener = bind.await.unwrap().unwrap();
            let (client, accepted) = join(TcpStream::connect("server:7"), listener.accept()).await;
            let ends = [(client.unwrap(), 1, 2), (accepted.unwrap().0, 2, 1)];
            let tasks = ends.map(|(stream, own, other)| {
                let node = if own == 1 { "main" } else { "server" };
                Node::named(node).spawn(async move {
                    let (mut reader, mut writer) = stream.split();
                    let sent = async {
                        for piece in text(30_000, own).chunks(1_000) {
                            writer.write_all(piece).await.unwrap();
                        }
                        writer.close().await.unwrap();
                    };
                    let mut got = Vec::new();
                    let (count, ()) = join(reader.read_to_end(&mut got), sent).await;
                    count.unwrap();
                    assert!(got == text(30_000, other), "the bytes are not those that were sent");
                })
            });
            for task in tasks {
                task.await.unwrap();
            }
        })
        .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    executor.hash()
}

#[test]
fn tcp_delivers_a_stream_intact_over_a_link_with_all_five_faults() {
    let hashes: Vec<u64> = (0..100).map(exchange).collect();
    assert!(hashes.iter().any(|&hash| hash != hashes[0]), "seeds differ");
    assert_eq!(hashes[17], exchange(17), "a seed is always the same run");
}
