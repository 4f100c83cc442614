//! What peers see of a host that crashes, is frozen, or starts again.

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{
    Crash, Executor, KeyedRandom, Node, Outage, ProductionOrder, Source, choose_between, spawn,
    spawn_blocking, time,
};
use sim_net::{
    Latency, LinkConfig, NetworkConfig, TcpKeepalive, TcpListener, TcpStream, UdpSocket, UnixDatagram,
    UnixListener, UnixStream, install, unix,
};

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

#[test]
fn keepalive_notices_a_loss_of_power_and_no_freeze() {
    each(|| async {
        serve(echo);
        time::sleep(MS).await;
        let times = TcpKeepalive { idle: 4 * SECOND, interval: 3 * SECOND, count: 3 };
        let mut stream = TcpStream::connect("server:7").await.unwrap();
        stream.set_tcp_keepalive(&times).unwrap();
        server().freeze();
        let silence = time::timeout(100 * SECOND, stream.read(&mut [0; 8])).await;
        assert!(silence.is_err(), "the kernel answers for a process that is stopped");
        server().thaw();
        assert_eq!(&ask(&mut stream).await.unwrap(), b"ping");
        server().crash(Crash::PowerLoss);
        let start = time::now();
        let error = stream.read(&mut [0; 8]).await.unwrap_err();
        // As measured on Linux, where data that is repeated ends with `HostUnreachable`, and keepalive does not.
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert_eq!((time::now() - start).as_secs(), 13);
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

/// What the server is at when it goes down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// It has answered, and waits for more.
    Idle,
    /// A client is connecting.
    Handshake,
    /// It sends without end.
    Streaming,
    /// It never accepts.
    Backlog,
    /// Its CPU is held, and a request waits in the kernel.
    BlockedCpu,
    /// A worker thread is at work.
    Worker,
    /// It sleeps.
    Timer,
}

const ALL: [At; 7] =
    [At::Idle, At::Handshake, At::Streaming, At::Backlog, At::BlockedCpu, At::Worker, At::Timer];

/// What a client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sees {
    Silence,
    End,
    Error(ErrorKind),
}

async fn handle(at: At, mut stream: TcpStream) {
    match at {
        At::Idle | At::Handshake | At::Backlog => {}
        At::Streaming => {
            let mut number = 0_u32;
            while stream.write_all(&number.to_be_bytes()).await.is_ok() {
                number += 1;
            }
        }
        At::BlockedCpu => time::block(50 * SECOND).await,
        At::Worker => spawn_blocking(|| time::block_now(50 * SECOND)).await.unwrap(),
        At::Timer => time::sleep(50 * SECOND).await,
    }
    echo(stream).await;
}

/// Begins a server that is at `at`, and at that only the first time.
fn begin(at: At) {
    let mut first = Some(at);
    server().run(move || {
        let at = first.take().unwrap_or(At::Idle);
        async move {
            let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
            if at == At::Backlog {
                time::sleep(50 * SECOND).await;
            }
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                spawn(handle(at, stream));
            }
        }
    });
}

/// Reads to the end, or for a while; what was read, and what came then.
async fn see(stream: &mut TcpStream) -> (Vec<u8>, Sees) {
    let mut all = Vec::new();
    let mut buffer = vec![0; 4_096];
    loop {
        match time::timeout(100 * SECOND, stream.read(&mut buffer)).await {
            Err(_) => return (all, Sees::Silence),
            Ok(Ok(0)) => return (all, Sees::End),
            Ok(Ok(bytes)) => all.extend_from_slice(&buffer[..bytes]),
            Ok(Err(error)) => return (all, Sees::Error(error.kind())),
        }
    }
}

/// A network whose packets overtake each other.
fn with_jitter() {
    let link = LinkConfig { latency: Latency::Uniform { min: MS, max: 5 * MS }, ..LinkConfig::default() };
    install(NetworkConfig { link, ..NetworkConfig::default() });
}

