//! TCP sockets that are configured before they listen or connect.

mod pair;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, listen, run, run_on};
use sim_executor::{Executor, KeyedRandom, Node, spawn, time};
use sim_net::{LinkConfig, NetworkConfig, TcpListener, TcpSocket, TcpStream, fault};

fn at(address: &str) -> SocketAddr {
    address.parse().unwrap()
}

fn socket() -> TcpSocket {
    TcpSocket::new_v4().unwrap()
}

fn bound(address: &str) -> TcpSocket {
    let socket = socket();
    socket.bind(at(address)).unwrap();
    socket
}

fn kind<T: std::fmt::Debug>(result: std::io::Result<T>) -> ErrorKind {
    result.unwrap_err().kind()
}

#[test]
fn a_socket_connects_from_where_it_is_bound() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        let socket = bound("0.0.0.0:4000");
        assert_eq!(socket.local_addr().unwrap(), at("0.0.0.0:4000"));
        let stream = socket.connect(at("10.0.0.2:7")).await.unwrap();
        assert_eq!(stream.local_addr().unwrap(), at("10.0.0.1:4000"));
        assert_eq!(listener.accept().await.unwrap().1, at("10.0.0.1:4000"));
    });
}

#[test]
fn an_address_is_given_once() {
    run(async {
        let socket = socket();
        assert_eq!(socket.local_addr().unwrap(), at("0.0.0.0:0"));
        socket.bind(at("127.0.0.1:0")).unwrap();
        assert_ne!(socket.local_addr().unwrap().port(), 0);
        assert_eq!(kind(socket.bind(at("127.0.0.1:0"))), ErrorKind::InvalidInput);
        assert_eq!(kind(bound("0.0.0.0:0").bind(at("10.0.0.9:0"))), ErrorKind::InvalidInput);
        assert_eq!(kind(TcpSocket::new_v4().unwrap().bind(at("10.0.0.9:0"))), ErrorKind::AddrNotAvailable);
        let error = TcpSocket::new_v4().unwrap().bind(at("[::1]:0")).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(97), "EAFNOSUPPORT");
    });
}

#[test]
fn a_bound_port_is_not_free_until_the_socket_is_dropped() {
    run(async {
        let first = bound("0.0.0.0:4000");
        assert_eq!(kind(socket().bind(at("127.0.0.1:4000"))), ErrorKind::AddrInUse);
        assert_eq!(kind(TcpListener::bind("0.0.0.0:4000").await), ErrorKind::AddrInUse);
        drop(first);
        let _second = bound("127.0.0.1:4000");
    });
}

#[test]
fn sockets_that_say_so_share_an_address_until_one_listens() {
    run(async {
        let sharing = || {
            let socket = socket();
            socket.set_reuseaddr(true).unwrap();
            socket
        };
        let (first, second, third) = (sharing(), sharing(), sharing());
        first.bind(at("0.0.0.0:4000")).unwrap();
        second.bind(at("0.0.0.0:4000")).unwrap();
        assert_eq!(kind(socket().bind(at("0.0.0.0:4000"))), ErrorKind::AddrInUse, "it does not say so");
        let listener = first.listen(1).unwrap();
        assert_eq!(kind(second.listen(1)), ErrorKind::AddrInUse);
        assert_eq!(kind(third.bind(at("0.0.0.0:4000"))), ErrorKind::AddrInUse, "one listens");
        drop(listener);
        third.bind(at("0.0.0.0:4000")).unwrap();
    });
}

#[test]
fn listeners_share_a_port_and_any_of_them_gets_a_connection() {
    let accepted_by = |seed| {
        Executor::new(KeyedRandom::new(seed))
            .block_on(async {
                let sharing = || {
                    let socket = socket();
                    socket.set_reuseport(true).unwrap();
                    socket.bind(at("127.0.0.1:7")).unwrap();
                    socket.listen(8).unwrap()
                };
                let (first, second) = (sharing(), sharing());
                assert_eq!(kind(socket().bind(at("127.0.0.1:7"))), ErrorKind::AddrInUse);
                let _stream = TcpStream::connect("127.0.0.1:7").await.unwrap();
                let is_first = time::timeout(Duration::from_millis(1), first.accept()).await.is_ok();
                let is_second = time::timeout(Duration::from_millis(1), second.accept()).await.is_ok();
                assert_ne!(is_first, is_second);
                is_first
            })
            .unwrap()
    };
    let firsts = (0..40).filter(|&seed| accepted_by(seed)).count();
    assert!((5..35).contains(&firsts), "the first got {firsts} of 40");
}

#[test]
fn a_port_of_a_connection_in_time_wait_is_free_for_who_shares_it() {
    run(async {
        let _listener = listen("0.0.0.0:7").await;
        let stream = bound("0.0.0.0:4000").connect(at("10.0.0.2:7")).await.unwrap();
        drop(stream);
        time::sleep(Duration::from_secs(1)).await;
        assert_eq!(kind(socket().bind(at("0.0.0.0:4000"))), ErrorKind::AddrInUse);
        time::sleep(Duration::from_secs(61)).await;
        let _bound = bound("0.0.0.0:4000");
    });
}

