//! What a link does to what is sent over it.

use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use proptest::prelude::*;
use sim_executor::{
    Config, Executor, Instant, KeyedRandom, Node, Outcome, ProductionOrder, Ratio, Recording, TraceLevel,
    Value, context, time,
};
use sim_net::{
    Latency, LinkConfig, NetworkConfig, TcpListener, TcpStream, UdpConfig, UdpSocket, fault, install,
};

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

/// What arrived, with the time.
type Arrivals = Vec<(Instant, Vec<u8>)>;

const ALWAYS: Ratio = Ratio::new(1, 1);

/// Sends these datagrams from `main` to `server`, one each millisecond if they are `spaced`, else all at once.
fn send_all(executor: &mut Executor, config: NetworkConfig, datagrams: &[Vec<u8>], spaced: bool) -> Arrivals {
    executor.enter(|| install(config));
    let datagrams = datagrams.to_vec();
    executor
        .block_on(async move {
            let bind = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7"));
            let server = bind.await.unwrap().unwrap();
            let receiving = Node::named("server").spawn(async move {
                let mut arrivals = Arrivals::new();
                let mut buffer = vec![0; 2_000];
                while let Ok(received) =
                    time::timeout(Duration::from_secs(100), server.recv(&mut buffer)).await
                {
                    arrivals.push((context::now(), buffer[..received.unwrap()].to_vec()));
                }
                arrivals
            });
            let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            for datagram in datagrams {
                client.send_to(&datagram, "server:7").await.unwrap();
                if spaced {
                    time::sleep(MS).await;
                }
            }
            receiving.await.unwrap()
        })
        .unwrap()
}

/// A hundred datagrams of two bytes, each with its number, sent over such a link under a seed; the numbers that arrive.
fn numbers_over(seed: u64, link: LinkConfig) -> Vec<u8> {
    let datagrams: Vec<Vec<u8>> = (0..100).map(|number| vec![number, 0xff]).collect();
    let config = NetworkConfig { link, ..NetworkConfig::default() };
    let arrivals = send_all(&mut Executor::new(KeyedRandom::new(seed)), config, &datagrams, true);
    arrivals.into_iter().map(|(_, payload)| payload[0]).collect()
}

#[test]
fn what_need_not_happen_does_not_in_production_order() {
    let mut executor = Executor::new(ProductionOrder);
    let datagrams: Vec<Vec<u8>> = (0..100).map(|number| vec![number]).collect();
    let link = LinkConfig { bandwidth_bytes_per_second: None, ..wild() };
    let config = NetworkConfig { link, ..NetworkConfig::default() };
    let arrivals = send_all(&mut executor, config, &datagrams, true);
    let payloads: Vec<Vec<u8>> = arrivals.iter().map(|(_, payload)| payload.clone()).collect();
    assert_eq!(payloads, datagrams);
    let latencies = arrivals.iter().zip(0..).map(|(&(at, _), sent)| at.as_nanos() - sent * 1_000_000);
    assert!(latencies.into_iter().all(|latency| latency == 1_000_000), "the least latency: {arrivals:?}");
}

#[test]
fn what_is_never_to_happen_does_not_and_asks_nothing() {
    let config = Config { record: true, ..Config::default() };
    let mut executor = Executor::with_config(config, KeyedRandom::new(5));
    let bandwidth_bytes_per_second = Some(1_000_000);
    let link = LinkConfig { bandwidth_bytes_per_second, ..LinkConfig::default() };
    let config = NetworkConfig { link, ..NetworkConfig::default() };
    let arrivals = send_all(&mut executor, config, &[vec![1], vec![2]], true);
    assert_eq!(arrivals.len(), 2);
    let recording = executor.finish(Outcome::Done).recording.unwrap().to_string();
    assert!(!recording.contains("link"), "{recording}");
}

