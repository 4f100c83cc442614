//! What peers see of a host that crashes, is frozen, or starts again.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Crash, Executor, KeyedRandom, Node, ProductionOrder, Source, spawn, time};
use sim_net::{TcpListener, TcpStream, UdpSocket};

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const KINDS: [Crash; 2] = [Crash::ProcessKill, Crash::PowerLoss];

fn with_source<F: Future + 'static>(source: impl Source + 'static, program: F) -> F::Output {
    Executor::new(source).block_on(program).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs it in production order and under some seeds, then over a link whose packets overtake each other.
fn each<F: Future<Output = ()> + 'static>(program: impl Fn() -> F) {
    with_source(ProductionOrder, program());
    for seed in 0..30 {
        with_source(KeyedRandom::new(seed), program());
    }
}

fn server() -> Node {
    Node::named("server")
}

/// A program of the server that listens and gives each connection to `handle`.
fn serve<F: Future<Output = ()> + 'static>(handle: impl Fn(TcpStream) -> F + Clone + 'static) {
    server().run(move || {
        let handle = handle.clone();
        async move {
            let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                spawn(handle(stream));
            }
        }
    });
}

async fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 64];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        stream.write_all(&buffer[..length]).await.unwrap();
    }
}

async fn never_reads(stream: TcpStream) {
    let _stream = stream;
    std::future::pending::<()>().await;
}

async fn ask(stream: &mut TcpStream) -> io::Result<[u8; 4]> {
    stream.write_all(b"ping").await?;
    let mut answer = [0; 4];
    stream.read_exact(&mut answer).await?;
    Ok(answer)
}

async fn connect_error() -> (ErrorKind, Duration) {
    let start = time::now();
    let error = TcpStream::connect("server:7").await.unwrap_err();
    (error.kind(), time::now() - start)
}