#[test]
fn two_connections_of_a_pair_of_addresses_are_refused() {
    run(async {
        let _listener = listen("0.0.0.0:7").await;
        let sharing = || {
            let socket = socket();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(at("10.0.0.1:4000")).unwrap();
            socket
        };
        let _first = sharing().connect(at("10.0.0.2:7")).await.unwrap();
        let again = sharing().connect(at("10.0.0.2:7")).await;
        assert_eq!(kind(again), ErrorKind::AddrNotAvailable);
    });
}

#[test]
fn a_loopback_address_does_not_leave_the_host() {
    run(async {
        let _listener = listen("0.0.0.0:7").await;
        assert_eq!(kind(bound("127.0.0.1:0").connect(at("10.0.0.2:7")).await), ErrorKind::InvalidInput);
        let error = socket().connect(at("[::1]:7")).await.unwrap_err();
        assert_eq!(error.raw_os_error(), Some(97), "EAFNOSUPPORT");
    });
}

#[test]
fn a_listener_without_an_address_gets_one() {
    run(async {
        let listener = socket().listen(4).unwrap();
        let address = listener.local_addr().unwrap();
        assert!(address.ip().is_unspecified() && address.port() != 0, "{address}");
        let _stream = TcpStream::connect(("localhost", address.port())).await.unwrap();
        listener.accept().await.unwrap();
    });
}

#[test]
fn the_backlog_is_the_listeners_own() {
    run(async {
        let listener = Node::named("server").spawn(async { bound("0.0.0.0:7").listen(0).unwrap() });
        let listener = listener.await.unwrap();
        let _first = TcpStream::connect("server:7").await.unwrap();
        time::sleep(Duration::from_millis(10)).await;
        let second = spawn(TcpStream::connect("server:7"));
        time::sleep(Duration::from_millis(500)).await;
        assert!(!second.is_finished(), "one waits already");
        listener.accept().await.unwrap();
        second.await.unwrap().unwrap();
    });
}

#[test]
fn handshakes_that_end_when_the_backlog_is_full_wait_as_well() {
    run(async {
        let listener = Node::named("server").spawn(async { bound("0.0.0.0:7").listen(0).unwrap() });
        let listener = listener.await.unwrap();
        let both = join(TcpStream::connect("server:7"), TcpStream::connect("server:7")).await;
        let (mut first, mut second) = (both.0.unwrap(), both.1.unwrap());
        time::sleep(Duration::from_millis(100)).await;
        listener.accept().await.unwrap();
        let is_waiting = time::timeout(Duration::from_millis(1), listener.accept()).await.is_err();
        assert!(is_waiting, "its client believes that it is connected, and is not");
        first.write_all(b"x").await.unwrap();
        second.write_all(b"y").await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let mut buffer = [0];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"y");
    });
}

