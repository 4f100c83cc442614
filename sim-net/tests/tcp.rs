//! TCP as a program sees it.

mod pair;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, listen, run, run_on};
use sim_executor::{
    Config, Executor, Instant, JoinHandle, KeyedRandom, Node, ProductionOrder, RunError, TraceLevel, spawn,
    time,
};
use sim_net::{LinkConfig, NetworkConfig, TcpConfig, TcpListener, TcpStream, fault, install};

fn on_server<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    Node::named("server").spawn(future)
}

/// Writes until there is no room; how much that was.
fn fill(stream: &TcpStream) -> usize {
    let mut written = 0;
    loop {
        match stream.try_write(&[7; 5_000]) {
            Ok(bytes) => written += bytes,
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                return written;
            }
        }
    }
}

#[test]
fn a_client_is_not_connected_to_itself_where_nobody_listens() {
    run(async {
        // The port that the client itself would be given next.
        let refused = TcpStream::connect("127.0.0.1:49152").await;
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn both_ends_know_both_addresses() {
    run(async {
        let (client, server) = connected().await;
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert_eq!(client.local_addr().unwrap(), address("10.0.0.1:49152"));
        assert_eq!(client.peer_addr().unwrap(), address("10.0.0.2:7"));
        assert_eq!(server.local_addr().unwrap(), address("10.0.0.2:7"));
        assert_eq!(server.peer_addr().unwrap(), address("10.0.0.1:49152"));
    });
}

#[test]
fn a_writer_stops_at_the_send_buffer_and_the_window_of_a_reader_that_does_not_read() {
    let tcp = TcpConfig { send_buffer_bytes: 10_000, receive_buffer_bytes: 20_000, ..TcpConfig::default() };
    run_on(NetworkConfig { tcp, ..NetworkConfig::default() }, async {
        let (client, mut server) = connected().await;
        let mut written = 0;
        while let Ok(ready) = time::timeout(Duration::from_secs(5), client.writable()).await {
            ready.unwrap();
            written += fill(&client);
        }
        assert_eq!(written, 30_000);
        let mut buffer = vec![0; 30_000];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(buffer, vec![7; 30_000]);
        client.writable().await.unwrap();
        assert_eq!(fill(&client), 10_000);
    });
}

#[test]
fn connecting_to_a_closed_port_is_refused_after_a_round_trip() {
    run(async {
        let _server = Node::named("server");
        let start = sim_executor::context::now();
        let error = TcpStream::connect("server:9").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        assert_eq!(sim_executor::context::now() - start, Duration::from_millis(2));
        assert!(error.to_string().contains("10.0.0.2:9"), "{error}");
    });
}

#[test]
fn connecting_to_nobody_fails_as_the_kernel_does() {
    run(async {
        let error = TcpStream::connect("10.9.9.9:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable);
        let error = TcpStream::connect("192.168.0.1:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable);
        let error = TcpStream::connect("sever:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.to_string().contains("main"), "{error}");
    });
}

#[test]
fn ports_cannot_be_bound_twice_and_addresses_must_be_the_hosts() {
    run(async {
        let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
        let kind =
            async |address: &'static str| TcpListener::bind(address).await.map_err(|error| error.kind());
        assert_eq!(kind("127.0.0.1:7").await.unwrap_err(), ErrorKind::AddrInUse);
        assert_eq!(kind("10.0.0.7:8").await.unwrap_err(), ErrorKind::AddrNotAvailable);
        drop(listener);
        let one = kind("127.0.0.1:7").await.unwrap();
        let other = kind("10.0.0.1:7").await.unwrap();
        assert_ne!(one.local_addr().unwrap(), other.local_addr().unwrap());
    });
}

#[test]
fn loopback_is_quick_and_stays_on_the_host() {
    run(async {
        let listener = TcpListener::bind("localhost:7").await.unwrap();
        let (client, server) = join(TcpStream::connect("127.0.0.1:7"), listener.accept()).await;
        assert_eq!(server.unwrap().0.peer_addr().unwrap(), client.unwrap().local_addr().unwrap());
        assert_eq!(sim_executor::context::now().as_nanos(), 30_000, "the third packet tells the listener");
        let from_elsewhere = on_server(TcpStream::connect("10.0.0.1:7")).await.unwrap();
        assert_eq!(from_elsewhere.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn peeking_leaves_the_bytes() {
    run(async {
        let (mut client, mut server) = connected().await;
        client.write_all(b"abc").await.unwrap();
        let mut buffer = [0; 2];
        assert_eq!(server.peek(&mut buffer).await.unwrap(), 2);
        let mut all = [0; 3];
        server.read_exact(&mut all).await.unwrap();
        assert_eq!((&buffer, &all), (b"ab", b"abc"));
        assert_eq!(server.try_read(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn small_writes_wait_for_acknowledgements_unless_nodelay_is_set() {
    let second_write_arrives = |nodelay| {
        run(async move {
            let (mut client, mut server) = connected().await;
            client.set_nodelay(nodelay).unwrap();
            // Answering once makes the server delay its acknowledgements.
            for _ in 0..2 {
                client.write_all(b"a").await.unwrap();
                server.read_exact(&mut [0]).await.unwrap();
                server.write_all(b"b").await.unwrap();
                client.read_exact(&mut [0]).await.unwrap();
            }
            let start = sim_executor::context::now();
            client.write_all(b"c").await.unwrap();
            client.write_all(b"d").await.unwrap();
            server.read_exact(&mut [0; 2]).await.unwrap();
            sim_executor::context::now() - start
        })
    };
    assert_eq!(second_write_arrives(true), Duration::from_millis(1));
    assert_eq!(second_write_arrives(false), Duration::from_millis(43), "1 + 40 + 1 + 1");
}

#[test]
fn the_trace_tells_each_packet() {
    let config = Config { trace: TraceLevel::All, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor
        .block_on(async {
            let (mut client, mut server) = connected().await;
            client.write_all(b"hello").await.unwrap();
            server.read_exact(&mut [0; 5]).await.unwrap();
        })
        .unwrap();
    let trace = executor.trace().to_string();
    let packets: Vec<&str> = trace.lines().filter(|line| line.contains(" net ")).collect();
    assert_eq!(
        packets[..8],
        [
            "0.000 net send main:49152 -> server:7 SYN",
            "0.001 net recv main:49152 -> server:7 SYN",
            "0.001 net send server:7 -> main:49152 SYN ack 1",
            "0.002 net recv server:7 -> main:49152 SYN ack 1",
            "0.002 net send main:49152 -> server:7 ack 1",
            "0.003 net recv main:49152 -> server:7 ack 1",
            "0.003 net send main:49152 -> server:7 5 bytes at 1 ack 1",
            "0.004 net recv main:49152 -> server:7 5 bytes at 1 ack 1",
        ]
    );
}

#[test]
fn a_deadlock_says_at_which_socket() {
    let mut executor = Executor::new(ProductionOrder);
    let error = executor
        .block_on(async {
            let (mut client, _server) = connected().await;
            client.read(&mut [0; 8]).await
        })
        .unwrap_err()
        .to_string();
    assert!(error.contains("tcp.read main:49152 from server:7"), "{error}");
}

/// Both ends write more than all buffers hold, before they read.
async fn both_write_first(bytes: usize) -> usize {
    let (mut client, mut server) = connected().await;
    let serving = spawn(async move {
        server.write_all(&vec![1; bytes]).await.unwrap();
        server.read_exact(&mut vec![0; bytes]).await.unwrap();
    });
    client.write_all(&vec![2; bytes]).await.unwrap();
    client.read_exact(&mut vec![0; bytes]).await.unwrap();
    serving.await.unwrap();
    bytes
}

#[test]
fn two_ends_that_only_write_are_a_deadlock_although_they_probe_each_others_windows() {
    assert_eq!(Executor::new(ProductionOrder).block_on(both_write_first(100_000)).unwrap(), 100_000);
    let mut executor = Executor::new(ProductionOrder);
    let error = executor.block_on(both_write_first(1_000_000)).unwrap_err();
    assert!(matches!(error, RunError::Deadlock(_)), "{error}");
    let table = error.to_string();
    assert!(table.contains("tcp.write main:49152 to server:7"), "{table}");
    assert!(table.contains("tcp.write server:7 to main:49152"), "{table}");
    assert!(executor.now() < Instant::START + Duration::from_secs(10), "found at {}", executor.now());
}

#[test]
fn probes_find_a_window_whose_opening_was_lost() {
    let talk = || async {
        let (mut client, mut server) = connected().await;
        let loss = sim_executor::Ratio::one_in(2);
        fault::set_links("main", "server", LinkConfig { loss, ..LinkConfig::default() });
        let reading = spawn(async move {
            let mut all = 0;
            loop {
                time::sleep(Duration::from_millis(50)).await; // the window is closed by then
                match server.read(&mut [0; 20]).await? {
                    0 => return Ok::<usize, io::Error>(all),
                    bytes => all += bytes,
                }
            }
        });
        client.write_all(&[7; 400]).await?;
        client.close().await?;
        client.read_to_end(&mut Vec::new()).await?; // or a timeout
        reading.await.unwrap()
    };
    let lossy = |seed| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        executor.enter(|| {
            let mut config = NetworkConfig::default();
            config.tcp.receive_buffer_bytes = 20;
            install(config);
        });
        executor.block_on(talk()).unwrap_or_else(|error| panic!("seed {seed}: {error}"))
    };
    let whole = (0..200).filter(|&seed| lossy(seed).is_ok_and(|bytes| bytes == 400)).count();
    assert!(whole > 150, "only {whole} of 200 transfers came through");
}

async fn echo_all(listener: TcpListener, clients: usize) -> io::Result<()> {
    for _ in 0..clients {
        let (mut stream, _) = listener.accept().await?;
        spawn(async move {
            let mut buffer = [0; 300];
            while let Ok(length @ 1..) = stream.read(&mut buffer).await {
                stream.write_all(&buffer[..length]).await.unwrap();
            }
        });
    }
    Ok(())
}

fn echo_hash(seed: u64) -> u64 {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    executor.enter(|| {
        let ms = Duration::from_millis;
        let loss = sim_executor::Ratio::one_in(10);
        let link = LinkConfig { loss, ..LinkConfig::uniform(ms(1), ms(20)) };
        install(NetworkConfig { link, ..NetworkConfig::default() });
    });
    executor
        .block_on(async {
            let listener = listen("0.0.0.0:7").await;
            on_server(echo_all(listener, 5));
            let clients: Vec<_> = (0..5_u8)
                .map(|number| {
                    Node::named(&format!("client{number}")).spawn(async move {
                        let mut stream = TcpStream::connect("server:7").await.unwrap();
                        for round in 0..10 {
                            let sent = vec![number + round; 1_000];
                            stream.write_all(&sent).await.unwrap();
                            let mut got = vec![0; 1_000];
                            stream.read_exact(&mut got).await.unwrap();
                            assert_eq!(got, sent);
                        }
                    })
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
        })
        .unwrap();
    executor.hash()
}

#[test]
fn a_seed_means_the_same_every_time_and_seeds_differ() {
    let hashes: Vec<_> = (0..20).map(echo_hash).collect();
    assert_eq!(hashes, (0..20).map(echo_hash).collect::<Vec<_>>());
    for (seed, hash) in hashes.iter().enumerate().skip(1) {
        assert_ne!(hash, &hashes[seed - 1]);
    }
}

#[test]
fn looking_for_a_host_that_is_not_there_is_no_deadlock() {
    run(async {
        let _listener = listen("0.0.0.0:7").await;
        for _ in 0..10 {
            // Their ends are events that wake nobody, and come while the search goes on.
            drop(TcpStream::connect("server:7").await.unwrap());
        }
        let error = TcpStream::connect("10.9.9.9:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable);
    });
}

#[test]
fn a_worker_thread_has_no_address() {
    run(async {
        sim_executor::spawn_blocking(|| ()).await.unwrap();
        let _listener = listen("0.0.0.0:7").await;
        let stream = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().to_string(), "10.0.0.2:7");
        let error = TcpStream::connect("10.0.0.3:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable);
    });
}
