//! Which tasks are woken of several that wait at one socket: as with tokio, of those that poll the last one, and of futures each.
//!
//! A program that polls one socket from two tasks loses the waker of the first, and hangs. It must do so here as well.

mod pair;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use futures::io::{AsyncRead, AsyncWrite};
use pair::{connected, listen, run};
use sim_executor::{Node, time};
use sim_net::{Interest, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream};

#[derive(Default)]
struct Count(AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Two wakers, and how often each was woken.
struct Two {
    counts: [Arc<Count>; 2],
    wakers: [Waker; 2],
}

impl Two {
    fn new() -> Self {
        let counts = [(); 2].map(|()| Arc::new(Count::default()));
        let wakers = counts.clone().map(Waker::from);
        Two { counts, wakers }
    }

    /// Polls with one waker, then with the other, both in vain.
    fn poll<R>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> Self {
        let two = Two::new();
        for waker in &two.wakers {
            assert!(poll(&mut Context::from_waker(waker)).is_pending(), "there is nothing to wait for");
        }
        two
    }

    /// How often each was woken by now.
    async fn woken(&self) -> [u32; 2] {
        time::sleep(Duration::from_millis(100)).await;
        [0, 1].map(|at| self.counts[at].0.load(Ordering::Relaxed))
    }
}

/// Only the second of two that poll is woken.
const THE_LAST: [u32; 2] = [0, 1];

fn fill(stream: &mut (impl AsyncWrite + Unpin)) {
    let mut context = Context::from_waker(Waker::noop());
    while Pin::new(&mut *stream).poll_write(&mut context, &[0; 65_536]).is_ready() {}
}

#[test]
fn a_stream_wakes_who_has_polled_last_to_read() {
    run(async {
        let (mut client, server) = connected().await;
        let two = Two::poll(|context| Pin::new(&mut client).poll_read(context, &mut [0]));
        server.try_write(b"x").unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        let (mut one, other) = UnixStream::pair().unwrap();
        let two = Two::poll(|context| Pin::new(&mut one).poll_read(context, &mut [0]));
        other.try_write(b"x").unwrap();
        assert_eq!(two.woken().await, THE_LAST);
    });
}

#[test]
fn a_stream_wakes_who_has_polled_last_to_write() {
    run(async {
        let (mut client, server) = connected().await;
        fill(&mut client);
        time::sleep(Duration::from_secs(1)).await;
        fill(&mut client);
        let two = Two::poll(|context| Pin::new(&mut client).poll_write(context, b"x"));
        for _ in 0..100 {
            let _nothing_yet = server.try_read(&mut [0; 65_536]);
            time::sleep(Duration::from_millis(1)).await;
        }
        assert_eq!(two.woken().await, THE_LAST);
        let (mut one, other) = UnixStream::pair().unwrap();
        fill(&mut one);
        let two = Two::poll(|context| Pin::new(&mut one).poll_write(context, b"x"));
        while other.try_read(&mut [0; 65_536]).is_ok() {}
        assert_eq!(two.woken().await, THE_LAST);
    });
}

#[test]
fn readiness_and_reads_share_one_place_and_the_two_directions_do_not() {
    run(async {
        let (mut client, server) = connected().await;
        fill(&mut client);
        time::sleep(Duration::from_secs(1)).await;
        fill(&mut client);
        let two = Two::new();
        let [first, second] = [0, 1].map(|at| Context::from_waker(&two.wakers[at]));
        let (mut first, mut second) = (first, second);
        assert!(client.poll_read_ready(&mut first).is_pending());
        assert!(client.poll_write_ready(&mut first).is_pending(), "another direction");
        assert!(Pin::new(&mut client).poll_read(&mut second, &mut [0]).is_pending());
        server.try_write(b"x").unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        while server.try_read(&mut [0; 65_536]).is_ok() {}
        assert_eq!(two.woken().await, [1, 1]);
    });
}

#[test]
fn a_listener_wakes_who_has_polled_last_to_accept() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        let two = Two::poll(|context| listener.poll_accept(context));
        let _client = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        let listener = UnixListener::bind("/run/a").unwrap();
        let two = Two::poll(|context| listener.poll_accept(context));
        let _client = UnixStream::connect("/run/a").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
    });
}

#[test]
fn a_datagram_socket_wakes_who_has_polled_last() {
    run(async {
        let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let two = Two::poll(|context| server.poll_recv_ready(context));
        client.send_to(b"x", "server:7").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        server.try_recv(&mut [0]).unwrap();
        server.try_recv(&mut [0]).unwrap_err();
        let two = Two::poll(|context| server.poll_peek_sender(context));
        client.send_to(b"x", "server:7").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        let (one, other) = UnixDatagram::pair().unwrap();
        let two = Two::poll(|context| one.poll_recv_ready(context));
        other.try_send(b"x").unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        while other.try_send(b"x").is_ok() {}
        let two = Two::poll(|context| other.poll_send(context, b"x"));
        while one.try_recv(&mut [0]).is_ok() {}
        assert_eq!(two.woken().await, THE_LAST);
    });
}

#[cfg(feature = "tokio")]
#[test]
fn a_datagram_socket_wakes_who_has_polled_last_into_a_buffer() {
    use tokio::io::ReadBuf;

    run(async {
        let (one, other) = UnixDatagram::pair().unwrap();
        let two = Two::poll(|context| one.poll_recv(context, &mut ReadBuf::new(&mut [0])));
        other.try_send(b"x").unwrap();
        assert_eq!(two.woken().await, THE_LAST);
        let socket = UdpSocket::bind("127.0.0.1:7").await.unwrap();
        let two = Two::poll(|context| socket.poll_recv_from(context, &mut ReadBuf::new(&mut [0])));
        socket.send_to(b"x", "127.0.0.1:7").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
    });
}

#[test]
fn of_futures_each_is_woken() {
    run(async {
        let (client, server) = connected().await;
        let (mut first, mut second) = (pin!(client.readable()), pin!(client.ready(Interest::READABLE)));
        let two = Two::new();
        assert!(first.as_mut().poll(&mut Context::from_waker(&two.wakers[0])).is_pending());
        assert!(second.as_mut().poll(&mut Context::from_waker(&two.wakers[1])).is_pending());
        server.try_write(b"x").unwrap();
        assert_eq!(two.woken().await, [1, 1]);
        client.try_read(&mut [0; 2]).unwrap();
        client.try_read(&mut [0; 2]).unwrap_err();
        let mut context = Context::from_waker(Waker::noop());
        assert!(first.poll(&mut context).is_ready(), "it was woken, be it that another has read");
        assert!(second.poll(&mut context).is_ready());
    });
}

#[test]
fn a_future_that_is_gone_is_not_woken() {
    run(async {
        let socket = UdpSocket::bind("127.0.0.1:7").await.unwrap();
        let two = Two::new();
        {
            let mut buffer = [0];
            let receive = pin!(socket.recv_from(&mut buffer));
            assert!(receive.poll(&mut Context::from_waker(&two.wakers[0])).is_pending());
        }
        let mut buffer = [0];
        let mut receive = pin!(socket.recv_from(&mut buffer));
        assert!(receive.as_mut().poll(&mut Context::from_waker(&two.wakers[1])).is_pending());
        socket.send_to(b"x", "127.0.0.1:7").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
    });
}

#[test]
fn a_future_that_moves_to_another_task_is_woken_there() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        let mut accept = pin!(listener.accept());
        let two = Two::poll(|context| accept.as_mut().poll(context));
        let _client = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(two.woken().await, THE_LAST);
    });
}
