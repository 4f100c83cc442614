//! A program that calls what both kinds of sockets have, on one host's loopback; it tells what came of each call.

use std::fmt::Debug;
use std::future::poll_fn;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadBuf};

use super::Interest;
use super::net::{TcpListener, TcpSocket, TcpStream, UdpSocket, lookup_host};

/// What a call gave: its value, or the kind of its error.
fn show<T: Debug>(what: &str, result: io::Result<T>) -> String {
    match result {
        Ok(value) => format!("{what}: {value:?}"),
        Err(error) => match error.raw_os_error() {
            Some(number) if format!("{:?}", error.kind()) == "Uncategorized" => {
                format!("{what}: error {number}")
            }
            _ => format!("{what}: {:?}", error.kind()),
        },
    }
}

/// Without the port, which no program knows.
fn ip(result: io::Result<SocketAddr>) -> io::Result<std::net::IpAddr> {
    result.map(|address| address.ip())
}

pub(crate) async fn play() -> Vec<String> {
    let mut lines = Vec::new();
    listeners(&mut lines).await;
    streams(&mut lines).await;
    readiness(&mut lines).await;
    options(&mut lines).await;
    halves(&mut lines).await;
    owned_halves(&mut lines).await;
    sockets(&mut lines).await;
    sockets_that_connect(&mut lines).await;
    datagrams(&mut lines).await;
    lines
}

async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (client, listener.accept().await.unwrap().0)
}

async fn listeners(lines: &mut Vec<String>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    lines.push(show("listener at", ip(listener.local_addr())));
    lines.push(show("a port that is taken", TcpListener::bind(address).await.map(|_| ())));
    lines.push(show("an address that is not ours", TcpListener::bind("192.0.2.1:0").await.map(|_| ())));
    lines.push(show("ttl", listener.ttl()));
    lines.push(show("set_ttl", listener.set_ttl(33)));
    lines.push(show("set_ttl", listener.set_ttl(0)));
    lines.push(show("ttl", listener.ttl()));
    let pending = poll_fn(|context| Poll::Ready(listener.poll_accept(context).is_pending())).await;
    lines.push(format!("nothing to accept: {pending}"));
    let client = TcpStream::connect(&[address][..]).await.unwrap();
    let (server, peer) = poll_fn(|context| listener.poll_accept(context)).await.unwrap();
    lines.push(format!("the peer is the client: {}", peer == client.local_addr().unwrap()));
    lines.push(format!("and the other way: {}", server.local_addr().unwrap() == client.peer_addr().unwrap()));
    lines.push(show("an accepted stream's ttl", server.ttl()));
    drop(listener);
    lines.push(show("connecting to nobody", TcpStream::connect(address).await.map(|_| ())));
    let found: Vec<_> = lookup_host("127.0.0.1:80").await.unwrap().collect();
    lines.push(format!("{found:?}"));
    lines.push(show("no port", lookup_host("127.0.0.1").await.map(|_| ())));
}

async fn streams(lines: &mut Vec<String>) {
    let (mut client, mut server) = pair().await;
    lines.push(show("nothing to read", server.try_read(&mut [0; 8])));
    lines.push(show("write", client.write(b"hello").await));
    server.readable().await.unwrap();
    let mut buffer = [0; 8];
    lines.push(show("peek", server.peek(&mut buffer).await));
    let peeked = poll_fn(|context| {
        let mut free = ReadBuf::new(&mut buffer);
        server.poll_peek(context, &mut free).map_ok(|bytes| (bytes, free.filled().to_vec()))
    });
    lines.push(show("poll_peek", peeked.await));
    lines.push(show("try_read", server.try_read(&mut buffer[..2])));
    let (mut one, mut other) = ([0; 1], [0; 4]);
    let mut buffers = [IoSliceMut::new(&mut one), IoSliceMut::new(&mut other)];
    lines.push(show("try_read_vectored", server.try_read_vectored(&mut buffers)));
    lines.push(format!("{one:?} {other:?}"));
    lines.push(show("try_write", server.try_write(b"ab")));
    lines.push(show(
        "try_write_vectored",
        server.try_write_vectored(&[IoSlice::new(b"c"), IoSlice::new(b"de")]),
    ));
    let mut all = [0; 5];
    lines.push(show("read_exact", client.read_exact(&mut all).await));
    lines.push(show("write", client.write(b"more").await));
    // It is still ready for what was read before.
    server.readable().await.unwrap();
    server.peek(&mut [0]).await.unwrap();
    let mut grown = Vec::with_capacity(64);
    lines.push(show("try_read_buf", server.try_read_buf(&mut grown)));
    lines.push(format!("{grown:?}"));
    lines.push(show("shutdown", client.shutdown().await));
    lines.push(show("write after it", client.write(b"x").await));
    lines.push(show("the end", server.read(&mut buffer).await));
    lines.push(show("half closed", server.write(b"bye").await));
    drop(server);
    let mut rest = Vec::new();
    lines.push(show("read_to_end", client.read_to_end(&mut rest).await));
    lines.push(show("take_error", client.take_error().map(|error| error.is_some())));
    lines.push(format!(
        "{}",
        format!("{client:?}").starts_with("TcpStream") || !format!("{client:?}").is_empty()
    ));
}

