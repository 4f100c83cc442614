//! Losing any one packet between two hosts, or any two, delays a conversation but never breaks it.
//!
//! Each kind of conversation is played once undisturbed, then without each of its packets in turn, then without each pair of
//! them. Every byte arrives, in order, or the ends are told what Linux would tell them; nobody waits for ever.

use std::cell::Cell;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Executor, Node, ProductionOrder, time};
use sim_net::{NetworkConfig, TcpConfig, TcpKeepalive, TcpListener, TcpSocket, TcpStream, fault, install};

/// What one end got.
type Got = Result<Vec<u8>, ErrorKind>;
type Talk = Pin<Box<dyn Future<Output = Vec<Got>>>>;

struct Kind {
    tcp: TcpConfig,
    talk: fn() -> Talk,
    /// What may stand where the undisturbed conversation has an error.
    errors: &'static [ErrorKind],
}

const MS: Duration = Duration::from_millis(1);

/// Plays a conversation without these packets; what the ends got, and how many packets there were.
fn play(kind: &Kind, lost: &[usize]) -> (Vec<Got>, usize) {
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { tcp: kind.tcp, ..NetworkConfig::default() }));
    let (count, lost_ones) = (Rc::new(Cell::new(0)), lost.to_vec());
    let counted = Rc::clone(&count);
    let talk = kind.talk;
    let got = executor.block_on(async move {
        fault::hook(move |crossing| {
            crossing.is_dropped = lost_ones.contains(&counted.get());
            counted.set(counted.get() + 1);
        })
        .keep();
        talk().await
    });
    (got.unwrap_or_else(|error| panic!("without the packets {lost:?}: {error}")), count.get())
}

fn check(kind: &Kind, undisturbed: &[Got], lost: &[usize]) -> usize {
    let (got, packets) = play(kind, lost);
    assert_eq!(got.len(), undisturbed.len());
    for (end, (got, undisturbed)) in got.iter().zip(undisturbed).enumerate() {
        let is_right = match (got, undisturbed) {
            (Err(error), Err(_)) => kind.errors.contains(error),
            _ => got == undisturbed,
        };
        assert!(is_right, "without the packets {lost:?} end {end} got {got:?}, not {undisturbed:?}");
    }
    packets
}

fn lose_each_and_each_pair(kind: &Kind) {
    let (undisturbed, packets) = play(kind, &[]);
    assert!(packets >= 2, "{packets} packets are no conversation");
    for first in 0..packets {
        let packets = check(kind, &undisturbed, &[first]);
        for second in first + 1..packets {
            check(kind, &undisturbed, &[first, second]);
        }
    }
}

/// Plays the part of the client and that of the server.
async fn both<C, S>(
    client: impl FnOnce(TcpStream) -> C,
    server: impl FnOnce(TcpStream) -> S + 'static,
) -> Vec<Got>
where
    C: Future<Output = io::Result<Vec<u8>>>,
    S: Future<Output = io::Result<Vec<u8>>> + 'static,
{
    let serving = Node::named("server").spawn(async {
        let listener = TcpListener::bind("0.0.0.0:7").await?;
        server(listener.accept().await?.0).await
    });
    let connecting = async { client(TcpStream::connect("10.0.0.2:7").await?).await };
    let (client, server) = join(connecting, serving).await;
    [client, server.unwrap()].map(|got| got.map_err(|error| error.kind())).to_vec()
}

fn bytes(from: u8, length: usize) -> Vec<u8> {
    (0..length).map(|number| (number as u8).wrapping_mul(31).wrapping_add(from)).collect()
}

async fn read(stream: &mut TcpStream, length: usize) -> io::Result<Vec<u8>> {
    let mut data = vec![0; length];
    stream.read_exact(&mut data).await?;
    Ok(data)
}

async fn read_to_end(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut data = Vec::new();
    stream.read_to_end(&mut data).await?;
    Ok(data)
}

/// Writes a byte a second until that fails: a program that is not told of a reset by the packet itself.
async fn write_until_it_fails(mut stream: TcpStream) -> io::Result<Vec<u8>> {
    loop {
        stream.write_all(&[1]).await?;
        time::sleep(1_000 * MS).await;
    }
}

fn small_segments() -> TcpConfig {
    TcpConfig { mss_bytes: 100, segment_bytes_max: 100, ..TcpConfig::default() }
}

fn lose_any_packet(tcp: TcpConfig, talk: fn() -> Talk) {
    lose_each_and_each_pair(&Kind { tcp, talk, errors: &[] });
}

