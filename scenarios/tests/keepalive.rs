//! Claims about connections that are kept alive.

use std::future::Future;
use std::time::Duration;

use futures::FutureExt as _;
use scenarios::{Close, ConnectionClosed, Keepalive, WebSocket};
use seedbed::net::{TcpListener, TcpStream, fault};
use seedbed::{Executor, KeyedRandom, Node, ProductionOrder, time};

const LATENCY: Duration = Duration::from_millis(1);

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Pings that are soon missed.
fn quick() -> Keepalive {
    Keepalive { ping_interval: Some(secs(2)), ping_timeout: secs(1), ..Keepalive::default() }
}

fn silent() -> Keepalive {
    Keepalive { ping_interval: None, ..Keepalive::default() }
}

async fn server<F: Future<Output = ()>>(keepalive: Keepalive, serve: impl FnOnce(WebSocket) -> F + 'static) {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    let (stream, _) = listener.accept().await.unwrap();
    serve(WebSocket::accept(stream, keepalive).await.unwrap()).await;
}

/// Runs both ends, each on its own host, until the client has ended; under which seed if any.
fn run<S, C, T>(
    seed: Option<u64>,
    keepalive: Keepalive,
    serve: impl FnOnce(WebSocket) -> S + 'static,
    talk: impl FnOnce(WebSocket) -> C + 'static,
) -> T
where
    S: Future<Output = ()> + 'static,
    C: Future<Output = T> + 'static,
    T: 'static,
{
    let mut executor = match seed {
        Some(seed) => Executor::new(KeyedRandom::new(seed)),
        None => Executor::new(ProductionOrder),
    };
    let talked = executor.block_on(async move {
        drop(Node::named("server").spawn(server(keepalive, serve)));
        let client = Node::named("client");
        let client = client
            .spawn(async move { talk(WebSocket::connect("server:80", keepalive).await.unwrap()).await });
        client.await.unwrap()
    });
    talked.unwrap()
}

async fn until_closed(socket: WebSocket) {
    while socket.recv().await.is_ok() {}
}

fn ping_timeout() -> Option<Close> {
    Some(Close { code: 1011, reason: "keepalive ping timeout".to_string() })
}

