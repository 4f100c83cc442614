//! What faults of the network do to programs.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{
    Config, Domain, Executor, Instant, KeyedRandom, Needs, Node, Point, ProductionOrder, Ratio, RunError,
    Source, TraceLevel, Value, context, time,
};
use sim_net::{LinkConfig, NetworkConfig, TcpListener, TcpStream, UdpSocket, fault, install};

async fn connected() -> (TcpStream, TcpStream) {
    let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
    let listener = bind.await.unwrap().unwrap();
    let (client, server) = join(TcpStream::connect("server:7"), listener.accept()).await;
    (client.unwrap(), server.unwrap().0)
}

fn run<F: Future + 'static>(program: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(program).unwrap()
}

#[test]
fn a_stream_stalls_in_a_partition_and_recovers_after_it() {
    run(async {
        let (mut client, mut server) = connected().await;
        let partition = fault::partition("main", "server");
        client.write_all(&[1; 10_000]).await.unwrap();
        let mut buffer = [0; 10_000];
        let stalled = time::timeout(Duration::from_secs(30), server.read(&mut buffer)).await;
        assert!(stalled.is_err(), "nothing gets through");
        drop(partition);
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(buffer, [1; 10_000]);
        assert!(
            context::now() < Instant::START + Duration::from_secs(60),
            "the next retransmission gets through"
        );
    });
}

#[test]
fn a_stream_in_a_partition_without_end_times_out_as_linux_does() {
    run(async {
        let (mut client, mut server) = connected().await;
        fault::partition("main", "server").keep();
        client.write_all(b"lost").await.unwrap();
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        let waited = context::now() - Instant::START;
        assert!((924..928).contains(&waited.as_secs()), "{waited:?} is not 15 retransmissions");
        fault::heal("main", "server");
        server.write_all(b"hello?").await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn connecting_through_a_partition_times_out_or_gets_through_after_it() {
    run(async {
        let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
        let _listener = bind.await.unwrap().unwrap();
        let partition = fault::partition_one_way("server", "main");
        let error = TcpStream::connect("server:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(context::now() - Instant::START, Duration::from_secs(131));
        let (connected, ()) = join(TcpStream::connect("server:7"), async {
            time::sleep(Duration::from_secs(5)).await;
            partition.heal();
        })
        .await;
        connected.unwrap();
        let waited = (context::now() - Instant::START).as_secs() - 131;
        assert!((5..=7).contains(&waited), "one of the next SYNs is answered, not after {waited} s");
    });
}

#[test]
fn packets_in_flight_are_lost_when_a_partition_begins() {
    run(async {
        let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.send_to(b"lost", "server:7").await.unwrap();
        let partition = fault::partition("main", "server");
        time::sleep(Duration::from_millis(2)).await;
        drop(partition);
        client.send_to(b"found", "server:7").await.unwrap();
        let mut buffer = [0; 8];
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 5);
    });
}

#[test]
fn partitions_overlap_and_heal_ends_them_all() {
    run(async {
        let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let arrives = async || {
            client.send_to(b"x", "server:7").await.unwrap();
            time::timeout(Duration::from_millis(5), server.recv(&mut [0; 8])).await.is_ok()
        };
        let first = fault::partition("main", "server");
        let second = fault::partition_one_way("main", "server");
        drop(first);
        assert!(!arrives().await);
        fault::heal("server", "main");
        assert!(arrives().await);
        let third = fault::partition_one_way("server", "main");
        drop(second);
        assert!(arrives().await, "only the other direction is cut");
        drop(third);
    });
}

#[test]
fn a_link_can_change_while_the_run_goes_on() {
    run(async {
        let (mut client, mut server) = connected().await;
        let slow = LinkConfig::fixed(Duration::from_millis(50));
        fault::set_links("main", "server", slow);
        assert_eq!(fault::link("server", "main"), slow);
        let start = context::now();
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
        assert_eq!(context::now() - start, Duration::from_millis(50));
    });
}

/// Loses the packets with these numbers, by saying so when the link asks.
struct Lose {
    numbers: Vec<usize>,
    asked: Rc<RefCell<usize>>,
}

impl Source for Lose {
    fn needs(&self) -> Needs {
        ProductionOrder.needs()
    }

    fn decide(&mut self, point: &Point<'_>) -> Option<Value> {
        let Domain::Flag { .. } = point.domain else { return None };
        let number = self.asked.replace_with(|&mut asked| asked + 1);
        Some(Value::Flag(self.numbers.contains(&number)))
    }

    fn describe(&self) -> String {
        format!("lose {:?}", self.numbers)
    }
}

/// A request, an answer in several pieces, and a close, between programs that use the sockets.
async fn request_and_answer() {
    let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
    let listener = bind.await.unwrap().unwrap();
    let serving = Node::named("server").spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 10];
        stream.read_exact(&mut request).await.unwrap();
        for piece in 0..4 {
            stream.write_all(&vec![piece; 30_000]).await.unwrap();
        }
    });
    let mut stream = TcpStream::connect("server:7").await.unwrap();
    stream.write_all(&[9; 10]).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let expected: Vec<u8> = (0..4).flat_map(|piece| [piece; 30_000]).collect();
    assert_eq!(answer, expected);
    serving.await.unwrap();
}