#[test]
fn a_killed_process_ends_its_connections_with_fin_and_refuses_new_ones() {
    each(|| async {
        serve(echo);
        time::sleep(MS).await;
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(&ask(&mut stream).await.unwrap(), b"ping");
        server().crash(Crash::ProcessKill);
        let killed_at = time::now();
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "a FIN");
        assert_eq!(time::now() - killed_at, MS);
        assert_eq!(connect_error().await, (ErrorKind::ConnectionRefused, 2 * MS));
        // As on Linux: the first write after the peer's close is taken, and answered with a RST.
        stream.write_all(b"late").await.unwrap();
        time::sleep(5 * MS).await;
        assert_eq!(stream.write(b"later").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_killed_process_that_has_not_read_all_resets() {
    each(|| async {
        serve(never_reads);
        time::sleep(MS).await;
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        stream.write_all(b"unread").await.unwrap();
        time::sleep(5 * MS).await;
        server().crash(Crash::ProcessKill);
        assert_eq!(stream.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn what_a_killed_process_has_written_still_arrives() {
    each(|| async {
        serve(|mut stream| async move {
            stream.write_all(&[7; 60_000]).await.unwrap();
            never_reads(stream).await;
        });
        time::sleep(MS).await;
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        let mut all = Vec::new();
        stream.read_exact(&mut [0; 1]).await.unwrap();
        server().crash(Crash::ProcessKill);
        stream.read_to_end(&mut all).await.unwrap();
        assert_eq!(all.len(), 59_999);
    });
}

#[test]
fn a_killed_listener_resets_its_backlog() {
    each(|| async {
        server().run(|| async {
            let _listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
            std::future::pending::<()>().await;
        });
        time::sleep(MS).await;
        let mut waiting = TcpStream::connect("server:7").await.unwrap();
        time::sleep(5 * MS).await;
        server().crash(Crash::ProcessKill);
        assert_eq!(waiting.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        server().restart();
        time::sleep(MS).await;
        TcpStream::connect("server:7").await.unwrap();
    });
}

#[test]
fn a_host_without_power_is_silent_until_it_is_up_again_and_then_resets() {
    each(|| async {
        serve(echo);
        time::sleep(MS).await;
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        ask(&mut stream).await.unwrap();
        server().crash(Crash::PowerLoss);
        let silence = time::timeout(600 * SECOND, stream.read(&mut [0; 8])).await;
        assert!(silence.is_err(), "{silence:?}");
        stream.write_all(b"anybody?").await.unwrap();
        let silence = time::timeout(60 * SECOND, stream.read(&mut [0; 8])).await;
        assert!(silence.is_err(), "{silence:?}");
        server().restart();
        // The next retransmission meets a kernel that knows nothing of the connection.
        let error = time::timeout(120 * SECOND, stream.read(&mut [0; 8])).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(&ask(&mut stream).await.unwrap(), b"ping");
    });
}

#[test]
fn connecting_to_a_host_without_power_finds_nobody_and_gets_through_once_it_is_up() {
    each(|| async {
        serve(echo);
        time::sleep(MS).await;
        server().crash(Crash::PowerLoss);
        assert_eq!(connect_error().await, (ErrorKind::HostUnreachable, 3 * SECOND));
        server().start_after(500 * MS);
        let start = time::now();
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        assert_eq!(time::now() - start, SECOND + 2 * MS, "the second SYN is answered");
        time::sleep(5 * SECOND).await;
        ask(&mut stream).await.unwrap();
    });
}

#[test]
fn data_for_a_host_that_stays_down_ends_with_host_unreachable() {
    each(|| async {
        serve(echo);
        time::sleep(MS).await;
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        server().crash(Crash::PowerLoss);
        stream.write_all(b"lost").await.unwrap();
        let start = time::now();
        let error = stream.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::HostUnreachable);
        assert!((time::now() - start).as_secs() > 900, "after all retransmissions");
    });
}

/// Tries all it can with a stream when it is dropped.
struct Goodbye(Option<TcpStream>, Rc<Cell<u32>>);

impl Drop for Goodbye {
    fn drop(&mut self) {
        let stream = self.0.take().unwrap();
        let dropped = &self.1;
        dropped.set(dropped.get() + 1);
        assert_eq!(stream.try_write(b"bye").unwrap_err().raw_os_error(), Some(9), "EBADF");
        stream.set_nodelay(true).unwrap();
        assert!(stream.peer_addr().is_err() && stream.local_addr().is_ok());
        spawn(async move {
            let _stream = stream;
            TcpStream::connect("main:9").await.unwrap();
        });
        let bound = futures::FutureExt::now_or_never(UdpSocket::bind("0.0.0.0:9"));
        assert_eq!(bound.unwrap().unwrap_err().raw_os_error(), Some(9));
    }
}

#[test]
fn nothing_that_a_drop_sends_leaves_a_dead_host() {
    for kind in KINDS {
        each(move || async move {
            let dropped = Rc::new(Cell::new(0));
            let counted = Rc::clone(&dropped);
            serve(move |stream| {
                let goodbye = Goodbye(Some(stream), Rc::clone(&counted));
                async move { drop((std::future::pending::<()>().await, goodbye)) }
            });
            let listener = TcpListener::bind("0.0.0.0:9").await.unwrap();
            let mut stream = TcpStream::connect("server:7").await.unwrap();
            time::sleep(5 * MS).await;
            server().crash(kind);
            assert_eq!(dropped.get(), 1);
            let mut all = Vec::new();
            let read = time::timeout(100 * SECOND, stream.read_to_end(&mut all)).await;
            match kind {
                Crash::ProcessKill => {
                    assert_eq!(read.unwrap().unwrap(), 0, "the FIN of the kernel, and no bye")
                }
                _ => assert!(read.is_err(), "{read:?}"),
            }
            assert!(time::timeout(100 * SECOND, listener.accept()).await.is_err());
        });
    }
}