async fn readiness(lines: &mut Vec<String>) {
    let both = Interest::READABLE | Interest::WRITABLE;
    let (client, mut server) = pair().await;
    let ready = client.ready(both).await.unwrap();
    lines.push(format!("new: {} {}", ready.is_readable(), ready.is_writable()));
    lines.push(show("writable", client.writable().await));
    lines.push(show("poll_write_ready", poll_fn(|context| client.poll_write_ready(context)).await));
    lines.push(show("try_io", client.try_io(Interest::READABLE, || Ok(1))));
    lines.push(show("try_io", client.try_io(Interest::WRITABLE, || Ok(2))));
    server.write_all(b"x").await.unwrap();
    lines.push(show("poll_read_ready", poll_fn(|context| client.poll_read_ready(context)).await));
    let ready = client.ready(Interest::READABLE).await.unwrap();
    lines.push(format!("data: {} {}", ready.is_readable(), ready.is_read_closed()));
    let mut buffer = [0; 4];
    lines.push(show("async_io", client.async_io(Interest::READABLE, || client.try_read(&mut buffer)).await));
    // So that tokio forgets that there was something to read.
    lines.push(show("nothing more", client.try_read(&mut buffer)));
    server.shutdown().await.unwrap();
    client.readable().await.unwrap();
    let ready = client.ready(Interest::READABLE).await.unwrap();
    lines.push(format!("the end: {} {}", ready.is_readable(), ready.is_read_closed()));
    lines.push(show("read", client.try_read(&mut buffer)));
}

async fn options(lines: &mut Vec<String>) {
    let (client, server) = pair().await;
    lines.push(show("nodelay", client.nodelay()));
    lines.push(show("set_nodelay", client.set_nodelay(true)));
    lines.push(show("nodelay", client.nodelay()));
    lines.push(show("ttl", client.ttl()));
    lines.push(show("set_ttl", client.set_ttl(300)));
    lines.push(show("set_ttl", client.set_ttl(12)));
    lines.push(show("ttl", client.ttl()));
    lines.push(show("quickack", client.quickack()));
    lines.push(show("set_quickack", client.set_quickack(false)));
    lines.push(show("quickack", client.quickack()));
    lines.push(show("set_linger", super::set_linger(&server, Some(Duration::from_millis(2_700)))));
    lines.push(show("linger", server.linger()));
    lines.push(show("set_zero_linger", server.set_zero_linger()));
    lines.push(show("linger", server.linger()));
    drop(server);
    client.readable().await.unwrap();
    lines.push(show("reset", client.try_read(&mut [0; 4])));
    lines.push(show("then the end", client.try_read(&mut [0; 4])));
    lines.push(show("and no write", client.try_write(b"x")));
    lines.push(show("nor a peer", ip(client.peer_addr())));
}