/// A client of a server that is at `at`, up to a drawn moment; `Err` if it could not connect.
async fn client_of(at: At, goes_down: impl FnOnce()) -> io::Result<TcpStream> {
    with_jitter();
    begin(at);
    time::sleep(MS).await;
    let connecting = spawn(TcpStream::connect("server:7"));
    if at == At::Handshake {
        time::sleep(Duration::from_micros(choose_between(0, 15_000))).await;
        goes_down();
        return connecting.await.unwrap();
    }
    let mut stream = connecting.await.unwrap()?;
    match at {
        At::Idle => assert_eq!(&ask(&mut stream).await?, b"ping"),
        At::BlockedCpu => stream.write_all(b"ping").await?,
        _ => {}
    }
    time::sleep(Duration::from_micros(20_000 + choose_between(0, 15_000))).await;
    goes_down();
    Ok(stream)
}

/// Whether the numbers that a streaming server has sent are complete up to their end.
fn is_prefix(bytes: &[u8]) -> bool {
    let numbers = bytes.chunks(4);
    numbers.zip(0_u32..).all(|(number, expected)| expected.to_be_bytes().starts_with(number))
}

async fn server_answers() {
    let mut stream = TcpStream::connect("server:7").await.unwrap();
    let answer = time::timeout(100 * SECOND, ask(&mut stream)).await.unwrap().unwrap();
    assert_eq!(&answer, b"ping");
}

#[test]
fn whatever_a_server_is_at_its_client_sees_what_linux_shows_of_a_killed_process() {
    for at in ALL {
        each(move || async move {
            let mut sees = match client_of(at, || server().crash(Crash::ProcessKill)).await {
                Ok(mut stream) => {
                    let (bytes, sees) = see(&mut stream).await;
                    assert!(if at == At::Streaming {
                        is_prefix(&bytes) && !bytes.is_empty()
                    } else {
                        bytes.is_empty()
                    });
                    sees
                }
                Err(error) => Sees::Error(error.kind()),
            };
            if at == At::Handshake && sees != Sees::End {
                // It depends on whether the SYN comes first, and whether the connection was accepted.
                let refused = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset].map(Sees::Error);
                assert!(refused.contains(&sees), "{sees:?}");
                sees = Sees::End;
            }
            let unread = [At::Backlog, At::BlockedCpu].contains(&at);
            assert_eq!(
                sees,
                if unread { Sees::Error(ErrorKind::ConnectionReset) } else { Sees::End },
                "{at:?}"
            );
            server().restart();
            time::sleep(MS).await;
            server_answers().await;
        });
    }
}

#[test]
fn whatever_a_server_is_at_its_client_sees_nothing_of_a_loss_of_power() {
    for at in ALL {
        each(move || async move {
            match client_of(at, || server().crash(Crash::PowerLoss)).await {
                Ok(mut stream) => {
                    let (bytes, sees) = see(&mut stream).await;
                    assert_eq!((sees, is_prefix(&bytes)), (Sees::Silence, true), "{at:?}");
                    server().restart();
                    time::sleep(MS).await;
                    stream.write_all(b"hello?").await.unwrap();
                    assert_eq!(see(&mut stream).await.1, Sees::Error(ErrorKind::ConnectionReset), "{at:?}");
                }
                Err(error) => {
                    assert_eq!((at, error.kind()), (At::Handshake, ErrorKind::HostUnreachable));
                    server().restart();
                    time::sleep(MS).await;
                }
            }
            server_answers().await;
        });
    }
}

#[test]
fn whatever_a_server_is_at_its_client_waits_while_it_is_frozen_and_loses_nothing() {
    for at in ALL {
        each(move || async move {
            let mut stream = client_of(at, || server().freeze()).await.unwrap();
            let mut bytes = see(&mut stream).await.0;
            // Its kernel takes what there is room for, and no more: longer than any retransmission timeout.
            let (mut reader, mut writer) = stream.into_split();
            let sent = 300_000;
            let writing = spawn(async move { writer.write_all(&vec![b'x'; sent]).await.map(|()| writer) });
            time::sleep(600 * SECOND).await;
            assert!(!writing.is_finished(), "{at:?}");
            server().thaw();
            if at == At::Streaming {
                let mut more = vec![0; 400_000];
                reader.read_exact(&mut more).await.unwrap();
                bytes.append(&mut more);
                return assert!(is_prefix(&bytes));
            }
            let asked = if at == At::BlockedCpu { 4 } else { 0 };
            let mut echoed = vec![0; sent + asked - bytes.len()];
            reader.read_exact(&mut echoed).await.unwrap();
            assert!(echoed[asked - bytes.len()..].iter().all(|&byte| byte == b'x'), "{at:?}");
            writing.await.unwrap().unwrap();
        });
    }
}