#[test]
fn a_loss_happens_always_or_as_often_as_it_should() {
    assert_eq!(numbers_over(1, LinkConfig { loss: ALWAYS, ..LinkConfig::default() }), []);
    let arrived = numbers_over(1, LinkConfig { loss: Ratio::one_in(5), ..LinkConfig::default() });
    assert!((70..90).contains(&arrived.len()), "{} of 100", arrived.len());
    assert!(arrived.is_sorted());
}

#[test]
fn a_duplicate_arrives_twice_and_nothing_else_does() {
    let all = numbers_over(1, LinkConfig { duplicate: ALWAYS, ..LinkConfig::default() });
    let twice: Vec<u8> = (0..100).flat_map(|number| [number, number]).collect();
    assert_eq!(all, twice);
    let some = numbers_over(1, LinkConfig { duplicate: Ratio::one_in(5), ..LinkConfig::default() });
    assert!((110..130).contains(&some.len()), "{} of 100", some.len());
    let mut distinct = some;
    distinct.dedup();
    assert_eq!(distinct, (0..100).collect::<Vec<u8>>());
}

#[test]
fn a_packet_that_is_held_back_is_overtaken() {
    let reorder = Ratio::one_in(5);
    let arrived = numbers_over(1, LinkConfig { reorder, ..LinkConfig::default() });
    assert!(!arrived.is_sorted(), "{arrived:?}");
    let mut sorted = arrived;
    sorted.sort_unstable();
    assert_eq!(sorted, (0..100).collect::<Vec<u8>>(), "nothing is lost");
    let too_little =
        LinkConfig { reorder, reorder_max: MS - Duration::from_nanos(1), ..LinkConfig::default() };
    assert!(numbers_over(1, too_little).is_sorted(), "the next comes a millisecond later");
}

#[test]
fn a_delay_keeps_the_order() {
    let delay = Ratio::one_in(5);
    let link = LinkConfig { delay, ..LinkConfig::default() };
    assert_eq!(numbers_over(1, link), (0..100).collect::<Vec<u8>>());
    let datagrams = vec![vec![0]; 100];
    let config = NetworkConfig { link, ..NetworkConfig::default() };
    let arrivals = send_all(&mut Executor::new(KeyedRandom::new(1)), config, &datagrams, true);
    let late = arrivals.iter().zip(0..).filter(|((at, _), sent)| at.as_nanos() > (sent + 1) * 1_000_000);
    assert!(late.count() > 30, "those that follow a delayed one are late too");
}

#[test]
fn a_corrupted_datagram_is_dropped_unless_nobody_checks() {
    let link = LinkConfig { corrupt: ALWAYS, ..LinkConfig::default() };
    assert_eq!(numbers_over(1, link), []);
    let udp = UdpConfig { checksums: false, ..UdpConfig::default() };
    let config = NetworkConfig { link, udp, ..NetworkConfig::default() };
    let sent = [vec![0; 100], vec![0; 100], Vec::new()];
    let arrivals = send_all(&mut Executor::new(KeyedRandom::new(1)), config, &sent, true);
    let flipped = |payload: &Vec<u8>| payload.iter().map(|byte| byte.count_ones()).sum::<u32>();
    assert_eq!(arrivals.iter().map(|(_, payload)| flipped(payload)).collect::<Vec<_>>(), [1, 1]);
    assert_ne!(arrivals[0].1, arrivals[1].1, "the bit is drawn");
}

