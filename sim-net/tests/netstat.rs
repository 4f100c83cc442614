//! The table of sockets, at each state of a conversation.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use sim_executor::{Executor, Node, ProductionOrder, spawn, time};
use sim_net::netstat::{Netstat, SocketState, netstat, netstat_of};
use sim_net::{
    LinkConfig, NetworkConfig, TcpConfig, TcpListener, TcpStream, UdpSocket, UnixDatagram, UnixListener,
    UnixStream, fault, install,
};

/// Tables with what had happened before.
#[derive(Default)]
struct Tables(String);

impl Tables {
    fn add(&mut self, when: &str) {
        write!(self.0, "== {when}\n{}\n", netstat()).unwrap();
    }
}

/// A link takes 10 ms.
fn run<T: 'static>(program: impl Future<Output = T> + 'static) -> T {
    let mut executor = Executor::new(ProductionOrder);
    let link = LinkConfig::fixed(Duration::from_millis(10));
    let tcp = TcpConfig { receive_buffer_bytes: 8_000, ..TcpConfig::default() };
    executor.enter(|| install(NetworkConfig { link, tcp, ..NetworkConfig::default() }));
    executor.block_on(program).unwrap()
}

async fn ms(count: u64) {
    time::sleep(Duration::from_millis(count)).await;
}

async fn listener() -> TcpListener {
    Node::named("server").spawn(TcpListener::bind("0.0.0.0:7")).await.unwrap().unwrap()
}

#[test]
fn a_conversation_goes_through_the_states_of_tcp() {
    let text = run(async {
        let mut tables = Tables::default();
        let listener = listener().await;
        let connecting = Node::named("client").spawn(TcpStream::connect("server:7"));
        ms(5).await;
        tables.add("a SYN is on its way");
        ms(10).await;
        tables.add("its answer is on its way");
        let mut client = connecting.await.unwrap().unwrap();
        ms(20).await;
        tables.add("the connection is established, and not accepted");
        let (mut server, _) = listener.accept().await.unwrap();
        client.write_all(b"hello").await.unwrap();
        ms(5).await;
        tables.add("5 bytes are on their way");
        ms(50).await;
        tables.add("they have arrived, and that is not acknowledged yet");
        client.close().await.unwrap();
        ms(5).await;
        tables.add("the client's FIN is on its way");
        ms(100).await;
        tables.add("it was acknowledged");
        server.read_exact(&mut [0; 5]).await.unwrap();
        drop(server);
        ms(5).await;
        tables.add("the server's FIN is on its way");
        ms(100).await;
        drop(client);
        tables.add("the connection has ended");
        ms(70_000).await;
        tables.add("a minute later");
        tables.0
    });
    insta::assert_snapshot!(text);
}

#[test]
fn two_that_close_at_once_and_others_that_fail() {
    let text = run(async {
        let mut tables = Tables::default();
        let listener = listener().await;
        let client = Node::named("client").spawn(TcpStream::connect("server:7")).await.unwrap().unwrap();
        let (server, _) = listener.accept().await.unwrap();
        (&client).close().await.unwrap();
        (&server).close().await.unwrap();
        ms(12).await;
        tables.add("both FINs have arrived, and neither acknowledgement");
        ms(100).await;
        drop((client, server));
        let refused = Node::named("client").spawn(TcpStream::connect("server:8"));
        ms(5).await;
        tables.add("a SYN goes to a closed port");
        assert!(refused.await.unwrap().is_err());
        let mut client = Node::named("client").spawn(TcpStream::connect("server:7")).await.unwrap().unwrap();
        let (server, _) = listener.accept().await.unwrap();
        let writing = spawn(async move {
            let written = client.write_all(&[1; 100_000]).await;
            (client, written)
        });
        ms(2_000).await;
        tables.add("the server does not read, and its window is closed");
        let cut = fault::partition("client", "server");
        drop(server);
        ms(500).await;
        tables.add("the server has reset, and nobody hears it");
        drop(cut);
        ms(10_000).await;
        let (_client, written) = writing.await.unwrap();
        assert!(written.is_err());
        tables.add("the client has heard it");
        tables.0
    });
    insta::assert_snapshot!(text);
}

#[test]
fn datagram_sockets_and_unix_sockets_are_in_the_table() {
    let text = run(async {
        let mut tables = Tables::default();
        let server = Node::named("server").spawn(UdpSocket::bind("[::]:53")).await.unwrap().unwrap();
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.connect("server:53").await.unwrap();
        client.send(b"hello").await.unwrap();
        ms(20).await;
        let _listener = UnixListener::bind("/run/a").unwrap();
        let stream = UnixStream::connect("/run/a").await.unwrap();
        stream.try_write(b"hello").unwrap();
        let _hidden = UnixDatagram::bind("\0hidden").unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect("\0hidden").unwrap();
        sender.send(b"hi").await.unwrap();
        tables.add("all have sent");
        drop(server);
        tables.0
    });
    insta::assert_snapshot!(text);
}

#[test]
fn the_table_is_data_and_can_be_of_one_host() {
    run(async {
        let listener = Rc::new(listener().await);
        let client = Node::named("client").spawn(TcpStream::connect("server:7")).await.unwrap().unwrap();
        let of_client = netstat_of("client");
        let [row] = &of_client.sockets[..] else { panic!("{of_client}") };
        assert_eq!((row.node.as_str(), row.state), ("client", SocketState::Established));
        let local: SocketAddr = client.local_addr().unwrap();
        assert_eq!(row.local.to_string(), local.to_string());
        let of_server = netstat_of("server");
        let states: Vec<SocketState> = of_server.sockets.iter().map(|row| row.state).collect();
        assert!(states.contains(&SocketState::Listen), "{of_server}");
        let both = Netstat {
            sockets: [netstat_of("main"), of_server, of_client].map(|table| table.sockets).concat(),
        };
        assert_eq!(netstat(), both);
        drop(listener);
    });
}
