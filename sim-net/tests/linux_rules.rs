//! Rules of Linux' network, as packetdrill shows them on Linux 6.18.

mod pair;

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use pair::{connected, listen, run, run_on};
use sim_executor::{Ratio, spawn, time};
use sim_net::{LinkConfig, NetworkConfig, TcpConfig, TcpKeepalive, TcpStream, UdpSocket, fault};

#[test]
fn the_first_syns_are_repeated_each_second() {
    run(async {
        let _listener = listen("0.0.0.0:7").await;
        let syns = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&syns);
        let _hook = fault::hook(move |crossing| {
            seen.borrow_mut().push(time::elapsed().as_secs());
            crossing.is_dropped = true;
        });
        assert_eq!(TcpStream::connect("server:7").await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(*syns.borrow(), [0, 1, 2, 3, 4, 5, 7, 11, 19, 35, 67]);
        assert_eq!(time::elapsed().as_secs(), 131);
    });
}

#[test]
fn without_linear_timeouts_syns_are_repeated_as_before_linux_6_5() {
    let tcp = TcpConfig { syn_linear_timeouts: 0, ..TcpConfig::default() };
    run_on(NetworkConfig { tcp, ..NetworkConfig::default() }, async {
        let _listener = listen("0.0.0.0:7").await;
        let _hook = fault::hook(|crossing| crossing.is_dropped = true);
        TcpStream::connect("server:7").await.unwrap_err();
        assert_eq!(time::elapsed().as_secs(), 127);
    });
}

#[test]
fn fins_that_cross_are_acknowledged_at_once_and_once() {
    run(async {
        let (client, server) = connected().await;
        time::sleep(Duration::from_secs(1)).await;
        let acks = Rc::new(RefCell::new(Vec::new()));
        let (seen, start) = (Rc::clone(&acks), time::now());
        let _hook = fault::hook(move |crossing| {
            if crossing.packet.says.starts_with("ack") {
                seen.borrow_mut().push(time::now() - start);
            }
        });
        drop((client, server));
        time::sleep(Duration::from_millis(200)).await;
        assert_eq!(*acks.borrow(), [Duration::from_millis(1); 2]);
    });
}

/// How long after a FIN of the client the server's acknowledgement leaves.
async fn fin_is_acknowledged_after(mut client: TcpStream) -> Duration {
    time::sleep(Duration::from_secs(1)).await;
    let (ack, start) = (Rc::new(Cell::new(None)), time::now());
    let seen = Rc::clone(&ack);
    let _hook = fault::hook(move |crossing| {
        if crossing.packet.from == "server" {
            seen.set(Some(time::now() - start));
        }
    });
    client.close().await.unwrap();
    time::sleep(Duration::from_millis(200)).await;
    ack.get().unwrap()
}

#[test]
fn a_fin_that_is_the_first_to_come_is_acknowledged_within_a_tick() {
    run(async {
        let (client, _server) = connected().await;
        assert_eq!(fin_is_acknowledged_after(client).await, Duration::from_millis(1 + 4));
    });
}

#[test]
fn a_fin_after_data_waits_for_data_to_travel_with() {
    run(async {
        let (mut client, mut server) = connected().await;
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
        assert_eq!(fin_is_acknowledged_after(client).await, Duration::from_millis(1 + 40));
    });
}

#[test]
fn a_packet_of_ipv6_is_no_longer_than_the_mtu() {
    let tcp = TcpConfig { segment_bytes_max: 1_460, ..TcpConfig::default() };
    run_on(NetworkConfig { tcp, ..NetworkConfig::default() }, async {
        let listener = listen("[::]:7").await;
        let (client, server) = join(TcpStream::connect("[fd00::2]:7"), listener.accept()).await;
        let (mut client, mut server) = (client.unwrap(), server.unwrap().0);
        let longest = Rc::new(Cell::new(0));
        let seen = Rc::clone(&longest);
        let _hook = fault::hook(move |crossing| seen.set(seen.get().max(crossing.packet.payload.len())));
        client.write_all(&[1; 20_000]).await.unwrap();
        server.read_exact(&mut [0; 20_000]).await.unwrap();
        assert_eq!(longest.get(), 1_440);
    });
}

