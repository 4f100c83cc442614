//! Readiness as tokio keeps it: a socket counts as ready until a call finds that it would block.
//!
//! So `readable()` and `writable()` may come back for nothing, and what follows them must expect that.

mod pair;

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::task::Poll;

use futures::FutureExt as _;
use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use pair::{connected, run};
use sim_executor::{spawn, time, yield_now};
use sim_net::{Interest, Ready, UdpSocket, UnixDatagram, UnixListener, UnixStream};

/// Whether a future is ready at its first poll.
fn at_once<T>(future: impl Future<Output = T>) -> bool {
    future.now_or_never().is_some()
}

fn would_block<T>(result: io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

#[test]
fn an_accepted_stream_counts_as_readable_until_a_read_would_block() {
    run(async {
        let (client, server) = connected().await;
        assert!(!at_once(client.readable()) && at_once(client.writable()));
        assert!(at_once(server.readable()) && at_once(server.writable()));
        assert!(would_block(server.try_read(&mut [0])) && !at_once(server.readable()));
        let listener = UnixListener::bind("s").unwrap();
        let client = UnixStream::connect("s").await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        assert!(!at_once(client.readable()) && at_once(client.writable()));
        assert!(at_once(server.readable()) && at_once(server.writable()));
        assert!(would_block(server.try_read(&mut [0])) && !at_once(server.readable()));
        client.try_write(b"ping").unwrap();
        assert!(at_once(server.readable()));
    });
}

#[test]
fn a_stream_counts_as_readable_after_an_exact_read_until_a_read_would_block() {
    run(async {
        let (client, mut server) = connected().await;
        assert!(would_block(server.try_read(&mut [0])) && !at_once(server.readable()));
        client.try_write(b"ping").unwrap();
        server.read_exact(&mut [0; 4]).await.unwrap();
        assert!(at_once(server.readable()) && at_once(server.readable()));
        assert_eq!(server.ready(Interest::READABLE).await.unwrap(), Ready::READABLE);
        assert!(would_block(server.try_read(&mut [0])));
        assert!(!at_once(server.readable()));
        let (one, mut other) = UnixStream::pair().unwrap();
        assert!(!at_once(other.readable()));
        one.try_write(b"ping").unwrap();
        other.read_exact(&mut [0; 4]).await.unwrap();
        assert!(at_once(other.readable()));
        assert!(would_block(other.try_read(&mut [0])) && !at_once(other.readable()));
    });
}

#[test]
fn a_read_that_does_not_fill_its_buffer_says_that_nothing_is_left() {
    run(async {
        let (client, mut server) = connected().await;
        client.try_write(b"ping").unwrap();
        assert_eq!(server.read(&mut [0; 5]).await.unwrap(), 4);
        assert!(!at_once(server.readable()));
        client.try_write(b"ping").unwrap();
        server.readable().await.unwrap();
        assert_eq!(server.try_read(&mut [0; 5]).unwrap(), 4);
        assert!(at_once(server.readable()), "tokio draws this conclusion from `poll_read` alone");
        let (one, mut other) = UnixStream::pair().unwrap();
        one.try_write(b"ping").unwrap();
        assert_eq!(other.read(&mut [0; 5]).await.unwrap(), 4);
        assert!(!at_once(other.readable()));
    });
}

#[test]
fn a_stream_counts_as_writable_until_a_write_would_block_and_then_until_there_is_much_room() {
    run(async {
        let (one, other) = UnixStream::pair().unwrap();
        assert!(at_once(one.writable()));
        while one.try_write(&[0; 1_000]).is_ok() {
            assert!(at_once(one.writable()));
        }
        assert!(!at_once(one.writable()));
        other.try_read(&mut [0; 1_000]).unwrap();
        assert!(would_block(one.try_write(b"x")), "there is room, but no event has said so");
        while other.try_read(&mut [0; 1_000]).is_ok() {}
        assert!(at_once(one.writable()));
        let (client, server) = connected().await;
        while client.try_write(&[0; 1_000]).is_ok() {
            assert!(at_once(client.writable()));
        }
        assert!(!at_once(client.writable()));
        let reader = spawn(async move {
            let mut server = server;
            server.read_exact(&mut vec![0; 60_000]).await.unwrap();
            server
        });
        client.writable().await.unwrap();
        client.try_write(b"x").unwrap();
        drop(reader);
    });
}

#[test]
fn datagram_sockets_count_as_ready_as_well() {
    run(async {
        let socket = UdpSocket::bind("127.0.0.1:7").await.unwrap();
        assert!(!at_once(socket.readable()) && at_once(socket.writable()));
        socket.send_to(b"a", "127.0.0.1:7").await.unwrap();
        socket.recv(&mut [0; 9]).await.unwrap();
        assert!(at_once(socket.readable()), "a datagram that fits says nothing of the next");
        assert!(would_block(socket.try_recv(&mut [0])) && !at_once(socket.readable()));
        let (one, other) = UnixDatagram::pair().unwrap();
        assert!(!at_once(one.readable()));
        other.send(b"a").await.unwrap();
        one.recv(&mut [0]).await.unwrap();
        assert!(at_once(one.readable()) && would_block(one.try_recv(&mut [0])) && !at_once(one.readable()));
    });
}

#[test]
fn a_sender_that_stops_when_it_would_block_stops() {
    run(async {
        let (sender, receiver) = UnixDatagram::pair().unwrap();
        let mut sent = 0;
        loop {
            sender.writable().await.unwrap();
            match sender.try_send(b"x") {
                Ok(_) => sent += 1,
                Err(error) => break assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
        }
        let mut received = 0;
        while receiver.try_recv(&mut [0]).is_ok() {
            received += 1;
        }
        assert_eq!((received, at_once(sender.writable())), (sent, true));
    });
}

#[test]
fn a_function_that_says_it_would_block_ends_readiness() {
    run(async {
        let (client, server) = connected().await;
        assert!(would_block(server.try_read(&mut [0])), "it counts as ready since it was accepted");
        client.try_write(b"x").unwrap();
        server.readable().await.unwrap();
        let blocks = || Err::<(), _>(io::Error::from(ErrorKind::WouldBlock));
        assert!(would_block(server.try_io(Interest::READABLE, blocks)));
        assert!(!at_once(server.readable()), "nothing new has come");
        assert!(would_block(server.try_io(Interest::READABLE, || Ok(()))), "it is not called");
        client.try_write(b"y").unwrap();
        server.readable().await.unwrap();
        assert_eq!(server.try_read(&mut [0; 9]).unwrap(), 2);
        let (one, other) = UnixDatagram::pair().unwrap();
        let reading = spawn(async move {
            let mut calls = 0;
            let count = || {
                calls += 1;
                one.try_recv(&mut [0])
            };
            one.async_io(Interest::READABLE, count).await.unwrap();
            calls
        });
        yield_now().await;
        other.send(b"x").await.unwrap();
        assert_eq!(reading.await.unwrap(), 1, "it is called when there is something");
    });
}

#[test]
fn an_end_can_always_be_read() {
    run(async {
        let (client, mut server) = connected().await;
        drop(client);
        server.readable().await.unwrap();
        for _ in 0..2 {
            assert_eq!(server.read(&mut [0]).await.unwrap(), 0);
            let ready = server.ready(Interest::READABLE | Interest::PRIORITY).await.unwrap();
            assert!(ready.is_readable() && ready.is_read_closed());
        }
    });
}

#[test]
fn a_unix_stream_connects_when_others_have_had_their_turn() {
    run(async {
        let listener = UnixListener::bind("/run/a").unwrap();
        let mut connect = Box::pin(UnixStream::connect("/run/a"));
        let is_ready = poll_fn(|context| Poll::Ready(connect.as_mut().poll(context).is_ready())).await;
        assert!(!is_ready, "ready at once");
        let (mut server, _) = listener.accept().await.unwrap();
        let mut client = connect.await.unwrap();
        client.write_all(b"x").await.unwrap();
        server.read_exact(&mut [0]).await.unwrap();
    });
}

#[test]
fn a_listener_that_is_dropped_resets_who_connects() {
    run(async {
        let listener = UnixListener::bind("/run/a").unwrap();
        let connecting = spawn(UnixStream::connect("/run/a"));
        time::sleep(std::time::Duration::ZERO).await;
        let mut connect = Box::pin(UnixStream::connect("/run/a"));
        assert!(poll_fn(|context| Poll::Ready(connect.as_mut().poll(context).is_pending())).await);
        drop(listener);
        assert_eq!(connect.await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        drop(connecting);
        assert_eq!(UnixStream::connect("/run/a").await.unwrap_err().kind(), ErrorKind::ConnectionRefused);
    });
}