#[test]
fn lose_any_packet_of_an_echo() {
    lose_any_packet(TcpConfig::default(), || {
        let client = |mut stream: TcpStream| async move {
            let mut all = Vec::new();
            for round in 0..3 {
                stream.write_all(&bytes(round, 64)).await?;
                all.extend(read(&mut stream, 64).await?);
            }
            Ok(all)
        };
        let server = |mut stream: TcpStream| async move {
            for _ in 0..3 {
                let data = read(&mut stream, 64).await?;
                stream.write_all(&data).await?;
            }
            read_to_end(&mut stream).await
        };
        Box::pin(both(client, server))
    });
}

#[test]
fn lose_any_packet_of_a_request_whose_end_is_a_half_close() {
    lose_any_packet(small_segments(), || {
        let client = |mut stream: TcpStream| async move {
            stream.write_all(&bytes(1, 300)).await?;
            stream.close().await?;
            read_to_end(&mut stream).await
        };
        let server = |mut stream: TcpStream| async move {
            let request = read_to_end(&mut stream).await?;
            stream.write_all(&bytes(2, 400)).await?;
            Ok(request)
        };
        Box::pin(both(client, server))
    });
}

#[test]
fn lose_any_packet_of_bulk_in_one_direction() {
    lose_any_packet(small_segments(), || {
        let client = |mut stream: TcpStream| async move {
            stream.write_all(&bytes(1, 1_500)).await?;
            Ok(Vec::new())
        };
        Box::pin(both(client, |mut stream| async move { read_to_end(&mut stream).await }))
    });
}

async fn write_and_read(stream: TcpStream, from: u8) -> io::Result<Vec<u8>> {
    let (mut reader, mut writer) = stream.into_split();
    let mut all = Vec::new();
    let writing = async {
        writer.write_all(&bytes(from, 600)).await?;
        writer.close().await
    };
    let (read, written) = join(reader.read_to_end(&mut all), writing).await;
    read?;
    written?;
    Ok(all)
}

#[test]
fn lose_any_packet_of_bulk_in_both_directions() {
    lose_any_packet(small_segments(), || {
        Box::pin(both(|stream| write_and_read(stream, 1), |stream| write_and_read(stream, 2)))
    });
}

#[test]
fn lose_any_packet_to_a_window_that_is_closed_again_and_again() {
    let tcp = TcpConfig { receive_buffer_bytes: 100, send_buffer_bytes: 250, ..small_segments() };
    lose_any_packet(tcp, || {
        let client = |mut stream: TcpStream| async move {
            stream.write_all(&bytes(1, 450)).await?;
            Ok(Vec::new())
        };
        let server = |mut stream: TcpStream| async move {
            let mut all = Vec::new();
            for _ in 0..3 {
                time::sleep(900 * MS).await; // the window is closed, and probed
                all.extend(read(&mut stream, 90).await?);
            }
            all.extend(read_to_end(&mut stream).await?);
            Ok(all)
        };
        Box::pin(both(client, server))
    });
}

#[test]
fn lose_any_packet_to_a_slow_reader() {
    let tcp = TcpConfig { receive_buffer_bytes: 400, ..small_segments() };
    lose_any_packet(tcp, || {
        let client = |mut stream: TcpStream| async move {
            stream.write_all(&bytes(1, 1_000)).await?;
            Ok(Vec::new())
        };
        let server = |mut stream: TcpStream| async move {
            let (mut all, mut buffer) = (Vec::new(), [0; 60]);
            while let read @ 1.. = stream.read(&mut buffer).await? {
                all.extend_from_slice(&buffer[..read]);
                time::sleep(5 * MS).await;
            }
            Ok(all)
        };
        Box::pin(both(client, server))
    });
}

#[test]
fn lose_any_packet_of_many_small_writes() {
    lose_any_packet(TcpConfig::default(), || {
        let client = |mut stream: TcpStream| async move {
            for round in 0..12 {
                stream.write_all(&bytes(round, 7)).await?;
                time::sleep(3 * MS).await;
            }
            Ok(Vec::new())
        };
        Box::pin(both(client, |mut stream| async move { read_to_end(&mut stream).await }))
    });
}

#[test]
fn lose_any_packet_of_small_writes_that_do_not_wait() {
    lose_any_packet(TcpConfig { nodelay: true, ..TcpConfig::default() }, || {
        let client = |mut stream: TcpStream| async move {
            for round in 0..10 {
                stream.write_all(&bytes(round, 7)).await?;
            }
            Ok(Vec::new())
        };
        Box::pin(both(client, |mut stream| async move { read_to_end(&mut stream).await }))
    });
}

#[test]
fn lose_any_packet_when_both_close_at_once() {
    lose_any_packet(TcpConfig::default(), || {
        let end = |from| {
            move |mut stream: TcpStream| async move {
                stream.write_all(&bytes(from, 20)).await?;
                let data = read(&mut stream, 20).await?;
                time::sleep_until(sim_executor::Instant::START + 5_000 * MS).await;
                stream.close().await?;
                assert_eq!(stream.read(&mut [0]).await?, 0);
                Ok(data)
            }
        };
        Box::pin(both(end(1), end(2)))
    });
}

