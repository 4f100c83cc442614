//! UDP as a program sees it.

use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use futures::FutureExt;
use sim_executor::{Executor, KeyedRandom, Node, ProductionOrder, Ratio, time};
use sim_net::{Interest, LinkConfig, NetworkConfig, Ready, TcpListener, UdpConfig, UdpSocket, install};

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
    let udp = UdpConfig { receive_buffer_bytes: 5_000, ..UdpConfig::default() };
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

#[test]
fn tcp_and_udp_count_their_free_ports_apart() {
    run(async {
        let (_listener, socket) =
            (TcpListener::bind("0.0.0.0:0").await.unwrap(), UdpSocket::bind("0.0.0.0:0").await.unwrap());
        assert_eq!(socket.local_addr().unwrap().port(), 49_152);
        assert_eq!(UdpSocket::bind("0.0.0.0:0").await.unwrap().local_addr().unwrap().port(), 49_153);
    });
}

#[test]
fn peeking_leaves_the_datagram_and_tells_the_sender() {
    run(async {
        let (client, server) = sockets().await;
        assert_eq!(server.try_peek_sender().unwrap_err().kind(), ErrorKind::WouldBlock);
        client.send_to(b"hello", "server:7").await.unwrap();
        let source = "10.0.0.1:49152".parse().unwrap();
        assert_eq!(server.peek_sender().await.unwrap(), source);
        let mut buffer = [0; 3];
        assert_eq!(server.peek(&mut buffer).await.unwrap(), 3);
        assert_eq!(server.try_peek_from(&mut buffer).unwrap(), (3, source));
        assert_eq!(server.try_peek_sender().unwrap(), source);
        assert_eq!(server.recv_from(&mut [0; 9]).await.unwrap(), (5, source));
    });
}

#[test]
fn a_datagram_over_ipv6_has_at_most_65_527_bytes() {
    run(async {
        let server = Node::named("server").spawn(UdpSocket::bind("[::]:7")).await.unwrap().unwrap();
        let client = UdpSocket::bind("[::]:0").await.unwrap();
        client.send_to(&vec![1; 65_527], "[fd00::2]:7").await.unwrap();
        let error = client.send_to(&vec![1; 65_528], "[fd00::2]:7").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(90), "EMSGSIZE");
        assert_eq!(server.recv(&mut vec![0; 70_000]).await.unwrap(), 65_527);
    });
}

/// How many of 1,000 datagrams of that size arrive over a link that loses one packet of 50.
fn arrived(bytes: usize) -> usize {
    let link = LinkConfig { loss: Ratio::one_in(50), ..LinkConfig::default() };
    run_on(NetworkConfig { link, ..NetworkConfig::default() }, async move {
        let (client, server) = sockets().await;
        let mut arrived = 0;
        for _ in 0..1_000 {
            client.send_to(&vec![0; bytes], "server:7").await.unwrap();
            time::sleep(Duration::from_millis(2)).await;
            arrived += usize::from(server.try_recv(&mut [0]).is_ok());
        }
        arrived
    })
}

#[test]
fn a_datagram_is_lost_with_any_of_its_fragments() {
    // 980 of those that are one packet are expected, 0.98 ^ 20 * 1,000 = 668 of those that are 20.
    let (whole, cut) = (arrived(1_472), arrived(20 * 1_480 - 8));
    assert!((965..=995).contains(&whole), "{whole}");
    assert!((600..=735).contains(&cut), "{cut}");
}

#[test]
fn what_must_not_be_cut_is_refused_when_it_is_longer_than_a_packet() {
    run(async {
        let (client, server) = sockets().await;
        assert!(client.may_fragment().unwrap());
        client.set_may_fragment(false).unwrap();
        client.send_to(&[0; 1_472], "server:7").await.unwrap();
        let error = client.send_to(&[0; 1_473], "server:7").await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(90), "EMSGSIZE");
        client.set_may_fragment(true).unwrap();
        client.send_to(&[0; 1_473], "server:7").await.unwrap();
        assert_eq!(server.recv(&mut [0; 2_000]).await.unwrap(), 1_472);
        assert_eq!(server.recv(&mut [0; 2_000]).await.unwrap(), 1_473);
    });
}

