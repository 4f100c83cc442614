//! What a test does to packets by hand: partitions of groups, holds, hooks.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Executor, Instant, KeyedRandom, Node, ProductionOrder, RunError, choose, context, time};
use sim_net::fault::{self, Protocol};
use sim_net::{LinkConfig, NetworkConfig, TcpListener, TcpStream, UdpSocket, install};

const MS: Duration = Duration::from_millis(1);

fn run<F: Future + 'static>(program: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(program).unwrap()
}

/// A socket on port 7 of that node.
async fn socket_on(node: &str) -> UdpSocket {
    Node::named(node).spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap()
}

/// Which of the nodes reach which, as `ab`.
async fn reached(nodes: &[(&str, &UdpSocket)]) -> Vec<String> {
    let mut reached = Vec::new();
    for (from, sender) in nodes {
        for (to, receiver) in nodes {
            sender.send_to(b"x", format!("{to}:7")).await.unwrap();
            if time::timeout(5 * MS, receiver.recv(&mut [0; 8])).await.is_ok() && from != to {
                reached.push(format!("{from}{to}"));
            }
        }
    }
    reached
}

#[test]
fn groups_reach_their_own_and_those_of_no_group() {
    run(async {
        let [a, b, c, d] =
            [socket_on("a").await, socket_on("b").await, socket_on("c").await, socket_on("d").await];
        let nodes = [("a", &a), ("b", &b), ("c", &c), ("d", &d)];
        let split = fault::partition_groups(&[&["a", "b"], &["c"]]);
        assert_eq!(reached(&nodes).await, ["ab", "ad", "ba", "bd", "cd", "da", "db", "dc"]);
        fault::heal("c", "a");
        assert_eq!(reached(&nodes).await, ["ab", "ac", "ad", "ba", "bd", "ca", "cd", "da", "db", "dc"]);
        split.heal();
        assert_eq!(reached(&nodes).await.len(), 12);
    });
}

#[test]
fn an_isolated_host_reaches_itself_alone_also_when_others_come_later() {
    run(async {
        let a = socket_on("a").await;
        let isolation = fault::isolate("a");
        let b = socket_on("b").await;
        assert!(reached(&[("a", &a), ("b", &b)]).await.is_empty());
        a.send_to(b"x", "a:7").await.unwrap();
        assert_eq!(a.recv(&mut [0; 8]).await.unwrap(), 1);
        let other = fault::partition("a", "b");
        isolation.heal();
        assert!(reached(&[("a", &a), ("b", &b)]).await.is_empty(), "the other still stands");
        other.keep();
        fault::heal_all();
        assert_eq!(reached(&[("a", &a), ("b", &b)]).await, ["ab", "ba"]);
    });
}

#[test]
#[should_panic(expected = "b is in group 0 as well as in group 1")]
fn a_host_in_two_groups_is_refused() {
    Executor::new(ProductionOrder).enter(|| {
        let _nodes = [Node::named("a"), Node::named("b")];
        let _split = fault::partition_groups(&[&["a", "b"], &["b"]]);
    });
}

#[test]
fn held_packets_wait_and_arrive_in_their_order_when_they_are_released() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.send_to(b"under way", "server:7").await.unwrap();
        let hold = fault::hold("server", "main");
        client.send_to(b"later", "server:7").await.unwrap();
        time::sleep(50 * MS).await;
        assert_eq!(server.try_recv(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
        let seen: Vec<String> = fault::in_flight().iter().map(|held| held.packet.to_string()).collect();
        assert_eq!(
            seen,
            [
                "main 10.0.0.1:49152 -> server 10.0.0.2:7 datagram of 9 bytes",
                "main 10.0.0.1:49152 -> server 10.0.0.2:7 datagram of 5 bytes",
            ]
        );
        hold.release();
        let mut buffer = [0; 16];
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 9);
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 5);
        assert_eq!(context::now(), Instant::START + 50 * MS, "they arrive at once");
        assert_eq!(fault::in_flight(), []);
    });
}

#[test]
fn a_short_hold_changes_nothing() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.send_to(b"x", "server:7").await.unwrap();
        let hold = fault::hold_one_way("main", "server");
        assert_eq!(fault::in_flight()[0].arrives_at, Instant::START + MS);
        drop(hold);
        assert_eq!(fault::in_flight()[0].held, None);
        server.recv(&mut [0; 8]).await.unwrap();
        assert_eq!(context::now(), Instant::START + MS, "it arrives when it would have");
    });
}

#[test]
fn single_packets_are_delivered_and_lost_by_hand() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        fault::hold("main", "server").keep();
        for number in 0..3_u8 {
            client.send_to(&[number], "server:7").await.unwrap();
        }
        let ids: Vec<_> = fault::in_flight().iter().filter_map(|packet| packet.held).collect();
        assert!(fault::deliver(ids[1]));
        assert!(fault::lose(ids[0]));
        assert!(!fault::deliver(ids[0]) && !fault::lose(ids[1]), "once");
        let mut buffer = [9];
        server.recv(&mut buffer).await.unwrap();
        assert_eq!(buffer, [1]);
        fault::release("server", "main");
        server.recv(&mut buffer).await.unwrap();
        assert_eq!(buffer, [2]);
        let _hold = fault::hold("main", "server");
        client.send_to(&[3], "server:7").await.unwrap();
        fault::release_all();
        server.recv(&mut buffer).await.unwrap();
        assert_eq!(buffer, [3]);
    });
}