async fn halves(lines: &mut Vec<String>) {
    let (mut client, mut server) = pair().await;
    let (mut reader, mut writer) = client.split();
    lines.push(show("reader", ip(reader.local_addr())));
    lines.push(show("writer", ip(writer.peer_addr())));
    lines.push(show("write", writer.write(b"one").await));
    lines.push(show("writable", writer.writable().await));
    lines.push(show("try_write", writer.try_write(b"two")));
    lines.push(show("try_write_vectored", writer.try_write_vectored(&[IoSlice::new(b"three")])));
    let ready = writer.ready(Interest::WRITABLE).await.unwrap();
    lines.push(format!("ready: {}", ready.is_writable()));
    lines.push(show("server", server.read_exact(&mut [0; 11]).await));
    server.write_all(b"four").await.unwrap();
    lines.push(show("readable", reader.readable().await));
    let mut buffer = [0; 2];
    lines.push(show("peek", reader.peek(&mut buffer).await));
    let peeked = poll_fn(|context| reader.poll_peek(context, &mut ReadBuf::new(&mut buffer)));
    lines.push(show("poll_peek", peeked.await));
    lines.push(show("try_read", reader.try_read(&mut buffer)));
    lines.push(show("try_read_vectored", reader.try_read_vectored(&mut [IoSliceMut::new(&mut buffer[..1])])));
    lines.push(show("try_read_buf", reader.try_read_buf(&mut Vec::with_capacity(9))));
    lines.push(show("nothing more", reader.try_read(&mut [0])));
    lines.push(show("shutdown", writer.shutdown().await));
    lines.push(show("the end", server.read(&mut [0]).await));
    lines.push(format!("{}", reader.as_ref().nodelay().unwrap()));
}

async fn owned_halves(lines: &mut Vec<String>) {
    let (client, mut server) = pair().await;
    let (mut reader, writer) = client.into_split();
    lines.push(show("local", ip(writer.local_addr())));
    lines.push(show("peer", ip(reader.peer_addr())));
    lines.push(show("try_write", writer.try_write(b"one")));
    lines.push(show("writable", writer.writable().await));
    lines.push(format!("{}", writer.ready(Interest::WRITABLE).await.unwrap().is_writable()));
    server.read_exact(&mut [0; 3]).await.unwrap();
    server.write_all(b"two").await.unwrap();
    lines.push(format!("{}", reader.ready(Interest::READABLE).await.unwrap().is_readable()));
    lines.push(show("peek", reader.peek(&mut [0; 9]).await));
    lines.push(show("try_read", reader.try_read(&mut [0; 9])));
    let (other, _its_peer) = pair().await;
    let (_, other_writer) = other.into_split();
    let error = reader.reunite(other_writer).unwrap_err();
    lines.push(error.to_string());
    let (reader, writer) = (error.0, writer);
    let client = writer.reunite(reader).unwrap();
    let (reader, writer) = client.into_split();
    drop(writer);
    lines.push(show("the end", server.read(&mut [0]).await));
    lines.push(show("the other half", server.write(b"x").await));
    lines.push(show("readable", reader.readable().await));
    let (client, mut server) = pair().await;
    let (reader, writer) = client.into_split();
    writer.forget();
    server.write_all(b"y").await.unwrap();
    reader.readable().await.unwrap();
    lines.push(show("forgotten, not closed", server.try_read(&mut [0])));
}

fn v4() -> TcpSocket {
    TcpSocket::new_v4().unwrap()
}

async fn sockets(lines: &mut Vec<String>) {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let socket = v4();
    lines.push(show("unbound", socket.local_addr()));
    for set in [false, true] {
        lines.push(show("keepalive", socket.set_keepalive(set).and_then(|()| socket.keepalive())));
        lines.push(show("reuseaddr", socket.set_reuseaddr(set).and_then(|()| socket.reuseaddr())));
        lines.push(show("reuseport", socket.set_reuseport(set).and_then(|()| socket.reuseport())));
        lines.push(show("nodelay", socket.set_nodelay(set).and_then(|()| socket.nodelay())));
    }
    socket.set_reuseport(false).unwrap();
    for size in [1, 5_000, 100_000] {
        lines.push(show("send", socket.set_send_buffer_size(size).and_then(|()| socket.send_buffer_size())));
        lines.push(show(
            "receive",
            socket.set_recv_buffer_size(size).and_then(|()| socket.recv_buffer_size()),
        ));
    }
    lines.push(show("tos", socket.set_tos_v4(16).and_then(|()| socket.tos_v4())));
    lines.push(show("set_zero_linger", socket.set_zero_linger().and_then(|()| socket.linger())));
    lines.push(show("set_linger", super::set_linger_of_socket(&socket, None).and_then(|()| socket.linger())));
    lines.push(show("take_error", socket.take_error().map(|error| error.is_some())));
    lines.push(show("bind", socket.bind(any)));
    lines.push(show("bind again", socket.bind(any)));
    lines.push(show("bound", ip(socket.local_addr())));
    let address = socket.local_addr().unwrap();
    lines.push(show("taken", v4().bind(address)));
    let second = v4();
    second.set_reuseaddr(true).unwrap();
    lines.push(show("shared", second.bind(address)));
    let listener = socket.listen(8).unwrap();
    lines.push(show("only one listens", second.listen(8).map(|_| ())));
    let third = v4();
    third.set_reuseaddr(true).unwrap();
    lines.push(show("one listens", third.bind(address)));
    drop(listener);
    lines.push(show("a v6 address", v4().bind("[::1]:0".parse().unwrap())));
    lines.push(show("unbound listener", v4().listen(1).and_then(|listener| ip(listener.local_addr()))));
}