fn lose(numbers: &[usize]) -> (usize, Result<(), RunError>) {
    let asked = Rc::new(RefCell::new(0));
    let source = Lose { numbers: numbers.to_vec(), asked: Rc::clone(&asked) };
    let mut executor = Executor::new(source);
    let link = LinkConfig { loss: Ratio::one_in(1_000), ..LinkConfig::default() };
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    let result = executor.block_on(request_and_answer());
    let packets = *asked.borrow();
    (packets, result)
}

#[test]
fn lose_any_packet_between_programs() {
    let (packets, result) = lose(&[]);
    result.unwrap();
    assert!((8..40).contains(&packets), "{packets} packets");
    for first in 0..packets {
        let (packets, result) = lose(&[first]);
        result.unwrap_or_else(|error| panic!("without packet {first}: {error}"));
        for second in first + 1..packets {
            lose(&[first, second]).1.unwrap_or_else(|error| panic!("without {first} and {second}: {error}"));
        }
    }
}

#[test]
fn lost_packets_and_partitions_are_in_the_trace() {
    let config = Config { trace: TraceLevel::All, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor
        .block_on(async {
            let _server = Node::named("server");
            let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            client.send_to(b"x", "server:7").await.unwrap();
            time::sleep(Duration::from_micros(500)).await;
            let partition = fault::partition_one_way("main", "server");
            time::sleep(Duration::from_secs(1)).await;
            client.send_to(b"yy", "server:7").await.unwrap();
            drop(partition);
        })
        .unwrap();
    let trace = executor.trace().to_string();
    let lines: Vec<&str> = trace.lines().filter(|line| line.contains(" net ")).collect();
    assert_eq!(
        lines,
        [
            "0.000 net send main:49152 -> server:7 datagram of 1 byte",
            "0.000500 net cut main -> server",
            "0.001 net lost main:49152 -> server:7 datagram of 1 byte",
            "1.000500 net send main:49152 -> server:7 datagram of 2 bytes",
            "1.000500 net lost main:49152 -> server:7 datagram of 2 bytes",
            "1.000500 net mend main -> server",
        ]
    );
}

#[test]
fn a_link_decides_in_the_name_of_each_flow() {
    let config = Config { record: true, ..Config::default() };
    let mut executor = Executor::with_config(config, KeyedRandom::new(3));
    let ms = Duration::from_millis;
    let link = LinkConfig { loss: Ratio::one_in(3), ..LinkConfig::uniform(ms(1), ms(9)) };
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    executor
        .block_on(async {
            let _server = Node::named("server");
            let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            for _ in 0..9 {
                client.send_to(b"x", "server:7").await.unwrap();
            }
        })
        .unwrap();
    let recording = executor.finish(sim_executor::Outcome::Done).recording.unwrap().to_string();
    assert!(recording.contains("link:main->server/udp:7 @ link.loss #8"), "{recording}");
    assert!(recording.contains("link:main->server/udp:7 @ link.latency #0"), "{recording}");
}

/// Which of twenty datagrams to port 7 arrive, while something else sends as many to the same host, or does not.
fn arrivals(seed: u64, has_other: bool) -> Vec<u8> {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let link = LinkConfig { loss: Ratio::one_in(3), ..LinkConfig::fixed(Duration::from_millis(1)) };
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    executor
        .block_on(async move {
            let server = Node::named("server");
            let receiver = server.spawn(async {
                let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
                let mut arrived = Vec::new();
                let mut buffer = [0; 1];
                while time::timeout(Duration::from_secs(1), socket.recv(&mut buffer)).await.is_ok() {
                    arrived.push(buffer[0]);
                }
                arrived
            });
            time::sleep(Duration::from_millis(1)).await;
            let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            let other = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            for number in 0..20 {
                client.send_to(&[number], "server:7").await.unwrap();
                if has_other {
                    other.send_to(b"x", "server:9").await.unwrap();
                }
                time::sleep(Duration::from_millis(3)).await;
            }
            receiver.await.unwrap()
        })
        .unwrap()
}

#[test]
fn what_one_flow_sends_changes_nothing_for_another() {
    for seed in 0..20 {
        let alone = arrivals(seed, false);
        assert!(alone.len() < 20, "seed {seed} loses nothing");
        assert_eq!(arrivals(seed, true), alone, "seed {seed}");
    }
}