#[test]
fn a_corrupted_segment_never_reaches_the_program() {
    let udp = UdpConfig { checksums: false, ..UdpConfig::default() };
    let config = NetworkConfig { udp, ..NetworkConfig::default() };
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(config));
    let connected = executor.block_on(async {
        let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
        let _listener = bind.await.unwrap().unwrap();
        fault::set_link("main", "server", LinkConfig { corrupt: ALWAYS, ..LinkConfig::default() });
        TcpStream::connect("server:7").await.map(drop)
    });
    assert_eq!(connected.unwrap().unwrap_err().kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn a_link_delivers_at_its_bandwidth_and_drops_at_its_bound() {
    let link = LinkConfig {
        bandwidth_bytes_per_second: Some(1_000_000),
        queue_bytes: 50_000,
        ..LinkConfig::default()
    };
    let config = NetworkConfig { link, ..NetworkConfig::default() };
    // With headers 1,000 bytes, so a millisecond each.
    let datagrams = vec![vec![0; 972]; 100];
    let arrivals = send_all(&mut Executor::new(ProductionOrder), config, &datagrams, false);
    let times: Vec<u64> = arrivals.iter().map(|(at, _)| at.as_nanos()).collect();
    let expected: Vec<u64> = (0..50).map(|number| (number + 2) * 1_000_000).collect();
    assert_eq!(times, expected, "fifty fit, and come a millisecond after each other");
    let spaced = send_all(&mut Executor::new(ProductionOrder), config, &datagrams, true);
    assert_eq!(spaced.len(), 100, "at its rate it takes all");
}

#[test]
fn the_trace_says_why_a_packet_did_not_arrive() {
    let why = |link: LinkConfig| {
        let traced = Config { trace: TraceLevel::All, ..Config::default() };
        let mut executor = Executor::with_config(traced, ProductionOrder);
        let datagrams = [vec![1], vec![2]];
        send_all(&mut executor, NetworkConfig { link, ..NetworkConfig::default() }, &datagrams, false);
        let trace = executor.trace().to_string();
        let last = trace.lines().rev().find(|line| line.contains(" net ") && !line.contains(" net recv"));
        last.unwrap().split(" main:").next().unwrap().to_string()
    };
    let perfect = LinkConfig::default();
    assert_eq!(why(perfect), "0.000 net send");
    assert_eq!(why(LinkConfig { loss: ALWAYS, ..perfect }), "0.000 net lost");
    assert_eq!(why(LinkConfig { corrupt: ALWAYS, ..perfect }), "0.001 net corrupt");
    let full = LinkConfig { bandwidth_bytes_per_second: Some(1), queue_bytes: 0, ..perfect };
    assert_eq!(why(full), "0.000 net queue full");
}

#[test]
fn a_stream_is_as_fast_as_its_link() {
    let link = LinkConfig { bandwidth_bytes_per_second: Some(1_000_000), ..LinkConfig::default() };
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    let took = executor.block_on(async {
        let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
        let listener = bind.await.unwrap().unwrap();
        let (client, accepted) = join(TcpStream::connect("server:7"), listener.accept()).await;
        let (mut client, mut server) = (client.unwrap(), accepted.unwrap().0);
        let (start, mut buffer) = (context::now(), vec![0; 1_000_000]);
        let (sent, read) = join(client.write_all(&[7; 1_000_000]), server.read_exact(&mut buffer)).await;
        sent.unwrap();
        read.unwrap();
        context::now() - start
    });
    let ms = took.unwrap().as_millis();
    assert!((1_000..1_500).contains(&ms), "a megabyte at a megabyte a second took {ms} ms");
}

/// What the decisions of a link say of the packets that it was given: which arrive.
struct Decided<'a> {
    decisions: Box<dyn Iterator<Item = (String, Value)> + 'a>,
}

impl<'a> Decided<'a> {
    /// The decisions about what happens, without those about when.
    fn new(recording: &'a Recording) -> Self {
        let named = recording.decisions.iter().filter_map(|decision| {
            let name = recording.name(decision.key.stream)?;
            let is_what = ["link.loss", "link.corrupt", "link.corrupt.bit", "link.duplicate"];
            (&*name.lineage == "link:main->server/udp:7" && is_what.contains(&&*name.label))
                .then(|| (name.label.to_string(), decision.value))
        });
        Decided { decisions: Box::new(named) }
    }

    fn happens(&mut self, label: &str, probability: Ratio) -> bool {
        if probability.is_never() || probability.is_always() {
            return probability.is_always();
        }
        match self.decisions.next() {
            Some((named, Value::Flag(flag))) if named == label => flag,
            other => panic!("{label} was not decided, but {other:?}"),
        }
    }