#[test]
fn datagrams_fill_the_buffer_by_the_memory_that_they_take() {
    run(async {
        let mut counts = Vec::new();
        for bytes in [0, 1, 100, 500, 1_000, 1_400, 8_000] {
            let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
            for _ in 0..300 {
                sender.send_to(&vec![0; bytes], receiver.local_addr().unwrap()).await.unwrap();
            }
            time::sleep(Duration::from_secs(1)).await;
            counts.push((0..).take_while(|_| receiver.try_recv(&mut [0; 9_000]).is_ok()).count());
        }
        assert_eq!(counts, [256, 256, 256, 166, 92, 92, 12]);
    });
}

fn loses_all() -> LinkConfig {
    LinkConfig { loss: Ratio::new(1, 1), ..LinkConfig::default() }
}

#[test]
fn a_keepalive_probe_that_is_lost_is_not_answered() {
    run(async {
        let (mut client, _server) = connected().await;
        client.set_keepalive(true).unwrap();
        let hook = fault::hook(|crossing| crossing.is_dropped = crossing.packet.from == "main");
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::TimedOut);
        drop(hook);
    });
    run(async {
        let (mut client, _server) = connected().await;
        client.set_keepalive(true).unwrap();
        fault::set_link("main", "server", loses_all());
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::TimedOut);
    });
    run(async {
        let (mut client, _server) = connected().await;
        client.set_keepalive(true).unwrap();
        fault::set_link("server", "main", loses_all());
        assert_eq!(
            client.read(&mut [0]).await.unwrap_err().kind(),
            ErrorKind::TimedOut,
            "the answer is lost"
        );
    });
    run(async {
        let (mut client, _server) = connected().await;
        client.set_keepalive(true).unwrap();
        let _hold = fault::hold("main", "server");
        assert_eq!(client.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::TimedOut, "it is held back");
    });
}

#[test]
fn a_window_probe_that_is_lost_is_not_answered() {
    run(async {
        let (mut client, _server) = connected().await;
        let writing = spawn(async move { client.write_all(&[1; 400_000]).await });
        time::sleep(Duration::from_millis(100)).await;
        let _hook = fault::hook(|crossing| crossing.is_dropped = crossing.packet.from == "main");
        assert_eq!(writing.await.unwrap().unwrap_err().kind(), ErrorKind::TimedOut);
    });
}

#[test]
fn probes_that_may_be_lost_and_are_not_end_as_a_deadlock() {
    use sim_executor::{Executor, ProductionOrder, RunError};

    let mut executor = Executor::new(ProductionOrder);
    let ended = executor.block_on(async {
        let (mut client, _server) = connected().await;
        let often = TcpKeepalive { idle: Duration::from_secs(1), ..TcpKeepalive::default() };
        client.set_tcp_keepalive(&often).unwrap();
        let _hook = fault::hook(|_| {});
        client.read(&mut [0]).await.unwrap()
    });
    let error = ended.unwrap_err();
    assert!(matches!(error, RunError::Deadlock(_)), "{error}");
}

#[test]
fn a_connection_is_reset_by_its_addresses_and_no_other_is() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        let (one, first) = join(TcpStream::connect("server:7"), listener.accept()).await;
        let (other, second) = join(TcpStream::connect("server:7"), listener.accept()).await;
        let (mut one, mut other) = (one.unwrap(), other.unwrap());
        let (_first, mut second) = (first.unwrap().0, second.unwrap().0);
        let pair = (one.local_addr().unwrap(), one.peer_addr().unwrap());
        assert!(fault::reset(pair));
        assert!(!fault::reset(pair), "it has ended");
        assert_eq!(one.read(&mut [0]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        other.write_all(b"x").await.unwrap();
        second.read_exact(&mut [0]).await.unwrap();
    });
}

#[test]
fn faults_are_in_the_log_as_crashes_are() {
    use sim_executor::{Config, Executor, Node, ProductionOrder, TraceLevel};

    let config = Config { trace: TraceLevel::Events, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    executor
        .block_on(async {
            let (client, _server) = connected().await;
            drop(fault::partition_one_way("main", "server"));
            drop(fault::hold_one_way("server", "main"));
            fault::set_link("main", "server", loses_all());
            fault::reset(&client);
            let _third = Node::named("third");
            fault::isolate("third").keep();
            fault::heal_all();
        })
        .unwrap();
    let log = executor.trace().to_string();
    for line in [
        "cut main -> server",
        "mend main -> server",
        "hold server -> main",
        "release server -> main",
        "link main -> server",
        "reset 10.0.0.1:49152 <-> 10.0.0.2:7",
        "cut around third",
        "heal all",
    ] {
        assert!(log.contains(line), "{line:?} is not in\n{log}");
    }
}
