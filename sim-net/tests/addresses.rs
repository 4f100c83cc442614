//! Addresses of hosts: two families, further ones, and who may have which.

mod pair;

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::future::join;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, listen, run};
use sim_executor::{Node, time};
use sim_net::{
    AddressError, TcpListener, TcpStream, UdpSocket, add_address, addresses, fault, remove_address,
};

const FAMILY_NOT_SUPPORTED: Option<i32> = Some(97);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Connects from `main`, and gives what each end sees: local, peer.
async fn seen(listener: &TcpListener, to: &str) -> [String; 4] {
    let (client, accepted) = join(TcpStream::connect(to), listener.accept()).await;
    let (client, (server, source)) = (client.unwrap(), accepted.unwrap());
    assert_eq!(server.peer_addr().unwrap(), source);
    [client.local_addr(), client.peer_addr(), server.local_addr(), server.peer_addr()]
        .map(|address| address.unwrap().ip().to_string())
}

#[test]
fn every_host_has_an_address_of_each_family() {
    run(async {
        let _server = Node::named("server");
        assert_eq!(addresses("main"), [ip("10.0.0.1"), ip("fd00::1")]);
        assert_eq!(addresses("server"), [ip("10.0.0.2"), ip("fd00::2")]);
    });
}

#[test]
fn a_connection_by_name_is_one_of_ipv4() {
    run(async {
        let (client, server) = connected().await;
        assert_eq!(client.peer_addr().unwrap().to_string(), "10.0.0.2:7");
        assert_eq!(server.peer_addr().unwrap(), client.local_addr().unwrap());
    });
}

#[test]
fn a_listener_at_all_addresses_of_both_families_shows_ipv4_mapped() {
    run(async {
        let listener = listen("[::]:7").await;
        assert_eq!(listener.local_addr().unwrap().to_string(), "[::]:7");
        assert_eq!(seen(&listener, "[fd00::2]:7").await, ["fd00::1", "fd00::2", "fd00::2", "fd00::1"]);
        let mapped = ["10.0.0.1", "10.0.0.2", "::ffff:10.0.0.2", "::ffff:10.0.0.1"];
        assert_eq!(seen(&listener, "10.0.0.2:7").await, mapped);
        let both_mapped = ["::ffff:10.0.0.1", "::ffff:10.0.0.2", "::ffff:10.0.0.2", "::ffff:10.0.0.1"];
        assert_eq!(seen(&listener, "[::ffff:10.0.0.2]:7").await, both_mapped);
    });
}

#[test]
fn a_listener_at_all_addresses_of_ipv4_is_not_at_those_of_ipv6() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        assert_eq!(seen(&listener, "10.0.0.2:7").await[2], "10.0.0.2");
        let error = TcpStream::connect("[fd00::2]:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn the_wildcards_of_both_families_exclude_each_other() {
    run(async {
        for (first, second) in [("[::]:7", "0.0.0.0:7"), ("0.0.0.0:7", "[::]:7"), ("[::]:7", "127.0.0.1:7")] {
            let _first = TcpListener::bind(first).await.unwrap();
            let error = TcpListener::bind(second).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrInUse, "{second} after {first}");
        }
        let _v4 = TcpListener::bind("0.0.0.0:7").await.unwrap();
        TcpListener::bind("[::1]:7").await.unwrap();
        TcpListener::bind("[fd00::1]:7").await.unwrap();
    });
}

