//! Names: what they stand for, how long that takes to learn, and how it goes wrong.

mod pair;

use std::collections::BTreeSet;
use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, listen, run, run_on};
use sim_executor::{Executor, KeyedRandom, Node, Ratio, time};
use sim_net::dns::{self, DnsConfig, NodeAddresses, Record};
use sim_net::{
    Latency, NetworkConfig, TcpListener, TcpStream, UdpSocket, add_address, fault, install, lookup_host,
};

const MS: Duration = Duration::from_millis(1);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn with(dns: DnsConfig) -> NetworkConfig {
    NetworkConfig { dns, ..NetworkConfig::default() }
}

async fn addresses(host: &str) -> io::Result<Vec<String>> {
    Ok(lookup_host((host, 7)).await?.map(|address| address.to_string()).collect())
}

/// Answers each connection with the name of its node, for ever.
async fn announce(node: &'static str, address: &'static str) {
    let listener = Node::named(node).spawn(TcpListener::bind(address)).await.unwrap().unwrap();
    Node::named(node).spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(node.as_bytes()).await.unwrap();
        }
    });
}

async fn who_answers(host: &str) -> io::Result<String> {
    let mut name = String::new();
    TcpStream::connect((host, 7)).await?.read_to_string(&mut name).await?;
    Ok(name)
}

#[test]
fn the_name_of_a_node_stands_for_its_address() {
    run(async {
        let _server = Node::named("server");
        assert_eq!(addresses("server").await.unwrap(), ["10.0.0.2:7"]);
        assert_eq!(addresses("localhost").await.unwrap(), ["127.0.0.1:7"]);
        assert_eq!(addresses("fd00::2").await.unwrap(), ["[fd00::2]:7"]);
        let (client, _server) = connected().await;
        assert_eq!(client.peer_addr().unwrap().to_string(), "10.0.0.2:7");
    });
}