#[test]
fn options_are_remembered_within_their_bounds() {
    run(async {
        let v4 = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        assert_eq!((v4.ttl().unwrap(), v4.multicast_ttl_v4().unwrap(), v4.tos_v4().unwrap()), (64, 1, 0));
        assert!(v4.multicast_loop_v4().unwrap() && !v4.broadcast().unwrap());
        for wrong in [v4.set_ttl(0), v4.set_ttl(256), v4.set_multicast_ttl_v4(256)] {
            assert_eq!(wrong.unwrap_err().kind(), ErrorKind::InvalidInput);
        }
        v4.set_ttl(7).unwrap();
        v4.set_multicast_ttl_v4(0).unwrap();
        v4.set_tos_v4(0x110).unwrap();
        assert_eq!((v4.ttl().unwrap(), v4.multicast_ttl_v4().unwrap(), v4.tos_v4().unwrap()), (7, 0, 0x10));
        assert_eq!(v4.multicast_loop_v6().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(v4.tclass_v6().unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(v4.set_multicast_loop_v6(true).unwrap_err().raw_os_error(), Some(92), "ENOPROTOOPT");
        let v6 = UdpSocket::bind("[::]:0").await.unwrap();
        v6.set_tclass_v6(0x20).unwrap();
        assert_eq!(v6.set_tclass_v6(256).unwrap_err().kind(), ErrorKind::InvalidInput);
        v6.set_multicast_loop_v6(false).unwrap();
        assert_eq!((v6.tclass_v6().unwrap(), v6.multicast_loop_v6().unwrap()), (0x20, false));
    });
}

/// A link that sends 1,000 datagrams of 972 bytes in a second, and a socket that has two of them waiting at most: Linux takes 2,304 bytes for each.
fn narrow() -> NetworkConfig {
    let link = LinkConfig { bandwidth_bytes_per_second: Some(1_000_000), ..LinkConfig::default() };
    let udp = UdpConfig { send_buffer_bytes: 2 * 2_304, ..UdpConfig::default() };
    NetworkConfig { link, udp, ..NetworkConfig::default() }
}

#[test]
fn a_sender_waits_while_its_datagrams_wait_for_their_turn() {
    run_on(narrow(), async {
        let (client, server) = sockets().await;
        let to = "10.0.0.2:7".parse().unwrap();
        let writable = |socket: &UdpSocket| socket.writable().now_or_never().is_some();
        assert!(writable(&client));
        client.try_send_to(&[0; 972], to).unwrap();
        assert!(writable(&client), "it is half full");
        client.try_send_to(&[0; 972], to).unwrap();
        assert_eq!(client.try_send_to(&[0; 972], to).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert!(!writable(&client));
        let start = time::now();
        client.send_to(&[0; 972], to).await.unwrap();
        assert_eq!(time::now() - start, Duration::from_millis(1), "one has left");
        assert!(writable(&client), "no call has found that it would block");
        assert_eq!(client.try_send_to(&[0; 972], to).unwrap_err().kind(), ErrorKind::WouldBlock);
        client.writable().await.unwrap();
        assert_eq!(time::now() - start, Duration::from_millis(2));
        assert_eq!(client.ready(Interest::WRITABLE).await.unwrap(), Ready::WRITABLE);
        for _ in 0..17 {
            client.send_to(&[0; 972], to).await.unwrap();
        }
        time::sleep(Duration::from_millis(10)).await;
        let received = (0..100).map_while(|_| server.try_recv(&mut [0]).ok()).count();
        assert_eq!(received, 20, "none was dropped");
    });
}

#[test]
fn waiting_for_room_is_no_deadlock_when_all_is_lost() {
    let link = LinkConfig { loss: Ratio::one_in(1), ..narrow().link };
    run_on(NetworkConfig { link, ..narrow() }, async {
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let _server = Node::named("server");
        for _ in 0..1_000 {
            client.send_to(&[0; 972], "server:7").await.unwrap();
        }
        assert!(time::elapsed() >= Duration::from_millis(998));
    });
}

#[test]
fn one_task_sends_while_another_receives_with_the_same_socket() {
    run_on(narrow(), async {
        let (client, server) = sockets().await;
        let (client, server) = (Rc::new(client), Rc::new(server));
        let echo = Node::named("server").spawn(async move {
            let mut buffer = [0; 1_000];
            for _ in 0..50 {
                let (length, source) = server.recv_from(&mut buffer).await.unwrap();
                server.send_to(&buffer[..length], source).await.unwrap();
            }
        });
        let receiver = Rc::clone(&client);
        let receive = sim_executor::spawn(async move {
            for number in 0..50_u8 {
                let mut buffer = [0; 1_000];
                receiver.recv(&mut buffer).await.unwrap();
                assert_eq!(buffer[0], number);
            }
        });
        for number in 0..50_u8 {
            client.send_to(&[number; 972], "server:7").await.unwrap();
        }
        echo.await.unwrap();
        receive.await.unwrap();
    });
}

#[test]
fn a_call_is_made_again_when_something_has_changed() {
    run(async {
        let (client, server) = sockets().await;
        let blocked = server.try_io(Interest::READABLE, || Ok(()));
        assert_eq!(blocked.unwrap_err().kind(), ErrorKind::WouldBlock);
        client.send_to(b"one", "server:7").await.unwrap();
        time::sleep(Duration::from_millis(1)).await;
        client.send_to(b"three", "server:7").await.unwrap();
        // The first is there, and is not what it wants: it waits for the second.
        let wanted = server.async_io(Interest::READABLE, || {
            let mut buffer = [0; 9];
            let length = server.try_recv(&mut buffer)?;
            if length == 5 { Ok(length) } else { Err(ErrorKind::WouldBlock.into()) }
        });
        assert_eq!(wanted.await.unwrap(), 5);
        assert_eq!(server.try_io(Interest::WRITABLE, || Ok(7)).unwrap(), 7);
    });
}