async fn sockets_that_connect(lines: &mut Vec<String>) {
    let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
    let listener = TcpListener::bind(any).await.unwrap();
    let at = listener.local_addr().unwrap();
    let bound = v4();
    bound.set_reuseaddr(true).unwrap();
    bound.set_keepalive(true).unwrap();
    bound.bind(any).unwrap();
    let from = bound.local_addr().unwrap();
    let stream = bound.connect(at).await.unwrap();
    lines.push(format!("from there: {}", stream.local_addr().unwrap() == from));
    let again = v4();
    again.set_reuseaddr(true).unwrap();
    lines.push(show("bound again", again.bind(from)));
    lines.push(show("the same pair", again.connect(at).await.map(|_| ())));
    let closed = v4();
    closed.bind(any).unwrap();
    let nobody = closed.local_addr().unwrap();
    lines.push(show("bound, not listening", v4().connect(nobody).await.map(|_| ())));
    lines.push(show("a v6 address", v4().connect("[::1]:9".parse().unwrap()).await.map(|_| ())));
    let itself = v4();
    itself.bind(any).unwrap();
    let own = itself.local_addr().unwrap();
    let mut itself = itself.connect(own).await.unwrap();
    itself.write_all(b"echo").await.unwrap();
    lines.push(show("with itself", itself.read_exact(&mut [0; 4]).await));
}

async fn datagrams(lines: &mut Vec<String>) {
    let (one, other) =
        (UdpSocket::bind("127.0.0.1:0").await.unwrap(), UdpSocket::bind("127.0.0.1:0").await.unwrap());
    let (mut buffer, to) = ([0; 8], other.local_addr().unwrap());
    lines.push(show("send_to", one.send_to(b"hello", to).await));
    lines.push(show("readable", other.readable().await));
    lines.push(show("writable", other.writable().await));
    lines.push(format!("{}", other.ready(Interest::READABLE).await.unwrap().is_readable()));
    lines.push(show("peek_from", other.peek_from(&mut buffer).await.map(|(bytes, _)| bytes)));
    lines.push(show(
        "recv_from",
        other.recv_from(&mut buffer).await.map(|(bytes, from)| (bytes, from == one.local_addr().unwrap())),
    ));
    lines.push(show("nothing", other.try_recv_from(&mut buffer).map(|(bytes, _)| bytes)));
    lines.push(show("not connected", one.send(b"x").await));
    lines.push(show("nor a peer", ip(one.peer_addr())));
    lines.push(show("connect", one.connect(to).await));
    lines.push(show("send", one.send(b"abc").await));
    lines.push(show("recv", other.recv(&mut buffer).await));
    lines.push(show("try_send", one.try_send(b"de")));
    other.readable().await.unwrap();
    other.peek(&mut [0]).await.unwrap();
    lines.push(show("try_recv", other.try_recv(&mut buffer)));
    lines.push(show("try_send_to", other.try_send_to(b"f", one.local_addr().unwrap())));
    lines.push(show("take_error", one.take_error().map(|error| error.is_some())));
    lines.push(show("too long", other.send_to(&vec![0; 70_000], to).await));
}