#[test]
fn lose_any_packet_when_one_resets_with_data_unread() {
    let errors = &[ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    let talk = || -> Talk {
        let server = |stream: TcpStream| async move {
            stream.readable().await?;
            Ok(Vec::new())
        };
        Box::pin(both(write_until_it_fails, server))
    };
    lose_each_and_each_pair(&Kind { tcp: TcpConfig::default(), talk, errors });
}

#[test]
fn lose_any_packet_when_one_lingers_for_no_time() {
    let errors = &[ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
    let talk = || -> Talk {
        let client = |mut stream: TcpStream| async move {
            let data = read(&mut stream, 1).await?;
            stream.set_zero_linger()?;
            Ok(data)
        };
        Box::pin(both(client, write_until_it_fails))
    };
    lose_each_and_each_pair(&Kind { tcp: TcpConfig::default(), talk, errors });
}

#[test]
fn lose_any_packet_of_an_idle_connection_that_is_probed() {
    let second = Duration::from_secs(1);
    let keepalive = TcpKeepalive { idle: 10 * second, interval: second, count: 3 };
    lose_any_packet(TcpConfig { keepalive, ..TcpConfig::default() }, || {
        let end = |from| {
            move |mut stream: TcpStream| async move {
                stream.set_keepalive(true)?;
                time::sleep(Duration::from_secs(40)).await;
                stream.write_all(&bytes(from, 20)).await?;
                read(&mut stream, 20).await
            }
        };
        Box::pin(both(end(1), end(2)))
    });
}

#[test]
fn lose_any_packet_to_a_closed_port() {
    let talk = || -> Talk {
        Box::pin(async {
            let _server = Node::named("server");
            let stream = TcpStream::connect("10.0.0.2:7").await;
            vec![stream.map(|_| Vec::new()).map_err(|error| error.kind())]
        })
    };
    let errors = &[ErrorKind::ConnectionRefused];
    lose_each_and_each_pair(&Kind { tcp: TcpConfig::default(), talk, errors });
}

/// Connects from port 4000, again and again while the last connection from there is not quite gone.
async fn connect_from_4000() -> io::Result<TcpStream> {
    loop {
        let socket = TcpSocket::new_v4()?;
        socket.set_reuseaddr(true)?;
        socket.bind("0.0.0.0:4000".parse().unwrap())?;
        match socket.connect("10.0.0.2:7".parse().unwrap()).await {
            Err(error) if error.kind() == ErrorKind::AddrNotAvailable => time::sleep(100 * MS).await,
            result => return result,
        }
    }
}

#[test]
fn lose_any_packet_of_two_connections_of_one_pair_of_addresses() {
    lose_any_packet(TcpConfig::default(), || {
        Box::pin(async {
            let serving = Node::named("server").spawn(async {
                let (listener, mut all) = (TcpListener::bind("0.0.0.0:7").await?, Vec::new());
                for round in 0..2 {
                    let (mut stream, _) = listener.accept().await?;
                    all.extend(read(&mut stream, 30).await?);
                    stream.write_all(&bytes(round, 40)).await?;
                    // It closes first, so that the pair stays in TIME-WAIT here.
                    stream.close().await?;
                    all.extend(read_to_end(&mut stream).await?);
                }
                Ok::<_, io::Error>(all)
            });
            let client = async {
                let mut all = Vec::new();
                for round in 0..2 {
                    let mut stream = connect_from_4000().await?;
                    stream.write_all(&bytes(10 + round, 30)).await?;
                    all.extend(read_to_end(&mut stream).await?);
                }
                Ok::<_, io::Error>(all)
            };
            let (client, server) = join(client, serving).await;
            [client, server.unwrap()].map(|got| got.map_err(|error| error.kind())).to_vec()
        })
    });
}

#[test]
fn lose_any_packet_when_both_open_at_once() {
    lose_any_packet(TcpConfig::default(), || {
        async fn end(port: u16, to: &'static str, from: u8) -> Got {
            let talk = async {
                let socket = TcpSocket::new_v4()?;
                socket.bind(([0, 0, 0, 0], port).into())?;
                let mut stream = socket.connect(to.parse().unwrap()).await?;
                stream.write_all(&bytes(from, 20)).await?;
                stream.close().await?;
                read_to_end(&mut stream).await
            };
            talk.await.map_err(|error: io::Error| error.kind())
        }
        Box::pin(async {
            let server = Node::named("server").spawn(end(5000, "10.0.0.1:4000", 2));
            let (client, server) = join(end(4000, "10.0.0.2:5000", 1), server).await;
            vec![client, server.unwrap()]
        })
    });
}