#[test]
fn datagrams_to_a_killed_process_are_refused_and_to_a_host_without_power_are_lost() {
    each(|| async {
        let received = Rc::new(Cell::new(0));
        let counted = Rc::clone(&received);
        server().run(move || {
            let received = Rc::clone(&counted);
            async move {
                let socket = UdpSocket::bind("0.0.0.0:7").await.unwrap();
                while let Ok(bytes) = socket.recv(&mut [0; 8]).await {
                    received.set(received.get() + bytes);
                }
            }
        });
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        socket.connect("server:7").await.unwrap();
        time::sleep(MS).await;
        server().crash(Crash::ProcessKill);
        socket.send(b"a").await.unwrap();
        let refused = socket.recv(&mut [0; 8]).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
        server().restart();
        time::sleep(MS).await;
        socket.send(b"in flight").await.unwrap();
        server().crash(Crash::PowerLoss);
        time::sleep(5 * MS).await;
        socket.send(b"lost").await.unwrap();
        let silence = time::timeout(SECOND, socket.recv(&mut [0; 8])).await;
        assert!(silence.is_err(), "{silence:?}");
        server().restart();
        time::sleep(SECOND).await;
        assert_eq!(received.get(), 0);
        socket.send(b"found").await.unwrap();
        time::sleep(SECOND).await;
        assert_eq!(received.get(), 5);
    });
}

#[test]
fn a_pair_of_addresses_in_time_wait_outlives_the_process_and_not_the_power() {
    for (kind, is_taken) in [(Crash::ProcessKill, true), (Crash::PowerLoss, false)] {
        each(move || async move {
            let listener = TcpListener::bind("0.0.0.0:9").await.unwrap();
            let closing = server().spawn(async {
                let mut stream = TcpStream::connect("main:9").await.unwrap();
                stream.close().await.unwrap();
                assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
                stream.local_addr().unwrap().port()
            });
            drop(listener.accept().await.unwrap());
            let port = closing.await.unwrap();
            server().crash(kind);
            server().restart();
            let bound = server().spawn(TcpListener::bind(("0.0.0.0", port))).await.unwrap();
            assert_eq!(bound.as_ref().err().map(io::Error::kind), is_taken.then_some(ErrorKind::AddrInUse));
            let other = server().spawn(TcpStream::connect("main:9")).await.unwrap().unwrap();
            assert_ne!(other.local_addr().unwrap().port(), port, "ports go on where they were");
        });
    }
}

