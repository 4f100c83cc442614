//! Keepalive, with the other options of a TCP connection that stands.

mod pair;

use std::io::{self, ErrorKind};
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, listen, run};
use sim_executor::{Executor, ProductionOrder, RunError, spawn, time};
use sim_net::{Interest, Ready, TcpKeepalive, TcpSocket, fault};

const HOUR: Duration = Duration::from_secs(3_600);

#[test]
fn keepalive_ends_a_connection_to_a_silent_peer() {
    run(async {
        let (mut client, _server) = connected().await;
        client.set_keepalive(true).unwrap();
        let (_partition, start) = (fault::partition("main", "server"), time::now());
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!(time::now() - start, 2 * HOUR + 9 * Duration::from_secs(75));
        assert_eq!(client.write(&[1]).await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn keepalive_that_was_set_before_connecting_begins_with_the_connection() {
    run(async {
        let _listener = listen("0.0.0.0:7").await;
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_keepalive(true).unwrap();
        let mut client = socket.connect("10.0.0.2:7".parse().unwrap()).await.unwrap();
        let (_partition, start) = (fault::partition("main", "server"), time::now());
        assert_eq!(client.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(time::now() - start, 2 * HOUR + 9 * Duration::from_secs(75));
    });
}

#[test]
fn without_keepalive_a_silent_peer_is_waited_for_for_ever() {
    run(async {
        let (mut client, _server) = connected().await;
        client.set_keepalive(true).unwrap();
        client.set_keepalive(false).unwrap();
        let _partition = fault::partition("main", "server");
        assert!(time::timeout(20 * HOUR, client.read(&mut [0; 8])).await.is_err());
    });
}

#[test]
fn an_idle_peer_that_answers_is_never_given_up() {
    run(async {
        let (mut client, mut server) = connected().await;
        let times =
            TcpKeepalive { idle: Duration::from_secs(10), interval: Duration::from_secs(1), count: 1 };
        client.set_tcp_keepalive(&times).unwrap();
        assert_eq!(client.tcp_keepalive().unwrap(), times);
        time::sleep(HOUR).await;
        client.write_all(b"still there").await.unwrap();
        let mut buffer = [0; 11];
        server.read_exact(&mut buffer).await.unwrap();
        assert_eq!(&buffer, b"still there");
    });
}

#[test]
fn a_peer_that_knows_nothing_of_the_connection_resets_it_when_it_is_probed() {
    run(async {
        let (mut client, server) = connected().await;
        client.set_keepalive(true).unwrap();
        let partition = fault::partition("main", "server");
        server.set_zero_linger().unwrap();
        drop(server); // its RST is lost
        drop(partition);
        let start = time::now();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(time::now() - start, 2 * HOUR + Duration::from_millis(2), "there and back");
    });
}

#[test]
fn keepalive_does_not_hide_a_deadlock() {
    let mut executor = Executor::new(ProductionOrder);
    let error = executor
        .block_on(async {
            let (mut client, mut server) = connected().await;
            client.set_keepalive(true).unwrap();
            let serving = spawn(async move { server.read(&mut [0; 8]).await });
            client.read_exact(&mut [0; 8]).await.unwrap();
            serving.await.unwrap().unwrap();
        })
        .unwrap_err();
    assert!(matches!(error, RunError::Deadlock(_)), "{error}");
}

#[test]
fn linger_counts_in_whole_seconds() {
    run(async {
        let (client, mut server) = connected().await;
        client.set_linger(Some(Duration::from_millis(1_500))).unwrap();
        assert_eq!(client.linger().unwrap(), Some(Duration::from_secs(1)));
        client.set_linger(Some(Duration::from_millis(500))).unwrap();
        assert_eq!(client.linger().unwrap(), Some(Duration::ZERO));
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn a_stream_tells_what_it_is_ready_for() {
    run(async {
        let both = Interest::READABLE | Interest::WRITABLE;
        let (client, mut server) = connected().await;
        assert_eq!(client.ready(both).await.unwrap(), Ready::WRITABLE);
        server.write_all(b"x").await.unwrap();
        assert_eq!(client.ready(Interest::READABLE).await.unwrap(), Ready::READABLE);
        assert_eq!(client.ready(both).await.unwrap(), Ready::READABLE | Ready::WRITABLE);
        server.close().await.unwrap();
        time::sleep(Duration::from_millis(5)).await;
        let at_end = client.ready(both).await.unwrap();
        assert_eq!(at_end, Ready::READABLE | Ready::WRITABLE | Ready::READ_CLOSED);
        server.set_zero_linger().unwrap();
        drop(server);
        let error = client.ready(Interest::ERROR).await.unwrap();
        assert!(error.is_error(), "{error:?}");
        let all = client.ready(both | Interest::ERROR).await.unwrap();
        assert!(all.is_write_closed() && all.is_read_closed() && all.is_error(), "{all:?}");
    });
}

#[test]
fn calls_of_ones_own_are_made_when_the_stream_is_ready() {
    run(async {
        let (client, mut server) = connected().await;
        let would_block = client.try_io(Interest::READABLE, || Ok(1)).unwrap_err();
        assert_eq!(would_block.kind(), ErrorKind::WouldBlock);
        assert_eq!(client.try_io(Interest::WRITABLE, || Ok(2)).unwrap(), 2);
        let reading = spawn(async move {
            let mut calls = 0;
            let buffer = &mut [0; 8];
            let bytes = client
                .async_io(Interest::READABLE, || {
                    calls += 1;
                    // Says once that it would block, though it need not.
                    if calls == 1 { Err(ErrorKind::WouldBlock.into()) } else { client.try_read(buffer) }
                })
                .await;
            (bytes.unwrap(), calls)
        });
        server.write_all(b"one").await.unwrap();
        time::sleep(Duration::from_millis(5)).await;
        assert!(!reading.is_finished(), "nothing has happened since");
        server.write_all(b"two").await.unwrap();
        assert_eq!(reading.await.unwrap(), (6, 2));
    });
}

#[test]
fn several_buffers_are_read_at_once() {
    run(async {
        let (client, mut server) = connected().await;
        let (mut first, mut second) = ([0; 3], [0; 9]);
        let mut buffers = [io::IoSliceMut::new(&mut first), io::IoSliceMut::new(&mut second)];
        assert_eq!(client.try_read_vectored(&mut buffers).unwrap_err().kind(), ErrorKind::WouldBlock);
        server.write_all(b"hello").await.unwrap();
        client.readable().await.unwrap();
        assert_eq!(client.try_read_vectored(&mut buffers).unwrap(), 5);
        assert_eq!((&first, &second[..2]), (b"hel", &b"lo"[..]));
    });
}

#[test]
fn a_waiting_acknowledgement_goes_when_it_is_asked_for() {
    run(async {
        let (mut client, mut server) = connected().await;
        assert!(client.quickack().unwrap());
        client.set_quickack(false).unwrap();
        assert!(!client.quickack().unwrap());
        // Its acknowledgement waits for data; the second write waits for it.
        server.write_all(b"a").await.unwrap();
        server.write_all(b"b").await.unwrap();
        client.read_exact(&mut [0]).await.unwrap();
        let start = time::now();
        client.set_quickack(true).unwrap();
        client.read_exact(&mut [0]).await.unwrap();
        assert_eq!(time::now() - start, Duration::from_millis(2), "there and back");
    });
}