#[test]
fn what_is_held_over_a_partition_is_lost_when_it_is_released() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let hold = fault::hold("main", "server");
        client.send_to(b"x", "server:7").await.unwrap();
        let partition = fault::partition("main", "server");
        hold.release();
        time::sleep(5 * MS).await;
        partition.heal();
        assert_eq!(server.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn to_wait_for_what_is_held_is_a_deadlock() {
    let result = Executor::new(ProductionOrder).block_on(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        fault::hold("main", "server").keep();
        client.send_to(b"x", "server:7").await.unwrap();
        server.recv(&mut [0; 8]).await.unwrap();
    });
    assert!(matches!(result, Err(RunError::Deadlock { .. })), "{result:?}");
}

#[test]
fn packets_in_flight_are_listed_as_they_arrive() {
    let mut executor = Executor::new(KeyedRandom::new(2));
    let link = LinkConfig::uniform(MS, 50 * MS);
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    executor
        .block_on(async {
            let server = socket_on("server").await;
            let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            for number in 0..20_u8 {
                client.send_to(&[number], "server:7").await.unwrap();
            }
            let listed: Vec<_> = fault::in_flight()
                .into_iter()
                .map(|moving| (moving.arrives_at, moving.packet.payload))
                .collect();
            assert!(!listed.is_sorted_by_key(|(_, payload)| payload[0]), "packets overtake each other");
            // Taken off the wire and put back.
            fault::hold("main", "server").release();
            let mut buffer = [0];
            for (arrives_at, payload) in listed {
                server.recv(&mut buffer).await.unwrap();
                assert_eq!((context::now(), &buffer[..]), (arrives_at, &payload[..]));
            }
        })
        .unwrap();
}

#[test]
fn a_hook_sees_a_whole_conversation() {
    run(async {
        let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
        let listener = bind.await.unwrap().unwrap();
        let seen = Rc::new(RefCell::new(Vec::new()));
        let log = Rc::clone(&seen);
        let hook = fault::hook(move |crossing| {
            assert_eq!(crossing.packet.protocol, Protocol::Tcp);
            log.borrow_mut().push(format!("{} {}", crossing.packet.from, crossing.packet.says));
        });
        let (client, accepted) = join(TcpStream::connect("server:7"), listener.accept()).await;
        let (mut client, mut server) = (client.unwrap(), accepted.unwrap().0);
        client.write_all(b"hello").await.unwrap();
        server.read_exact(&mut [0; 5]).await.unwrap();
        drop(hook);
        server.write_all(b"unseen").await.unwrap();
        client.read_exact(&mut [0; 6]).await.unwrap();
        let first = ["main SYN", "server SYN ack 1", "main ack 1", "main 5 bytes at 1 ack 1"];
        assert_eq!(seen.borrow()[..4], first);
        assert!(!seen.borrow().iter().any(|says| says.contains("6 bytes")), "{seen:?}");
    });
}

#[test]
fn a_hook_may_drop_delay_multiply_and_change() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let _hook = fault::hook(|crossing| match &crossing.packet.payload[..] {
            b"drop" => crossing.is_dropped = true,
            b"delay" => crossing.delay = 10 * MS,
            b"copy" => crossing.copies = 2,
            b"change" => crossing.packet.payload = b"changed".to_vec(),
            b"empty" => crossing.packet.payload.clear(),
            _ => {}
        });
        for text in ["drop", "delay", "copy", "change", "empty", "other"] {
            client.send_to(text.as_bytes(), "server:7").await.unwrap();
        }
        let mut got = Vec::new();
        for _ in 0..7 {
            let mut buffer = [0; 16];
            let bytes = server.recv(&mut buffer).await.unwrap();
            let ms = (context::now() - Instant::START).as_millis();
            got.push(format!("{ms} {}", String::from_utf8_lossy(&buffer[..bytes])));
        }
        assert_eq!(got, ["1 copy", "1 copy", "1 copy", "1 changed", "1 ", "1 other", "11 delay"]);
        time::sleep(50 * MS).await;
        assert_eq!(server.try_recv(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn hooks_are_called_in_their_order_and_not_after_a_drop() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let _add = fault::hook(|crossing| crossing.packet.payload.push(b'1'));
        let _drop = fault::hook(|crossing| crossing.is_dropped = crossing.packet.payload == b"x1");
        fault::hook(|crossing| crossing.packet.payload.push(b'2')).keep();
        client.send_to(b"x", "server:7").await.unwrap();
        client.send_to(b"y", "server:7").await.unwrap();
        let mut buffer = [0; 3];
        server.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"y12");
    });
}