#[test]
fn loopback_addresses_are_each_hosts_own() {
    run(async {
        let server = listen("[::1]:7").await;
        let error = TcpStream::connect("[::1]:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused, "the listener is on another host");
        drop(server);
        let listener = TcpListener::bind("[::1]:7").await.unwrap();
        assert_eq!(seen(&listener, "[::1]:7").await, ["::1"; 4]);
        assert_eq!(seen(&listener, "[::]:7").await, ["::1"; 4]);
    });
}

#[test]
fn an_address_of_another_or_of_nobody_cannot_be_bound() {
    run(async {
        let _server = Node::named("server");
        add_address("server", ip("192.168.0.2")).unwrap();
        for other in ["10.0.0.2:7", "[fd00::2]:7", "192.168.0.2:7", "192.168.0.3:7", "[2001:db8::1]:7"] {
            let error = TcpListener::bind(other).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::AddrNotAvailable, "{other}");
            assert_eq!(UdpSocket::bind(other).await.unwrap_err().kind(), ErrorKind::AddrNotAvailable);
        }
        let error = TcpListener::bind("[ff02::1]:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "nobody can be connected to many");
    });
}

#[test]
fn where_no_host_is_there_is_no_way() {
    run(async {
        for (to, kind) in [
            ("[fd00::9]:7", ErrorKind::HostUnreachable),
            ("10.200.0.1:7", ErrorKind::HostUnreachable),
            ("192.168.0.1:7", ErrorKind::NetworkUnreachable),
            ("[2001:db8::1]:7", ErrorKind::NetworkUnreachable),
            ("10.255.255.255:7", ErrorKind::NetworkUnreachable),
            ("239.1.1.1:7", ErrorKind::NetworkUnreachable),
        ] {
            assert_eq!(TcpStream::connect(to).await.unwrap_err().kind(), kind, "{to}");
        }
    });
}

#[test]
fn links_and_partitions_are_those_of_the_hosts_whatever_the_address() {
    run(async {
        let listener = listen("[::]:7").await;
        add_address("server", ip("2001:db8::2")).unwrap();
        let partition = fault::partition("main", "fd00::2".parse::<IpAddr>().unwrap());
        for to in ["10.0.0.2:7", "[fd00::2]:7", "[2001:db8::2]:7"] {
            assert_eq!(TcpStream::connect(to).await.unwrap_err().kind(), ErrorKind::TimedOut, "{to}");
        }
        drop(partition);
        seen(&listener, "[2001:db8::2]:7").await;
    });
}

#[test]
fn a_host_sends_from_the_address_that_is_in_the_network_of_its_peer() {
    run(async {
        let listener = listen("[::]:7").await;
        for (host, address) in [
            ("main", "192.168.5.1"),
            ("main", "192.168.6.1"),
            ("main", "2001:db8::1"),
            ("server", "192.168.6.2"),
            ("server", "172.16.0.2"),
            ("server", "2001:db8::2"),
        ] {
            add_address(host, ip(address)).unwrap();
        }
        assert_eq!(seen(&listener, "192.168.6.2:7").await[0], "192.168.6.1");
        assert_eq!(seen(&listener, "172.16.0.2:7").await[0], "10.0.0.1", "none is near: its own");
        assert_eq!(seen(&listener, "[2001:db8::2]:7").await[..2], ["2001:db8::1", "2001:db8::2"]);
        assert_eq!(seen(&listener, "10.0.0.2:7").await[0], "10.0.0.1");
    });
}

#[test]
fn a_listener_may_be_at_one_of_several_addresses() {
    run(async {
        let _server = Node::named("server");
        add_address("server", ip("192.168.0.2")).unwrap();
        let (public, private) = (listen("192.168.0.2:7").await, listen("10.0.0.2:7").await);
        assert_eq!(seen(&public, "192.168.0.2:7").await[2], "192.168.0.2");
        assert_eq!(seen(&private, "10.0.0.2:7").await[2], "10.0.0.2");
        let taken = Node::named("server").spawn(TcpListener::bind("0.0.0.0:7")).await.unwrap();
        assert_eq!(taken.unwrap_err().kind(), ErrorKind::AddrInUse);
    });
}

#[test]
fn an_address_has_one_host() {
    run(async {
        let _server = Node::named("server");
        let shared = ip("192.168.0.2");
        add_address("server", shared).unwrap();
        let in_use = AddressError::InUse { ip: shared, owner: "server".to_string() };
        assert_eq!(add_address("main", shared), Err(in_use.clone()));
        assert_eq!(add_address("server", shared), Err(in_use));
        let own = ip("fd00::2");
        let in_use = AddressError::InUse { ip: own, owner: "server".to_string() };
        assert_eq!(add_address("main", own), Err(in_use));
        let reserved = ip("10.0.0.9");
        assert_eq!(add_address("main", reserved), Err(AddressError::Reserved { ip: reserved }));
        for nobodys in ["127.0.0.2", "::1", "0.0.0.0", "255.255.255.255", "239.1.1.1", "ff02::1"].map(ip) {
            assert_eq!(add_address("main", nobodys), Err(AddressError::NotOfOneHost { ip: nobodys }));
        }
        let not_given = AddressError::NotGiven { ip: shared, host: "main".to_string() };
        assert_eq!(remove_address("main", shared), Err(not_given));
        assert!(remove_address("server", ip("10.0.0.2")).is_err(), "its own stays");
    });
}

#[test]
fn an_address_that_moves_takes_no_connection_along() {
    run(async {
        let moving = ip("192.168.0.9");
        let _hosts = [Node::named("one"), Node::named("other")];
        add_address("one", moving).unwrap();
        let listen_on = |node| Node::named(node).spawn(TcpListener::bind("0.0.0.0:7"));
        let (one, other) =
            (listen_on("one").await.unwrap().unwrap(), listen_on("other").await.unwrap().unwrap());
        let (client, accepted) = join(TcpStream::connect("192.168.0.9:7"), one.accept()).await;
        let (mut client, (mut server, _)) = (client.unwrap(), accepted.unwrap());

        remove_address("one", moving).unwrap();
        client.write_all(b"lost").await.unwrap();
        server.write_all(b"lost as well").await.unwrap();
        time::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.try_read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);
        assert_eq!(client.try_read(&mut [0; 9]).unwrap_err().kind(), ErrorKind::WouldBlock);

        add_address("other", moving).unwrap();
        let error = client.read(&mut [0; 9]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "the other knows nothing of the connection");
        assert_eq!(seen(&other, "192.168.0.9:7").await[2], "192.168.0.9");
    });
}

