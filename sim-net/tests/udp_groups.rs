//! Datagrams to many.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use sim_executor::{Executor, Node, ProductionOrder, time};
use sim_net::{UdpSocket, add_address, fault};

fn run<F: Future + 'static>(program: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(program).unwrap()
}

const GROUP: Ipv4Addr = Ipv4Addr::new(239, 1, 2, 3);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff15, 0, 0, 0, 0, 0, 0, 1);
const ANY: Ipv4Addr = Ipv4Addr::UNSPECIFIED;

async fn bind(node: &'static str, address: &'static str) -> UdpSocket {
    Node::named(node).spawn(UdpSocket::bind(address)).await.unwrap().unwrap()
}

/// Where the datagrams came from that each of the sockets has got by now.
async fn sources(sockets: &[&UdpSocket]) -> Vec<Vec<String>> {
    time::sleep(Duration::from_millis(5)).await;
    let got = |socket: &&UdpSocket| {
        let sources = (0..9).map_while(|_| socket.try_recv_from(&mut [0; 9]).ok());
        sources.map(|(_, source)| source.ip().to_string()).collect()
    };
    sockets.iter().map(got).collect()
}

#[test]
fn a_broadcast_must_be_allowed() {
    run(async {
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        for to in ["255.255.255.255:7", "10.255.255.255:7", "127.255.255.255:7"] {
            let denied = socket.send_to(b"x", to).await.unwrap_err();
            assert_eq!(denied.kind(), ErrorKind::PermissionDenied, "{to}");
            assert_eq!(socket.connect(to).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
            socket.set_broadcast(true).unwrap();
            assert_eq!(socket.send_to(b"x", to).await.unwrap(), 1);
            socket.set_broadcast(false).unwrap();
            assert!(socket.send_to(b"x", to).await.is_err(), "what was allowed is so no more");
        }
    });
}

#[test]
fn a_broadcast_comes_to_every_host_the_own_included() {
    run(async {
        let (one, other) = (bind("one", "0.0.0.0:7").await, bind("other", "[::]:7").await);
        let (at_address, elsewhere) = (bind("third", "10.0.0.4:7").await, bind("third", "0.0.0.0:8").await);
        let sender = UdpSocket::bind("0.0.0.0:7").await.unwrap();
        sender.set_broadcast(true).unwrap();
        for to in ["255.255.255.255:7", "10.255.255.255:7"] {
            sender.send_to(b"all", to).await.unwrap();
            let got = sources(&[&one, &other, &sender, &at_address, &elsewhere]).await;
            let expected: [&[&str]; 5] = [&["10.0.0.1"], &["::ffff:10.0.0.1"], &["10.0.0.1"], &[], &[]];
            assert_eq!(got, expected, "{to}");
        }
        sender.send_to(b"own", "127.255.255.255:7").await.unwrap();
        assert_eq!(sources(&[&one, &sender]).await, [vec![], vec!["127.0.0.1".to_string()]]);
    });
}

#[test]
fn a_broadcast_uses_the_links_to_the_hosts() {
    run(async {
        let (one, other) = (bind("one", "0.0.0.0:7").await, bind("other", "0.0.0.0:7").await);
        let sender = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        sender.set_broadcast(true).unwrap();
        let _partition = fault::partition("main", "one");
        sender.send_to(b"all", "255.255.255.255:7").await.unwrap();
        assert_eq!(sources(&[&one, &other]).await.map_lengths(), [0, 1]);
    });
}

trait Lengths {
    fn map_lengths(&self) -> Vec<usize>;
}

impl Lengths for Vec<Vec<String>> {
    fn map_lengths(&self) -> Vec<usize> {
        self.iter().map(Vec::len).collect()
    }
}

#[test]
fn nothing_is_broadcast_out_of_the_loopback() {
    run(async {
        let other = bind("other", "0.0.0.0:7").await;
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        socket.set_broadcast(true).unwrap();
        let refused = socket.send_to(b"x", "10.255.255.255:7").await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::InvalidInput);
        socket.send_to(b"x", "255.255.255.255:7").await.unwrap();
        assert_eq!(sources(&[&other]).await.map_lengths(), [0]);
    });
}

#[test]
fn a_multicast_comes_to_those_who_have_joined() {
    run(async {
        let (member, stranger) = (bind("member", "0.0.0.0:7").await, bind("stranger", "0.0.0.0:7").await);
        member.join_multicast_v4(GROUP, ANY).unwrap();
        let sender = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        sender.send_to(b"all", (GROUP, 7)).await.unwrap();
        assert_eq!(sources(&[&member, &stranger]).await, [vec!["10.0.0.1".to_string()], vec![]]);
        member.leave_multicast_v4(GROUP, ANY).unwrap();
        sender.send_to(b"all", (GROUP, 7)).await.unwrap();
        assert_eq!(sources(&[&member]).await.map_lengths(), [0]);
    });
}