#[test]
fn a_hook_may_use_sockets_faults_and_choices() {
    let hash = |seed| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let drawn = executor.block_on(async {
            let server = socket_on("server").await;
            let client = Rc::new(UdpSocket::bind("0.0.0.0:0").await.unwrap());
            let (sender, drawn) = (Rc::clone(&client), Rc::new(Cell::new(0)));
            let noted = Rc::clone(&drawn);
            let hook = fault::hook(move |crossing| {
                if crossing.packet.payload == b"first" {
                    noted.set(choose(1_000));
                    sender.try_send_to(b"second", "10.0.0.2:7".parse().unwrap()).unwrap();
                    fault::set_link("main", "server", LinkConfig::fixed(9 * MS));
                }
            });
            client.send_to(b"first", "server:7").await.unwrap();
            let mut buffer = [0; 6];
            assert_eq!(server.recv(&mut buffer).await.unwrap(), 5);
            assert_eq!(server.recv(&mut buffer).await.unwrap(), 6);
            assert_eq!(context::now(), Instant::START + 9 * MS, "the link was set before it took the packet");
            drop(hook);
            drawn.get()
        });
        (executor.hash(), drawn.unwrap())
    };
    assert_eq!(hash(3), hash(3));
    assert!((4..20).any(|seed| hash(seed).1 != hash(3).1));
}

#[test]
fn a_hook_may_end_itself() {
    run(async {
        let server = socket_on("server").await;
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let slot = Rc::new(RefCell::new(None));
        let own = Rc::clone(&slot);
        let hook = fault::hook(move |crossing| {
            crossing.packet.payload.push(b'!');
            drop(own.borrow_mut().take());
        });
        *slot.borrow_mut() = Some(hook);
        client.send_to(b"a", "server:7").await.unwrap();
        client.send_to(b"b", "server:7").await.unwrap();
        let mut buffer = [0; 2];
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 2);
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 1);
    });
}

#[test]
#[should_panic(expected = "one sends a packet for each packet that it sees")]
fn hooks_that_send_without_end_are_stopped() {
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { packets_max: 100, ..NetworkConfig::default() }));
    let result = executor.block_on(async {
        let client = Rc::new(UdpSocket::bind("0.0.0.0:0").await.unwrap());
        let sender = Rc::clone(&client);
        let _hook = fault::hook(move |_| {
            sender.try_send_to(b"more", "10.0.0.1:7".parse().unwrap()).unwrap();
        });
        client.send_to(b"x", "10.0.0.1:7").await.unwrap();
    });
    panic!("{}", result.unwrap_err());
}

#[test]
#[should_panic(expected = "a packet hook changed the length of a segment from 1 to 2 bytes")]
fn a_hook_may_not_change_the_length_of_a_segment() {
    let result = Executor::new(ProductionOrder).block_on(async {
        let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
        let (client, _accepted) = join(TcpStream::connect("127.0.0.1:7"), listener.accept()).await;
        fault::hook(|crossing| crossing.packet.payload.push(0)).keep();
        client.unwrap().write_all(b"x").await.unwrap();
    });
    panic!("{}", result.unwrap_err());
}

#[test]
#[should_panic(expected = "the server may not answer")]
fn a_hook_that_panics_fails_the_test_and_does_not_end_the_process() {
    let mut executor = Executor::new(ProductionOrder);
    let guards = executor.enter(|| {
        let _server = Node::named("server");
        let hook =
            fault::hook(|crossing| assert!(crossing.packet.from != "server", "the server may not answer"));
        (hook, fault::partition_one_way("server", "main"), fault::hold_one_way("server", "main"))
    });
    let result = executor.block_on(async {
        let bind = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7"));
        let listener = bind.await.unwrap().unwrap();
        // The kernel of the server answers, in no task's name; both sockets are dropped by the panic.
        join(TcpStream::connect("server:7"), listener.accept()).await.0.map(drop)
    });
    drop(guards);
    panic!("{result:?}");
}

#[test]
fn corrupted_packets_are_held_and_listed_as_others_are() {
    let mut executor = Executor::new(ProductionOrder);
    let corrupt = sim_executor::Ratio::new(1, 1);
    let link = LinkConfig { corrupt, ..LinkConfig::default() };
    executor.enter(|| install(NetworkConfig { link, ..NetworkConfig::default() }));
    executor
        .block_on(async {
            let server = socket_on("server").await;
            let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
            client.send_to(b"x", "server:7").await.unwrap();
            assert_eq!(fault::in_flight().len(), 1);
            let hold = fault::hold("main", "server");
            client.send_to(b"y", "server:7").await.unwrap();
            assert_eq!(fault::in_flight().iter().filter(|packet| packet.held.is_some()).count(), 2);
            hold.release();
            assert_eq!(fault::in_flight().len(), 2);
            time::sleep(5 * MS).await;
            assert_eq!(fault::in_flight(), []);
            assert_eq!(server.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
        })
        .unwrap();
}