#[test]
fn a_name_that_stands_for_nothing_is_not_found() {
    run(async {
        let error = addresses("nobody").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let known = "failed to lookup address information: Name or service not known";
        assert!(error.to_string().starts_with(known), "{error}");
        assert_eq!(TcpStream::connect("nobody:7").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(TcpListener::bind("nobody:7").await.unwrap_err().kind(), ErrorKind::NotFound);
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        assert_eq!(socket.send_to(b"x", "nobody:7").await.unwrap_err().kind(), ErrorKind::NotFound);
        assert_eq!(socket.connect("nobody:7").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn nodes_have_names_of_both_families_when_that_is_asked_for() {
    let both = DnsConfig { nodes: NodeAddresses::V6ThenV4, ..DnsConfig::default() };
    run_on(with(both), async {
        let _v4 = listen("0.0.0.0:7").await;
        assert_eq!(addresses("server").await.unwrap(), ["[fd00::2]:7", "10.0.0.2:7"]);
        let stream = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().to_string(), "10.0.0.2:7", "that of IPv6 has refused");
        let _v6 = listen("[fd00::2]:7").await;
        let stream = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(stream.peer_addr().unwrap().to_string(), "[fd00::2]:7");
    });
}

#[test]
fn connecting_tries_one_address_after_the_other_and_tells_the_last_error() {
    run(async {
        announce("one", "0.0.0.0:7").await;
        dns::set("service", [ip("2001:db8::1"), ip("10.0.0.200"), ip("10.0.0.2")]);
        let start = time::now();
        assert_eq!(who_answers("service").await.unwrap(), "one");
        assert_eq!(time::now() - start, Duration::from_secs(3) + 4 * MS, "nobody answered for the second");
        dns::set("service", [ip("10.0.0.1"), ip("2001:db8::1")]);
        let error = who_answers("service").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NetworkUnreachable, "{error}");
    });
}

#[test]
fn a_server_with_two_addresses_is_reached_at_the_one_that_works() {
    run(async {
        let _server = Node::named("server");
        add_address("server", ip("192.168.0.2")).unwrap();
        announce("server", "192.168.0.2:7").await;
        dns::set("service", [ip("10.0.0.2"), ip("192.168.0.2")]);
        assert_eq!(who_answers("service").await.unwrap(), "server");
    });
}

#[test]
fn a_bound_name_may_be_any_of_the_hosts_addresses() {
    run(async {
        dns::set("me", [ip("10.0.0.9"), ip("fd00::1")]);
        let listener = TcpListener::bind("me:7").await.unwrap();
        assert_eq!(listener.local_addr().unwrap().to_string(), "[fd00::1]:7");
    });
}

#[test]
fn a_lookup_takes_its_time_and_gives_what_was_so_when_it_was_asked() {
    let slow = DnsConfig { latency: Latency::Fixed(20 * MS), ..DnsConfig::default() };
    run_on(with(slow), async {
        dns::set("service", [ip("10.0.0.5")]);
        let lookup = sim_executor::spawn(async { addresses("service").await.unwrap() });
        time::sleep(10 * MS).await;
        dns::set("service", [ip("10.0.0.6")]);
        assert_eq!(lookup.await.unwrap(), ["10.0.0.5:7"]);
        assert_eq!(time::elapsed(), 20 * MS);
        assert_eq!(addresses("service").await.unwrap(), ["10.0.0.6:7"]);
        assert_eq!(time::elapsed(), 40 * MS);
        assert_eq!(addresses("10.0.0.7").await.unwrap(), ["10.0.0.7:7"]);
        assert_eq!(addresses("localhost").await.unwrap(), ["127.0.0.1:7"]);
        assert_eq!(time::elapsed(), 40 * MS, "an address needs no lookup");
        let latency = Some(Latency::Fixed(MS));
        dns::set("service", Record { latency, ..dns_record("10.0.0.8") });
        addresses("service").await.unwrap();
        assert_eq!(time::elapsed(), 41 * MS);
    });
}

fn dns_record(address: &str) -> Record {
    [ip(address)].into()
}

#[test]
fn a_lookup_that_fails_for_now_says_so_after_a_while() {
    run(async {
        dns::set("service", Record { failure: Some(Ratio::one_in(1)), ..dns_record("10.0.0.2") });
        let error = TcpStream::connect("service:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        let text = "failed to lookup address information: Temporary failure in name resolution";
        assert_eq!(error.to_string(), text);
        assert_eq!(time::elapsed(), Duration::from_secs(10));

        let broken = DnsConfig { failure: Ratio::one_in(1), failure_after: MS, ..DnsConfig::default() };
        let working = dns::current_config();
        dns::configure(broken);
        addresses("main").await.unwrap_err();
        assert_eq!(time::elapsed(), Duration::from_secs(10) + MS);
        dns::configure(working);
        addresses("main").await.unwrap();
    });
}

#[test]
#[should_panic(expected = "the resolver cannot be set: latency.max is 1ms: it must be at least 2ms")]
fn a_resolver_with_crossed_bounds_is_refused() {
    run(async {
        let latency = Latency::Uniform { min: 2 * MS, max: MS };
        dns::configure(DnsConfig { latency, ..DnsConfig::default() });
    });
}

#[test]
fn a_client_that_reconnects_after_a_change_finds_the_new_server() {
    run(async {
        announce("blue", "0.0.0.0:7").await;
        announce("green", "0.0.0.0:7").await;
        dns::set("service", [ip("10.0.0.2")]);
        let mut answers = Vec::new();
        for second in 0..6 {
            if second == 3 {
                fault::partition("main", "blue").keep();
                dns::set("service", [ip("10.0.0.3")]);
            }
            answers.push(who_answers("service").await.unwrap());
            time::sleep(Duration::from_secs(1)).await;
        }
        assert_eq!(answers, ["blue", "blue", "blue", "green", "green", "green"]);
        dns::remove("service");
        assert_eq!(who_answers("service").await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

#[test]
fn the_name_of_a_node_can_be_hidden_and_comes_back() {
    run(async {
        announce("server", "0.0.0.0:7").await;
        dns::set("server", Record::default());
        assert_eq!(who_answers("server").await.unwrap_err().kind(), ErrorKind::NotFound);
        dns::remove("server");
        assert_eq!(who_answers("server").await.unwrap(), "server");
    });
}

/// What a run with that seed learns of a name with three addresses, and when.
fn drawn(seed: u64) -> (Vec<Option<String>>, Duration, u64) {
    let config = DnsConfig {
        latency: Latency::Uniform { min: MS, max: 50 * MS },
        failure: Ratio::one_in(5),
        rotates: true,
        ..DnsConfig::default()
    };
    let mut executor = Executor::new(KeyedRandom::new(seed));
    executor.enter(|| install(with(config)));
    let learned = executor.block_on(async {
        dns::set("service", [ip("10.0.0.5"), ip("10.0.0.6"), ip("10.0.0.7")]);
        let mut firsts = Vec::new();
        for _ in 0..30 {
            firsts.push(addresses("service").await.ok().map(|all| all[0].clone()));
        }
        (firsts, time::elapsed())
    });
    let (firsts, elapsed) = learned.unwrap();
    (firsts, elapsed, executor.hash())
}

#[test]
fn what_is_drawn_about_lookups_is_the_same_for_a_seed_and_differs_between_seeds() {
    let (firsts, ..) = drawn(1);
    assert_eq!(drawn(1), drawn(1));
    assert_ne!(drawn(1), drawn(2));
    let different: BTreeSet<_> = firsts.into_iter().collect();
    assert_eq!(different.len(), 4, "three addresses come first, and some lookups fail: {different:?}");
}