    fn bit(&mut self) -> u64 {
        match self.decisions.next() {
            Some((named, Value::Int(bit))) if named == "link.corrupt.bit" => bit,
            other => panic!("the bit was not decided, but {other:?}"),
        }
    }

    /// What arrives of a datagram.
    fn arrivals(&mut self, link: &LinkConfig, checksums: bool, datagram: &[u8]) -> Vec<Vec<u8>> {
        if self.happens("link.loss", link.loss) {
            return Vec::new();
        }
        let is_corrupt = self.happens("link.corrupt", link.corrupt);
        let has_copy = self.happens("link.duplicate", link.duplicate);
        let mut arrivals = vec![datagram.to_vec(); usize::from(has_copy)];
        match is_corrupt {
            false => arrivals.push(datagram.to_vec()),
            true if checksums || datagram.is_empty() => {}
            true => {
                let mut flipped = datagram.to_vec();
                let bit = self.bit();
                flipped[bit as usize / 8] ^= 1 << (bit % 8);
                arrivals.push(flipped);
            }
        }
        arrivals
    }
}

fn ratio() -> impl Strategy<Value = Ratio> {
    prop_oneof![
        Just(Ratio::NEVER),
        Just(ALWAYS),
        (2_u32..20).prop_map(Ratio::one_in),
        (1_u32..20).prop_map(|numerator| Ratio::new(numerator, 20)),
    ]
}

fn latency() -> impl Strategy<Value = Latency> {
    let ms = |range: std::ops::Range<u32>| range.prop_map(|ms| ms * MS);
    prop_oneof![
        ms(0..50).prop_map(Latency::Fixed),
        (ms(0..50), ms(0..50)).prop_map(|(min, more)| Latency::Uniform { min, max: min + more }),
        (ms(0..50), ms(0..50)).prop_map(|(min, more)| Latency::Exponential { min, mean: min + more }),
        (ms(1..50), ms(0..500), 10_u32..1_000).prop_map(|(min, more, shape_percent)| Latency::HeavyTail {
            min,
            max: min + more,
            shape_percent
        }),
    ]
}

fn link() -> impl Strategy<Value = LinkConfig> {
    (latency(), ratio(), ratio(), ratio(), ratio(), ratio()).prop_map(
        |(latency, loss, delay, duplicate, reorder, corrupt)| LinkConfig {
            latency,
            loss,
            delay,
            duplicate,
            reorder,
            corrupt,
            ..LinkConfig::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_link_invents_loses_and_alters_nothing_without_a_recorded_decision(
        link in link(),
        checksums in any::<bool>(),
        seed in any::<u64>(),
        sizes in prop::collection::vec(0_usize..40, 1..30),
    ) {
        let record = Config { record: true, ..Config::default() };
        let mut executor = Executor::with_config(record, KeyedRandom::new(seed));
        let udp = UdpConfig { checksums, ..UdpConfig::default() };
        let config = NetworkConfig { link, udp, ..NetworkConfig::default() };
        let datagrams: Vec<Vec<u8>> =
            sizes.iter().zip(0..).map(|(&bytes, number)| text(bytes, number)).collect();
        let arrivals = send_all(&mut executor, config, &datagrams, true);
        let recording = executor.finish(Outcome::Done).recording.unwrap();
        let mut decided = Decided::new(&recording);
        let mut expected: Vec<Vec<u8>> = datagrams
            .iter()
            .flat_map(|datagram| decided.arrivals(&link, checksums, datagram))
            .collect();
        prop_assert_eq!(decided.decisions.count(), 0, "nothing else was decided");
        let mut arrived: Vec<Vec<u8>> = arrivals.into_iter().map(|(_, payload)| payload).collect();
        expected.sort();
        arrived.sort();
        prop_assert_eq!(arrived, expected);
    }
}