#[test]
fn an_address_that_comes_back_finds_its_connections_again() {
    run(async {
        let moving = ip("192.168.0.9");
        let _server = Node::named("server");
        add_address("server", moving).unwrap();
        let listener = listen("192.168.0.9:7").await;
        let (client, accepted) = join(TcpStream::connect("192.168.0.9:7"), listener.accept()).await;
        let (mut client, (mut server, _)) = (client.unwrap(), accepted.unwrap());
        remove_address("server", moving).unwrap();
        client.write_all(b"late").await.unwrap();
        time::sleep(Duration::from_secs(1)).await;
        add_address("server", moving).unwrap();
        let mut buffer = [0; 4];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(buffer, *b"late");
        server.write_all(b"answer").await.unwrap();
        assert_eq!(client.read(&mut [0; 9]).await.unwrap(), 6);
    });
}

#[test]
fn a_datagram_socket_of_both_families_talks_to_both() {
    run(async {
        let server = Node::named("server").spawn(UdpSocket::bind("[::]:7")).await.unwrap().unwrap();
        let (v4, v6) =
            (UdpSocket::bind("0.0.0.0:0").await.unwrap(), UdpSocket::bind("[::]:0").await.unwrap());
        let mut buffer = [0; 8];
        for (client, to, source) in [
            (&v4, "10.0.0.2:7", "::ffff:10.0.0.1"),
            (&v6, "10.0.0.2:7", "::ffff:10.0.0.1"),
            (&v6, "[::ffff:10.0.0.2]:7", "::ffff:10.0.0.1"),
            (&v6, "[fd00::2]:7", "fd00::1"),
        ] {
            client.send_to(b"ask", to).await.unwrap();
            let (_, from) = server.recv_from(&mut buffer).await.unwrap();
            assert_eq!(from.ip().to_string(), source, "{to}");
            server.send_to(b"tell", from).await.unwrap();
            let (_, from) = client.recv_from(&mut buffer).await.unwrap();
            assert_eq!(from.ip().to_canonical(), to.parse::<SocketAddr>().unwrap().ip().to_canonical());
        }
        let error = v4.send_to(b"x", "[fd00::2]:7").await.unwrap_err();
        assert_eq!(error.raw_os_error(), FAMILY_NOT_SUPPORTED);
        assert_eq!(v4.connect("[fd00::2]:7").await.unwrap_err().raw_os_error(), FAMILY_NOT_SUPPORTED);
    });
}

#[test]
fn nothing_leaves_the_loopback() {
    run(async {
        let server = Node::named("server").spawn(UdpSocket::bind("[::]:7")).await.unwrap().unwrap();
        let v4 = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        assert_eq!(v4.send_to(b"x", "10.0.0.2:7").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        let v6 = UdpSocket::bind("[::1]:0").await.unwrap();
        assert_eq!(v6.send_to(b"x", "[fd00::2]:7").await.unwrap(), 1, "as Linux, which drops it later");
        time::sleep(Duration::from_secs(1)).await;
        assert_eq!(server.try_recv(&mut [0; 8]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn a_datagram_to_an_address_that_moves_goes_to_whom_has_it() {
    run(async {
        let moving = ip("2001:db8::9");
        let bind_on = |node| Node::named(node).spawn(UdpSocket::bind("[::]:7"));
        let (one, other) = (bind_on("one").await.unwrap().unwrap(), bind_on("other").await.unwrap().unwrap());
        let client = UdpSocket::bind("[::]:0").await.unwrap();
        add_address("one", moving).unwrap();
        client.connect("[2001:db8::9]:7").await.unwrap();
        client.send(b"1").await.unwrap();
        one.recv(&mut [0]).await.unwrap();
        remove_address("one", moving).unwrap();
        add_address("other", moving).unwrap();
        client.send(b"2").await.unwrap();
        other.recv(&mut [0]).await.unwrap();
        assert_eq!(one.try_recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    });
}

#[test]
fn connecting_a_datagram_socket_to_nobody_is_no_error() {
    run(async {
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.connect("10.0.0.2:7").await.unwrap();
        client.send(b"lost").await.unwrap();
        let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
        client.send(b"hello").await.unwrap();
        let (length, source) = server.recv_from(&mut [0; 9]).await.unwrap();
        assert_eq!(length, 5);
        server.send_to(b"hi", source).await.unwrap();
        assert_eq!(client.recv(&mut [0; 9]).await.unwrap(), 2);
    });
}