#[test]
fn buffers_have_the_size_that_was_asked_for() {
    let config = NetworkConfig::default();
    run_on(config, async move {
        let fresh = socket();
        assert_eq!(fresh.send_buffer_size().unwrap(), 2 * config.tcp.send_buffer_bytes);
        for (asked, told) in [(1, 4_608), (10_000, 20_000), (1_000_000, 425_984)] {
            fresh.set_send_buffer_size(asked).unwrap();
            assert_eq!(fresh.send_buffer_size().unwrap(), told);
        }
        for (asked, told) in [(1, 2_304), (10_000, 20_000), (1_000_000, 425_984)] {
            fresh.set_recv_buffer_size(asked).unwrap();
            assert_eq!(fresh.recv_buffer_size().unwrap(), told);
        }
        let server = Node::named("server").spawn(async {
            let socket = bound("0.0.0.0:7");
            socket.set_recv_buffer_size(3_000).unwrap();
            socket.listen(1).unwrap()
        });
        let listener = server.await.unwrap();
        fresh.set_send_buffer_size(5_000).unwrap();
        let (client, _server) = join(fresh.connect(at("10.0.0.2:7")), listener.accept()).await;
        let (client, mut held) = (client.unwrap(), 0);
        loop {
            time::sleep(Duration::from_secs(1)).await;
            match client.try_write(&[0; 1_000]) {
                Ok(bytes) => held += bytes,
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        assert_eq!(held, 8_000, "what both buffers hold");
    });
}

#[test]
fn options_are_handed_down_to_what_is_accepted() {
    run(async {
        let listener = Node::named("server").spawn(async {
            let socket = bound("0.0.0.0:7");
            socket.set_nodelay(true).unwrap();
            socket.set_keepalive(true).unwrap();
            socket.set_linger(Some(Duration::from_millis(7_900))).unwrap();
            let options = (socket.nodelay(), socket.keepalive(), socket.linger());
            assert!(matches!(options, (Ok(true), Ok(true), Ok(Some(_)))));
            socket.listen(1).unwrap()
        });
        let listener = listener.await.unwrap();
        listener.set_ttl(9).unwrap();
        let (client, server) = join(TcpStream::connect("server:7"), listener.accept()).await;
        let (client, (server, _)) = (client.unwrap(), server.unwrap());
        assert!(server.nodelay().unwrap() && server.keepalive().unwrap());
        assert_eq!(server.linger().unwrap(), Some(Duration::from_secs(7)), "whole seconds");
        assert_eq!(server.ttl().unwrap(), 9);
        assert!(!client.nodelay().unwrap() && !client.keepalive().unwrap());
        assert_eq!((client.linger().unwrap(), client.ttl().unwrap()), (None, 64));
        assert_eq!(client.set_ttl(0).unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(client.set_ttl(256).unwrap_err().kind(), ErrorKind::InvalidInput);
    });
}

#[test]
fn two_that_connect_to_each_other_at_once_have_one_connection() {
    run(async {
        let other = Node::named("server").spawn(async {
            let mut stream = bound("0.0.0.0:5000").connect(at("10.0.0.1:4000")).await.unwrap();
            stream.write_all(b"pong").await.unwrap();
            let mut buffer = [0; 4];
            stream.read_exact(&mut buffer).await.unwrap();
            buffer
        });
        let mut stream = bound("0.0.0.0:4000").connect(at("10.0.0.2:5000")).await.unwrap();
        stream.write_all(b"ping").await.unwrap();
        let mut buffer = [0; 4];
        stream.read_exact(&mut buffer).await.unwrap();
        assert_eq!((&buffer, &other.await.unwrap()), (b"pong", b"ping"));
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
    });
}

#[test]
fn a_socket_that_connects_to_itself_talks_to_itself() {
    run(async {
        let mut stream = bound("127.0.0.1:4000").connect(at("127.0.0.1:4000")).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let mut buffer = [0; 5];
        stream.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"hello");
        stream.close().await.unwrap();
        assert_eq!(stream.read(&mut buffer).await.unwrap(), 0);
    });
}

#[test]
fn a_pair_of_addresses_is_used_again_through_time_wait() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        for round in 0..5_u8 {
            let socket = socket();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(at("10.0.0.1:4000")).unwrap();
            let start = time::now();
            let mut client = socket.connect(at("10.0.0.2:7")).await.unwrap();
            assert_eq!(time::now() - start, Duration::from_millis(2), "there and back");
            let (mut server, _) = listener.accept().await.unwrap();
            client.write_all(&[round; 10]).await.unwrap();
            let mut buffer = [0; 10];
            server.read_exact(&mut buffer).await.unwrap();
            assert_eq!(buffer, [round; 10]);
            // The server has the pair in TIME-WAIT, and takes a new connection of it all the same.
            drop(server);
            assert_eq!(client.read(&mut buffer).await.unwrap(), 0);
            drop(client);
            time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[test]
fn a_real_connection_is_not_disturbed_by_sockets_that_are_only_bound() {
    run(async {
        let (mut client, mut server) = connected().await;
        let bystander = bound("10.0.0.1:5000");
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
        let error = Node::named("server").spawn(TcpStream::connect("10.0.0.1:5000")).await.unwrap();
        assert_eq!(kind(error), ErrorKind::ConnectionRefused, "bound is not listening");
        drop(bystander);
    });
}

#[test]
fn what_comes_late_of_an_earlier_connection_of_the_pair_is_not_taken() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        let mut is_first = true;
        let _hook = fault::hook(move |crossing| {
            if crossing.packet.payload == b"old" && std::mem::take(&mut is_first) {
                // A copy goes at once, so that nobody misses it.
                crossing.copies = 1;
                crossing.delay = Duration::from_secs(3);
            }
        });
        let mut buffer = [0; 3];
        for (text, pause) in [(b"old", 0), (b"new", 5)] {
            let socket = socket();
            socket.set_reuseaddr(true).unwrap();
            socket.bind(at("10.0.0.1:4000")).unwrap();
            let mut client = socket.connect(at("10.0.0.2:7")).await.unwrap();
            let (mut server, _) = listener.accept().await.unwrap();
            time::sleep(Duration::from_secs(pause)).await;
            client.write_all(text).await.unwrap();
            server.read_exact(&mut buffer).await.unwrap();
            assert_eq!(&buffer, text);
            drop(server);
            assert_eq!(client.read(&mut buffer).await.unwrap(), 0);
            drop(client);
            time::sleep(Duration::from_millis(10)).await;
        }
    });
}

#[test]
fn segments_are_as_large_as_the_link_carries() {
    let link = LinkConfig { mtu_bytes: 140, ..LinkConfig::default() };
    run_on(NetworkConfig { link, ..NetworkConfig::default() }, async {
        let (mut client, mut server) = connected().await;
        let lengths = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let seen = std::rc::Rc::clone(&lengths);
        let _hook = fault::hook(move |crossing| seen.borrow_mut().push(crossing.packet.payload.len()));
        client.write_all(&[1; 100]).await.unwrap();
        // A full segment does not wait for an acknowledgement, and 99 bytes would.
        client.write_all(&[2; 100]).await.unwrap();
        client.write_all(&[3; 99]).await.unwrap();
        server.read_exact(&mut [0; 200]).await.unwrap();
        assert_eq!(lengths.borrow()[..3], [100, 100, 99]);
    });
}