#[test]
fn a_host_is_in_a_group_for_all_its_sockets_until_the_last_has_left() {
    run(async {
        let (first, second) = (bind("member", "0.0.0.0:7").await, bind("member", "0.0.0.0:8").await);
        let at_group = bind("member", "239.1.2.3:9").await;
        first.join_multicast_v4(GROUP, ANY).unwrap();
        at_group.join_multicast_v4(GROUP, "10.0.0.2".parse().unwrap()).unwrap();
        let sender = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let send_all = async || {
            for port in 7..10 {
                sender.send_to(b"all", (GROUP, port)).await.unwrap();
            }
        };
        send_all().await;
        assert_eq!(sources(&[&first, &second, &at_group]).await.map_lengths(), [1, 1, 1]);
        drop(first);
        send_all().await;
        assert_eq!(sources(&[&second, &at_group]).await.map_lengths(), [1, 1]);
        drop(at_group);
        send_all().await;
        assert_eq!(sources(&[&second]).await.map_lengths(), [0]);
    });
}

#[test]
fn the_sender_gets_its_own_multicast_unless_it_asks_not_to() {
    run(async {
        let (sender, other) = (UdpSocket::bind("0.0.0.0:7").await.unwrap(), bind("other", "0.0.0.0:7").await);
        sender.join_multicast_v4(GROUP, ANY).unwrap();
        other.join_multicast_v4(GROUP, ANY).unwrap();
        sender.send_to(b"all", (GROUP, 7)).await.unwrap();
        assert_eq!(sources(&[&sender, &other]).await.map_lengths(), [1, 1]);
        sender.set_multicast_loop_v4(false).unwrap();
        sender.send_to(b"all", (GROUP, 7)).await.unwrap();
        assert_eq!(sources(&[&sender, &other]).await.map_lengths(), [0, 1]);
        sender.set_multicast_loop_v4(true).unwrap();
        sender.set_multicast_ttl_v4(0).unwrap();
        sender.send_to(b"all", (GROUP, 7)).await.unwrap();
        assert_eq!(sources(&[&sender, &other]).await.map_lengths(), [1, 0]);
    });
}

#[test]
fn a_multicast_of_ipv6_comes_to_those_who_have_joined() {
    run(async {
        let (member, stranger) = (bind("member", "[::]:7").await, bind("stranger", "[::]:7").await);
        member.join_multicast_v6(&GROUP_V6, 0).unwrap();
        let sender = UdpSocket::bind("[::]:0").await.unwrap();
        sender.send_to(b"all", (GROUP_V6, 7)).await.unwrap();
        assert_eq!(sources(&[&member, &stranger]).await, [vec!["fd00::1".to_string()], vec![]]);
        let v4 = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        assert_eq!(v4.send_to(b"all", (GROUP_V6, 7)).await.unwrap_err().raw_os_error(), Some(97));
        member.leave_multicast_v6(&GROUP_V6, 2).unwrap();
        sender.send_to(b"all", (GROUP_V6, 7)).await.unwrap();
        assert_eq!(sources(&[&member]).await.map_lengths(), [0]);
    });
}

#[test]
fn a_group_in_the_loopback_stays_there() {
    run(async {
        let other = bind("other", "[::]:7").await;
        let own = UdpSocket::bind("[::]:7").await.unwrap();
        for socket in [&own, &other] {
            socket.join_multicast_v4(GROUP, Ipv4Addr::LOCALHOST).unwrap();
            socket.join_multicast_v6(&GROUP_V6, 1).unwrap();
        }
        let v4 = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        v4.send_to(b"own", (GROUP, 7)).await.unwrap();
        let v6 = UdpSocket::bind("[::]:0").await.unwrap();
        let in_loopback = SocketAddr::V6(SocketAddrV6::new(GROUP_V6, 7, 0, 1));
        v6.send_to(b"own", in_loopback).await.unwrap();
        let got = sources(&[&own, &other]).await;
        assert_eq!(got[0], ["::ffff:127.0.0.1", "::1"]);
        assert!(got[1].is_empty());
        v6.send_to(b"others", (GROUP_V6, 7)).await.unwrap();
        assert_eq!(sources(&[&own, &other]).await.map_lengths(), [0, 0], "nobody has joined it outside");
    });
}

#[test]
fn who_joins_says_a_group_and_an_interface_of_the_host() {
    run(async {
        let socket = UdpSocket::bind("[::]:7").await.unwrap();
        add_address("main", IpAddr::from([192, 168, 0, 1])).unwrap();
        let own: [Ipv4Addr; 2] = ["10.0.0.1", "192.168.0.1"].map(|ip| ip.parse().unwrap());
        socket.join_multicast_v4(GROUP, own[1]).unwrap();
        let again = socket.join_multicast_v4(GROUP, own[0]).unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AddrInUse, "both are the way to all others");
        let no_group = socket.join_multicast_v4(own[0], ANY).unwrap_err();
        assert_eq!(no_group.kind(), ErrorKind::InvalidInput);
        let elsewhere = socket.join_multicast_v4(GROUP, Ipv4Addr::new(192, 168, 0, 9)).unwrap_err();
        assert_eq!(elsewhere.raw_os_error(), Some(19), "ENODEV");
        assert_eq!(socket.join_multicast_v6(&GROUP_V6, 77).unwrap_err().raw_os_error(), Some(19));
        let not_joined = socket.leave_multicast_v4(GROUP, Ipv4Addr::LOCALHOST).unwrap_err();
        assert_eq!(not_joined.kind(), ErrorKind::AddrNotAvailable);
        let v4 = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        assert_eq!(v4.join_multicast_v6(&GROUP_V6, 0).unwrap_err().raw_os_error(), Some(92));
    });
}
