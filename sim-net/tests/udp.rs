//! UDP as a program sees it.

use std::io::ErrorKind;
use std::time::Duration;

use sim_executor::{Executor, KeyedRandom, Node, ProductionOrder, Ratio, time};
use sim_net::{Interest, LinkConfig, NetworkConfig, Ready, UdpConfig, UdpSocket, install};

fn run_on<F: Future + 'static>(config: NetworkConfig, program: F) -> F::Output {
    let mut executor = Executor::new(KeyedRandom::new(1));
    executor.enter(|| install(config));
    executor.block_on(program).unwrap()
}

fn run<F: Future + 'static>(program: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(program).unwrap()
}

/// A socket on `main`, and one on `server` at port 7.
async fn sockets() -> (UdpSocket, UdpSocket) {
    let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
    (UdpSocket::bind("0.0.0.0:0").await.unwrap(), server)
}

#[test]
fn datagrams_keep_their_bounds_and_tell_their_source() {
    run(async {
        let (client, server) = sockets().await;
        for datagram in [&b"one"[..], b"", b"three"] {
            assert_eq!(client.send_to(datagram, "server:7").await.unwrap(), datagram.len());
        }
        let mut buffer = [0; 4];
        let (length, source) = server.recv_from(&mut buffer).await.unwrap();
        assert_eq!((&buffer[..length], source.to_string()), (&b"one"[..], "10.0.0.1:49152".to_string()));
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 0);
        assert_eq!(server.recv(&mut buffer).await.unwrap(), 4, "what does not fit is lost");
        assert_eq!(server.try_recv(&mut buffer).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_datagram_has_at_most_65_507_bytes() {
    run(async {
        let (client, server) = sockets().await;
        client.send_to(&vec![1; 65_507], "server:7").await.unwrap();
        let error = client.send_to(&vec![1; 65_508], "server:7").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(90), "EMSGSIZE");
        assert_eq!(server.recv(&mut vec![0; 70_000]).await.unwrap(), 65_507);
    });
}

#[test]
fn a_connected_socket_takes_datagrams_from_its_peer_only() {
    run(async {
        let (client, server) = sockets().await;
        assert_eq!(client.send(b"x").await.unwrap_err().raw_os_error(), Some(89), "EDESTADDRREQ");
        client.connect("server:7").await.unwrap();
        client.send(b"question").await.unwrap();
        let mut buffer = [0; 64];
        let (_, source) = server.recv_from(&mut buffer).await.unwrap();
        let stranger = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        stranger.send_to(b"intruder", source).await.unwrap();
        time::sleep(Duration::from_millis(1)).await;
        server.send_to(b"answer", source).await.unwrap();
        assert_eq!(client.recv(&mut buffer).await.unwrap(), 6);
        assert_eq!(client.peer_addr().unwrap().to_string(), "10.0.0.2:7");
    });
}

#[test]
fn a_connected_socket_learns_that_nobody_is_there() {
    run(async {
        let (client, server) = sockets().await;
        drop(server);
        client.connect("server:7").await.unwrap();
        client.send(b"x").await.unwrap();
        let error = client.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
        client.send(b"the error is told once").await.unwrap();
    });
}

#[test]
fn a_port_is_bound_once_for_each_address() {
    run(async {
        let first = UdpSocket::bind("127.0.0.1:53").await.unwrap();
        let error = UdpSocket::bind("0.0.0.0:53").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AddrInUse);
        UdpSocket::bind("10.0.0.1:53").await.unwrap();
        drop(first);
        UdpSocket::bind("0.0.0.0:53").await.unwrap();
    });
}

#[test]
fn a_full_receive_buffer_drops_datagrams() {
    let udp = UdpConfig { receive_buffer_bytes: 3_000, ..UdpConfig::default() };
    run_on(NetworkConfig { udp, ..NetworkConfig::default() }, async {
        let (client, server) = sockets().await;
        for number in 0..5_u8 {
            client.send_to(&[number; 1_000], "server:7").await.unwrap();
        }
        time::sleep(Duration::from_millis(2)).await;
        let mut buffer = [0; 1_000];
        let received: Vec<u8> =
            (0..5).map_while(|_| server.try_recv(&mut buffer).ok().map(|_| buffer[0])).collect();
        assert_eq!(received, [0, 1]);
    });
}

#[test]
fn a_lossy_link_with_jitter_loses_and_reorders() {
    let ms = Duration::from_millis;
    let link = LinkConfig { loss: Ratio::one_in(4), ..LinkConfig::uniform(ms(1), ms(20)) };
    let received = run_on(NetworkConfig { link, ..NetworkConfig::default() }, async {
        let (client, server) = sockets().await;
        for number in 0..100_u8 {
            client.send_to(&[number], "server:7").await.unwrap();
        }
        time::sleep(Duration::from_secs(1)).await;
        let mut buffer = [0];
        (0..100).map_while(|_| server.try_recv(&mut buffer).ok().map(|_| buffer[0])).collect::<Vec<u8>>()
    });
    assert!((60..90).contains(&received.len()), "{} of 100 arrived", received.len());
    assert!(!received.is_sorted(), "{received:?}");
}

#[test]
fn two_tasks_may_wait_for_one_socket() {
    run(async {
        let (client, server) = sockets().await;
        let server = std::rc::Rc::new(server);
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let server = std::rc::Rc::clone(&server);
                sim_executor::spawn(async move { server.recv(&mut [0; 8]).await.unwrap() })
            })
            .collect();
        time::sleep(Duration::from_millis(1)).await;
        client.send_to(b"a", "server:7").await.unwrap();
        client.send_to(b"bb", "server:7").await.unwrap();
        let mut total = 0;
        for waiting in waiting {
            total += waiting.await.unwrap();
        }
        assert_eq!(total, 3);
    });
}

#[test]
fn a_socket_is_ready_to_send_at_once_and_to_receive_when_something_came() {
    run(async {
        let (client, server) = sockets().await;
        let both = Interest::READABLE | Interest::WRITABLE;
        assert_eq!(server.ready(both).await.unwrap(), Ready::WRITABLE);
        client.send_to(b"x", "server:7").await.unwrap();
        assert_eq!(server.ready(Interest::READABLE).await.unwrap(), Ready::READABLE);
        assert_eq!(server.ready(both).await.unwrap(), Ready::READABLE | Ready::WRITABLE);
    });
}