#[test]
fn a_socket_that_another_node_holds_is_dead_with_its_process() {
    for kind in KINDS {
        each(move || async move {
            let listener = server().spawn(TcpListener::bind("0.0.0.0:7")).await.unwrap().unwrap();
            let socket = server().spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
            let client = TcpStream::connect("server:7").await.unwrap();
            let (mut stream, _) = listener.accept().await.unwrap();
            let waiting = spawn(async move { (stream.read(&mut [0]).await.unwrap_err(), stream) });
            time::sleep(MS).await;
            server().crash(kind);
            let is_dead = |error: io::Error| error.raw_os_error() == Some(9);
            let (error, mut stream) = waiting.await.unwrap();
            assert!(is_dead(error), "who waits is woken");
            assert_eq!(stream.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
            assert!(is_dead(listener.accept().await.unwrap_err()));
            assert!(is_dead(socket.recv(&mut [0]).await.unwrap_err()));
            assert!(is_dead(socket.peek_from(&mut [0]).await.unwrap_err()));
            assert!(is_dead(socket.send_to(b"x", "main:9").await.unwrap_err()));
            server().restart();
            let again = server().spawn(TcpListener::bind("0.0.0.0:7")).await.unwrap().unwrap();
            drop((listener, socket, stream, client));
            let _client = TcpStream::connect("server:7").await.unwrap();
            again.accept().await.unwrap();
        });
    }
}

#[test]
fn unix_sockets_die_with_their_process_and_their_files_stay() {
    for kind in KINDS {
        each(move || async move {
            let served = Rc::new(Cell::new(0));
            let counted = Rc::clone(&served);
            server().run(move || {
                let served = Rc::clone(&counted);
                async move {
                    let listener = UnixListener::bind("/run/x").or_else(|error| {
                        assert_eq!(error.kind(), ErrorKind::AddrInUse, "the file of the process before");
                        unix::remove_file("/run/x")?;
                        UnixListener::bind("/run/x")
                    });
                    let _abstract = UnixDatagram::bind("\0x").unwrap();
                    let (left, right) = UnixDatagram::pair().unwrap();
                    left.send(b"never read").await.unwrap();
                    let listener = listener.unwrap();
                    let mut client = UnixStream::connect("/run/x").await.unwrap();
                    let _backlog = UnixStream::connect("/run/x").await.unwrap();
                    let (mut stream, _) = listener.accept().await.unwrap();
                    client.write_all(b"hello").await.unwrap();
                    stream.read_exact(&mut [0; 3]).await.unwrap();
                    served.set(served.get() + 1);
                    drop((std::future::pending::<()>().await, right, left));
                }
            });
            for _ in 0..3 {
                time::timeout(SECOND, std::future::pending::<()>()).await.unwrap_err();
                server().crash(kind);
                server().restart();
            }
            time::sleep(MS).await;
            assert_eq!(served.get(), 4);
        });
    }
}

/// Numbers that a client has to get to a server that counts them, over connections that may break.
async fn deliver(numbers: u32, received: Rc<RefCell<Vec<u32>>>) {
    serve(move |mut stream| {
        let received = Rc::clone(&received);
        async move {
            let mut number = [0; 4];
            while stream.read_exact(&mut number).await.is_ok() {
                received.borrow_mut().push(u32::from_be_bytes(number));
                time::sleep(3 * MS).await; // writes a journal
                if stream.write_all(&number).await.is_err() {
                    return;
                }
            }
        }
    });
    let mut next = 0;
    while next < numbers {
        let connected = time::timeout(2 * SECOND, TcpStream::connect("server:7")).await;
        let Ok(Ok(mut stream)) = connected else {
            time::sleep(100 * MS).await;
            continue;
        };
        while next < numbers {
            let mut acknowledged = [0; 4];
            let exchange = async {
                stream.write_all(&next.to_be_bytes()).await?;
                stream.read_exact(&mut acknowledged).await
            };
            if !matches!(time::timeout(2 * SECOND, exchange).await, Ok(Ok(()))) {
                break;
            }
            assert_eq!(u32::from_be_bytes(acknowledged), next);
            next += 1;
            time::sleep(10 * MS).await;
        }
    }
}

fn delivery(seed: u64, kind: Crash) -> (u64, bool) {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let received = Rc::new(RefCell::new(Vec::new()));
    let program = deliver(100, Rc::clone(&received));
    let crashed = executor.block_on(async move {
        with_jitter();
        let outage = Outage { kind, within: SECOND, down_max: 5 * SECOND, ..Outage::default() };
        let moment = server().schedule(outage);
        program.await;
        moment.is_some()
    });
    let mut numbers = received.borrow().clone();
    let more = numbers.len() - 100;
    assert!(
        numbers.is_sorted() && more <= if kind == Crash::Freeze { 4 } else { 1 },
        "seed {seed}: {numbers:?}"
    );
    numbers.dedup();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>(), "seed {seed}");
    (executor.hash(), crashed.unwrap() && more > 0)
}

#[test]
fn a_client_that_reconnects_gets_everything_through_whenever_the_server_goes_down() {
    for kind in [Crash::ProcessKill, Crash::PowerLoss, Crash::Freeze] {
        let runs: Vec<_> = (0..60).map(|seed| delivery(seed, kind)).collect();
        assert_eq!(runs[7], delivery(7, kind), "a run is a function of its seed");
        let twice = runs.iter().filter(|(_, twice)| *twice).count();
        assert!(twice > 0, "{kind}: no outage came between a request and its answer");
    }
}
