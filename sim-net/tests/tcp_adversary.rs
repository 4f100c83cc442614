//! Calls that read or write less than they could, drawn.

mod pair;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, run, run_on};
use sim_executor::{Executor, KeyedRandom, Ratio, spawn, time};
use sim_net::{NetworkConfig, TcpConfig, install};
use std::time::Duration;

fn config(tcp: TcpConfig) -> NetworkConfig {
    NetworkConfig { tcp, ..NetworkConfig::default() }
}

/// The sizes of the reads of 1,000 bytes that were written at once, and how often a write took part of them.
fn transfer(seed: u64, tcp: TcpConfig) -> (Vec<usize>, usize) {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    executor.enter(|| install(config(tcp)));
    executor
        .block_on(async {
            let (mut client, mut server) = connected().await;
            let reading = spawn(async move {
                let (mut sizes, mut all, mut buffer) = (Vec::new(), Vec::new(), [0; 600]);
                while let bytes @ 1.. = server.read(&mut buffer).await.unwrap() {
                    sizes.push(bytes);
                    all.extend_from_slice(&buffer[..bytes]);
                }
                (sizes, all)
            });
            let data: Vec<u8> = (0..1_000_u32).map(|number| (number % 251) as u8).collect();
            let (mut written, mut writes) = (0, 0);
            while written < data.len() {
                written += client.write(&data[written..]).await.unwrap();
                writes += 1;
            }
            client.close().await.unwrap();
            let (sizes, all) = reading.await.unwrap();
            assert_eq!(all, data);
            (sizes, writes)
        })
        .unwrap()
}

#[test]
fn reads_are_short_if_that_is_asked_for_and_lose_nothing() {
    let tcp = TcpConfig { short_reads: Ratio::one_in(2), ..TcpConfig::default() };
    let sizes: Vec<usize> = (0..50).flat_map(|seed| transfer(seed, tcp).0).collect();
    assert!(sizes.contains(&600) && sizes.iter().any(|&bytes| bytes < 20), "{sizes:?}");
    assert!(sizes.len() > 150, "{} reads", sizes.len());
}

#[test]
fn by_default_nothing_is_short() {
    assert_eq!(transfer(0, TcpConfig::default()), (vec![600, 400], 1));
    run(async {
        let (mut client, mut server) = connected().await;
        client.write_all(&[1; 100]).await.unwrap();
        assert_eq!(server.read(&mut [0; 200]).await.unwrap(), 100);
    });
}

#[test]
fn writes_are_short_if_that_is_asked_for_and_lose_nothing() {
    let tcp = TcpConfig { short_writes: Ratio::one_in(2), ..TcpConfig::default() };
    let writes: usize = (0..50).map(|seed| transfer(seed, tcp).1).sum();
    assert!(writes > 75, "{writes} writes");
}

#[test]
fn writes_that_are_held_back_arrive_together() {
    let tcp = TcpConfig { held_writes: Ratio::one_in(2), nodelay: true, ..TcpConfig::default() };
    let first_read = |seed| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        executor.enter(|| install(config(tcp)));
        executor
            .block_on(async {
                let (mut client, mut server) = connected().await;
                let start = time::now();
                client.write_all(b"one").await.unwrap();
                time::sleep(Duration::from_millis(20)).await;
                client.write_all(b"two").await.unwrap();
                let bytes = server.read(&mut [0; 9]).await.unwrap();
                if bytes < 6 {
                    server.read_exact(&mut [0; 3]).await.unwrap();
                }
                (bytes, time::now() - start)
            })
            .unwrap()
    };
    let reads: Vec<_> = (0..60).map(first_read).collect();
    let ms = Duration::from_millis;
    assert!(reads.contains(&(3, ms(21))), "neither is held back");
    assert!(reads.contains(&(6, ms(21))), "the first is, and goes with the second");
    let timeout = Duration::from_micros(205_375);
    assert!(reads.contains(&(3, ms(21) + timeout)), "the second is, until a timeout: {reads:?}");
    assert!(reads.iter().all(|&(_, took)| took <= ms(250)), "{reads:?}");
}

#[test]
fn what_is_always_short_comes_byte_by_byte_at_worst() {
    let always = Ratio::one_in(1);
    let tcp = TcpConfig { short_reads: always, short_writes: always, ..TcpConfig::default() };
    let (sizes, writes) = transfer(1, tcp);
    assert!(sizes.len() > 5 && writes > 2, "{} reads, {writes} writes", sizes.len());
    // A run in production order takes the gentlest answer, which is that nothing is short.
    let tcp = TcpConfig { short_reads: Ratio::one_in(2), ..TcpConfig::default() };
    run_on(config(tcp), async {
        let (mut client, mut server) = connected().await;
        client.write_all(&[1; 100]).await.unwrap();
        assert_eq!(server.read(&mut [0; 200]).await.unwrap(), 100);
    });
}
