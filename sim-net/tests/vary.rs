//! What is drawn for each run: always within what a program may not depend on, and never what was set.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures::{AsyncReadExt as _, AsyncWriteExt as _};
use sim_executor::{
    Config, Executor, KeyedRandom, Node, Outcome, ProductionOrder, Replay, Report, Source, spawn, time,
    yield_now,
};
use sim_net::profile::{self, Profile};
use sim_net::vary::{self, Vary};
use sim_net::{LinkConfig, NetworkConfig, TcpListener, TcpStream, UdpSocket, fault, install};

fn run<F: Future<Output = ()> + 'static>(
    source: impl Source + 'static,
    prepare: impl FnOnce(),
    program: impl FnOnce() -> F,
) -> Report {
    let mut executor = Executor::with_config(Config { record: true, ..Config::default() }, source);
    executor.enter(prepare);
    executor.block_on(program()).unwrap();
    executor.finish(Outcome::Done)
}

/// A request and an answer of many bytes.
async fn conversation() {
    let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
    let listener = bind.await.unwrap().unwrap();
    let serving = Node::named("server").spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut got = vec![0; 100_000];
        stream.read_exact(&mut got).await.unwrap();
        stream.write_all(&got).await.unwrap();
        stream.close().await.unwrap();
    });
    let mut stream = TcpStream::connect("server:7").await.unwrap();
    let sent: Vec<u8> = (0..100_000_u32).map(|n| (n % 251) as u8).collect();
    stream.write_all(&sent).await.unwrap();
    let mut got = Vec::new();
    stream.read_to_end(&mut got).await.unwrap();
    assert!(got == sent, "every byte comes once, in order");
    serving.await.unwrap();
}

#[test]
fn every_table_is_drawn_from_and_the_bytes_are_the_same() {
    let mut drawn = BTreeSet::new();
    for seed in 0..150 {
        let report = run(KeyedRandom::new(seed), || vary::choose(Vary::ALL), conversation);
        drawn.extend(report.varied.iter().map(ToString::to_string));
    }
    for part in [
        "latency Fixed(0ns)",
        "latency Fixed(5ms)",
        "latency Uniform { min: 0ns, max: 1ms }",
        "latency ZeroOr { max: 1ms }",
        "loopback latency Fixed(0ns)",
        "TCP send buffer 4096",
        "TCP receive buffer 8191",
        "TCP receive buffer 262144",
        "UDP send buffer 4096",
        "UDP receive buffer 1048575",
        "Unix buffer 69632",
        "Unix datagram queue 1",
        "backlog 128",
        "TCP_NODELAY true",
        "op_cost 20µs",
    ] {
        assert!(drawn.contains(part), "{part} of {drawn:?}");
    }
    assert!(drawn.iter().any(|part| part.starts_with("short reads")), "{drawn:?}");
    assert!(drawn.iter().any(|part| part.starts_with("held writes")), "{drawn:?}");
}

#[test]
fn production_order_has_the_network_that_is_configured() {
    let varied = run(ProductionOrder, || vary::choose(Vary::ALL), conversation);
    assert!(varied.varied.is_empty());
    let plain = run(ProductionOrder, || {}, conversation);
    assert_eq!(varied.ended_at, plain.ended_at);
}

#[test]
fn nothing_is_drawn_that_is_not_to_vary_and_nothing_disturbs_the_rest() {
    let none = run(KeyedRandom::new(3), || vary::choose(Vary::NONE), conversation);
    assert_eq!(none.hash, run(KeyedRandom::new(3), || {}, conversation).hash);
    let buffers = |vary: Vary| {
        let report = run(KeyedRandom::new(5), || vary::choose(vary), conversation);
        report.varied.into_iter().filter(|part| part.what.contains("buffer")).collect::<Vec<_>>()
    };
    let only = buffers(Vary { buffers: true, ..Vary::NONE });
    assert_eq!(buffers(Vary::ALL), only);
}

#[test]
fn what_is_set_is_not_drawn() {
    let slow = LinkConfig::fixed(Duration::from_millis(3));
    let mut tcp = sim_net::TcpConfig { send_buffer_bytes: 10_000, ..sim_net::TcpConfig::default() };
    tcp.nodelay = true;
    for seed in 0..40 {
        let prepare = || {
            vary::choose(Vary::ALL);
            install(NetworkConfig { link: slow, tcp, ..NetworkConfig::default() });
        };
        let report = run(KeyedRandom::new(seed), prepare, || async move {
            let _server = Node::named("server");
            assert_eq!(fault::link("main", "server"), slow);
        });
        for part in &report.varied {
            assert!(
                !part.what.starts_with("latency")
                    && !part.what.contains("TCP send buffer")
                    && !part.what.contains("NODELAY"),
                "{part}"
            );
        }
        let prepare = || {
            profile::choose(Profile { link: Some(profile::LAN), ..Profile::default() });
            vary::choose(Vary::ALL);
        };
        run(KeyedRandom::new(seed), prepare, || async {
            let _server = Node::named("server");
            assert_eq!(fault::link("main", "server"), profile::LAN);
        });
    }
}