#[test]
fn messages_arrive_once_in_order_whatever_the_schedule() {
    for seed in 0..100 {
        let serve = async |socket: WebSocket| {
            for number in 0..50 {
                socket.send(number.to_string()).await.unwrap();
            }
            socket.close().await;
        };
        let got = run(Some(seed), Keepalive::default(), serve, async |socket| {
            let mut got = Vec::new();
            while let Some(message) = socket.next().await.unwrap() {
                got.push(message);
            }
            got
        });
        assert_eq!(got, (0..50).map(|number| number.to_string()).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn a_quiet_connection_stays_open_whose_pings_are_answered() {
    let (code, latency) = run(None, Keepalive::default(), until_closed, async |socket| {
        time::sleep(secs(3_600)).await;
        assert_eq!(socket.close_code(), None);
        (socket.close().await.code(), socket.latency())
    });
    assert_eq!((code, latency), (1000, 2 * LATENCY));
}

#[test]
fn both_ends_are_told_after_ping_pong_and_close_are_overdue() {
    let closed = run(None, quick(), until_closed, async |socket| {
        fault::partition("client", "server").keep();
        let closed = socket.recv().await.unwrap_err();
        // Connected at 4 ms.
        assert_eq!(time::elapsed(), secs(2 + 1 + 10) + 4 * LATENCY);
        assert_eq!(socket.close_code(), Some(1006));
        closed
    });
    assert_eq!(closed, ConnectionClosed { received: None, sent: ping_timeout(), received_first: false });
    assert_eq!(closed.name(), "ConnectionClosedError");
}

#[test]
fn without_pings_nobody_is_told() {
    let received = run(None, silent(), until_closed, async |socket| {
        fault::partition("client", "server").keep();
        time::timeout(secs(3_600), socket.recv()).await.is_ok()
    });
    assert!(!received);
}

#[test]
fn who_blocks_does_not_answer_and_hears_of_it_when_he_looks() {
    let closed = run(None, quick(), until_closed, async |socket| {
        time::block(secs(60)).await;
        socket.recv().await.unwrap_err()
    });
    assert_eq!(closed.received, ping_timeout());
    assert_eq!(closed.sent, ping_timeout());
    assert!(closed.received_first);
    assert_eq!(closed.code(), 1011);
}

#[test]
fn a_message_that_is_there_is_taken_without_suspending() {
    let serve = async |socket: WebSocket| {
        for number in 0..10 {
            socket.send(number.to_string()).await.unwrap();
        }
        until_closed(socket).await;
    };
    run(None, Keepalive::default(), serve, async |socket| {
        assert!(socket.recv().now_or_never().is_none(), "nothing can be there yet");
        time::sleep(secs(1)).await;
        for number in 0..10 {
            assert_eq!(socket.recv().now_or_never().unwrap().unwrap(), number.to_string());
        }
        assert!(socket.recv().now_or_never().is_none(), "all was taken");
    });
}

#[test]
fn a_pong_waits_behind_messages_that_nobody_takes() {
    // A message a second: 17 are too many for the queue, and from then on nothing is read.
    let serve = async |socket: WebSocket| {
        while socket.send("tick").await.is_ok() {
            time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (closed, taken) = run(None, quick(), serve, async |socket| {
        time::sleep(secs(20)).await;
        let mut taken = 0;
        loop {
            match socket.recv().await {
                Ok(_) => taken += 1,
                Err(closed) => return (closed, taken),
            }
        }
    });
    assert_eq!(closed.sent, ping_timeout());
    assert_eq!(closed.received, None);
    assert_eq!(taken, 17, "what was read before is still there");
}

#[test]
fn reading_goes_on_when_a_quarter_of_the_queue_is_left() {
    let serve = async |socket: WebSocket| {
        for number in 0..40 {
            time::sleep(Duration::from_millis(10)).await;
            socket.send(number.to_string()).await.unwrap();
        }
        until_closed(socket).await;
    };
    run(None, silent(), serve, async |socket| {
        time::sleep(secs(1)).await;
        let take_all = || std::iter::from_fn(|| socket.recv().now_or_never()).flatten().count();
        // All were taken in one turn: there was none in which more could have been read.
        assert_eq!(take_all(), 17);
        time::sleep(secs(1)).await;
        assert_eq!(take_all(), 23);
    });
}

#[test]
fn a_send_suspends_only_when_its_buffers_are_full() {
    let serve = async |socket: WebSocket| {
        // Takes nothing for a minute: 17 messages are read, the others fill the buffers.
        time::sleep(secs(60)).await;
        until_closed(socket).await;
    };
    run(None, silent(), serve, async |socket| {
        let mut sent = 0;
        while socket.send("x".repeat(1_000)).now_or_never().is_some() {
            sent += 1;
        }
        assert!(
            sent > 64,
            "64 KiB of the kernel and 32 KiB of the transport were free, and {sent} kB were sent"
        );
        socket.send("one more").await.unwrap();
        assert!(time::elapsed() < secs(1), "the server's host had room, and it took {:?}", time::elapsed());
        for _ in 0..300 {
            socket.send("x".repeat(1_000)).await.unwrap();
        }
        assert!(
            time::elapsed() >= secs(60),
            "nobody took anything before, and it took {:?}",
            time::elapsed()
        );
    });
}

#[test]
fn a_peer_that_goes_away_without_a_close_frame_is_an_error_with_1006() {
    let closed = Executor::new(ProductionOrder).block_on(async {
        drop(Node::named("server").spawn(async {
            let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            drop(async_tungstenite::accept_async(stream).await.unwrap());
        }));
        let client = Node::named("client").spawn(async {
            let socket = WebSocket::connect("server:80", Keepalive::default()).await.unwrap();
            socket.recv().await.unwrap_err()
        });
        client.await.unwrap()
    });
    let closed = closed.unwrap();
    assert_eq!(closed, ConnectionClosed { received: None, sent: None, received_first: false });
    assert_eq!(closed.code(), 1006);
}

#[test]
fn a_message_that_the_kernel_refuses_is_told_of_by_the_next_call() {
    let serve = async |socket: WebSocket| {
        socket.close().await;
    };
    run(None, silent(), serve, async |socket| {
        // Meanwhile the server closes, and gives up waiting for the answer after 10 s.
        time::block(secs(20)).await;
        socket.send("is answered with a reset").await.unwrap();
        time::block(secs(1)).await;
        socket.send("is refused").await.unwrap();
        let closed = socket.send("is too late").await.unwrap_err();
        assert_eq!(closed.to_string(), "no close frame received or sent");
    });
}

#[test]
fn nobody_listens_is_an_error_of_connecting() {
    let error = Executor::new(ProductionOrder).block_on(async {
        let _nobody = Node::named("server");
        WebSocket::connect("server:80", Keepalive::default()).await.unwrap_err()
    });
    assert_eq!(error.unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
}

#[test]
fn who_is_no_websocket_client_is_refused() {
    let accepted = Executor::new(ProductionOrder).block_on(async {
        let accepting = Node::named("server").spawn(async {
            let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
            let (stream, _) = listener.accept().await.unwrap();
            WebSocket::accept(stream, Keepalive::default()).await.err()
        });
        drop(TcpStream::connect("server:80").await.unwrap());
        accepting.await.unwrap()
    });
    assert!(accepted.unwrap().is_some());
}

#[test]
fn a_pong_that_the_kernel_refuses_ends_the_connection() {
    let closed = run(None, quick(), until_closed, async |socket| {
        // Meanwhile the server pings in vain, and gives up.
        time::block(secs(20)).await;
        socket.send("is answered with a reset").await.unwrap();
        time::block(secs(1)).await;
        time::timeout(secs(60), socket.recv()).await
    });
    let closed = closed.expect("the connection ends, and nobody waits for ever").unwrap_err();
    assert_eq!(closed.received, ping_timeout(), "what came before the reset was read");
}