#[test]
fn what_was_drawn_is_recorded_and_replayed() {
    for seed in 0..10 {
        let first = run(KeyedRandom::new(seed), || vary::choose(Vary::ALL), conversation);
        let replay = Replay::new(first.recording.as_ref().unwrap());
        let again = run(replay, || vary::choose(Vary::ALL), conversation);
        assert_eq!((again.hash, again.varied), (first.hash, first.varied), "seed {seed}");
    }
}

#[test]
fn datagrams_of_one_socket_stay_in_their_order_and_none_is_lost() {
    let mut latencies = BTreeSet::new();
    for seed in 0..60 {
        let vary = Vary { latency: true, ..Vary::NONE };
        let report = run(
            KeyedRandom::new(seed),
            || vary::choose(vary),
            || async {
                let receiver = Node::named("server").spawn(async {
                    let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
                    let mut buffer = [0; 9];
                    for number in 0..30 {
                        socket.recv(&mut buffer).await.unwrap();
                        assert_eq!(buffer[0], number);
                    }
                });
                yield_now().await;
                time::sleep(Duration::from_millis(1)).await;
                let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
                for number in 0..30 {
                    socket.send_to(&[number], "server:7").await.unwrap();
                }
                receiver.await.unwrap();
            },
        );
        latencies.extend(report.varied.into_iter().filter(|part| part.what.starts_with("latency")));
    }
    assert_eq!(latencies.len(), 5, "{latencies:?}");
}

#[test]
fn half_of_the_packets_take_no_time_where_that_is_the_latency() {
    let latency = sim_net::Latency::ZeroOr { max: Duration::from_millis(8) };
    let link = LinkConfig { latency, ..LinkConfig::default() };
    let prepare = || install(NetworkConfig { link, ..NetworkConfig::default() });
    run(KeyedRandom::new(1), prepare, || async {
        let receiver = Node::named("server").spawn(async {
            let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
            let mut at_once = 0;
            for _ in 0..200 {
                let mut sent_at = [0; 16];
                socket.recv(&mut sent_at).await.unwrap();
                let took = sim_executor::context::now().as_nanos()
                    - u64::from_le_bytes(sent_at[..8].try_into().unwrap());
                assert!((0..=8_000_000).contains(&took), "{took}");
                at_once += u32::from(took == 0);
            }
            at_once
        });
        time::sleep(Duration::from_millis(1)).await;
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for _ in 0..200 {
            let now = sim_executor::context::now().as_nanos();
            socket.send_to(&now.to_le_bytes(), "server:7").await.unwrap();
            time::sleep(Duration::from_millis(1)).await;
        }
        let at_once = receiver.await.unwrap();
        assert!((70..=130).contains(&at_once), "{at_once} of 200");
    });
}

#[test]
fn no_datagram_is_lost_or_refused_that_would_not_be_without() {
    const LONGEST: usize = 65_507;
    let mut drawn = BTreeSet::new();
    for seed in 0..60 {
        let vary = Vary { buffers: true, ..Vary::NONE };
        let report = run(
            KeyedRandom::new(seed),
            || vary::choose(vary),
            || async {
                let (one, other) = sim_net::UnixDatagram::pair().unwrap();
                let socket = UdpSocket::bind("localhost:0").await.unwrap();
                let address = socket.local_addr().unwrap();
                let sending = spawn(async move {
                    for _ in 0..20 {
                        assert_eq!(one.send(&[7; LONGEST]).await.unwrap(), LONGEST);
                    }
                });
                let mut buffer = vec![0; LONGEST + 1];
                for _ in 0..20 {
                    assert_eq!(other.recv(&mut buffer).await.unwrap(), LONGEST);
                }
                sending.await.unwrap();
                for _ in 0..200 {
                    socket.send_to(&[7], address).await.unwrap();
                }
                time::sleep(Duration::from_secs(1)).await;
                for _ in 0..200 {
                    assert_eq!(socket.try_recv(&mut buffer).unwrap(), 1);
                }
            },
        );
        drawn.extend(report.varied.into_iter().map(|part| part.what));
    }
    assert_eq!(drawn.len(), 6, "{drawn:?}");
}

#[test]
fn timers_that_are_due_at_one_instant_end_in_any_order_but_in_production_order() {
    let orders = |source: Box<dyn Source>| {
        let order = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&order);
        let program = || async move {
            let sleepers = [0, 1, 2].map(|number| {
                let seen = Rc::clone(&seen);
                spawn(async move {
                    time::sleep(Duration::from_secs(1)).await;
                    seen.borrow_mut().push(number);
                })
            });
            for sleeper in sleepers {
                sleeper.await.unwrap();
            }
        };
        run(source, || {}, program);
        order.take()
    };
    assert_eq!(orders(Box::new(ProductionOrder)), [0, 1, 2]);
    let all: BTreeSet<Vec<u32>> = (0..60).map(|seed| orders(Box::new(KeyedRandom::new(seed)))).collect();
    assert_eq!(
        all.len(),
        6,
        "no draw is needed for ties: tasks that become ready at once are polled in any order"
    );
}
