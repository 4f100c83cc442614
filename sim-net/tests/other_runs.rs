//! What a socket or a guard of one run does in another: it panics with a clear text, or does nothing.

use std::io::ErrorKind;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{
    Config, Executor, JoinHandle, Node, Outcome, ProductionOrder, RunError, TraceLevel, World, time,
};
use sim_net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream, fault};

const MS: Duration = Duration::from_millis(1);

fn traced() -> Executor {
    Executor::with_config(Config { trace: TraceLevel::All, ..Config::default() }, ProductionOrder)
}

/// What a future gives in a run of its own.
fn run<F: Future + 'static>(program: F) -> F::Output {
    Executor::new(ProductionOrder).block_on(program).unwrap()
}

/// What the run says in which a future panics.
fn panic_of<F: Future + 'static>(program: F) -> String {
    match Executor::new(ProductionOrder).block_on(program) {
        Err(RunError::Panicked(panic)) => panic.message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("nothing has panicked"),
    }
}

const REFUSED: &str = "this socket belongs to another run: make a new one in each run, and keep none in a static or \
                       beside the runs";

fn serve(node: &str) -> JoinHandle<()> {
    Node::named(node).spawn(async {
        let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(b"hello").await.unwrap();
        }
    })
}

#[test]
fn a_socket_of_another_run_is_refused_and_its_drop_closes_none_of_this_one() {
    let old = run(UdpSocket::bind("0.0.0.0:9"));
    let address = async move {
        let _own = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        old.unwrap().local_addr()
    };
    assert_eq!(panic_of(address), REFUSED);
    let old = run(UdpSocket::bind("0.0.0.0:9")).unwrap();
    let sent = run(async move {
        let own = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        drop(old);
        own.send_to(b"x", "127.0.0.1:9").await.unwrap();
        own.recv(&mut [0; 4]).await.unwrap()
    });
    assert_eq!(sent, 1);
}

#[test]
fn every_kind_of_socket_is_refused_in_another_run() {
    let udp = run(UdpSocket::bind("0.0.0.0:9")).unwrap();
    assert_eq!(panic_of(async move { udp.send_to(b"x", "127.0.0.1:9").await.is_ok() }), REFUSED);
    let udp = run(UdpSocket::bind("0.0.0.0:9")).unwrap();
    assert_eq!(panic_of(async move { udp.recv(&mut [0; 4]).await.is_ok() }), REFUSED);
    let udp = run(UdpSocket::bind("0.0.0.0:9")).unwrap();
    assert_eq!(panic_of(async move { udp.try_recv(&mut [0; 4]).is_ok() }), REFUSED);
    let listener = run(TcpListener::bind("0.0.0.0:7")).unwrap();
    assert_eq!(panic_of(async move { listener.accept().await.is_ok() }), REFUSED);
    let connect = || {
        run(async {
            drop(serve("server"));
            time::sleep(MS).await;
            TcpStream::connect("server:7").await.unwrap()
        })
    };
    let mut stream = connect();
    assert_eq!(panic_of(async move { stream.read(&mut [0; 4]).await.is_ok() }), REFUSED);
    let mut stream = connect();
    assert_eq!(panic_of(async move { stream.write(b"x").await.is_ok() }), REFUSED);
    let stream = connect();
    assert_eq!(panic_of(async move { stream.set_nodelay(true).is_ok() }), REFUSED);
    let (reader, writer) = connect().into_split();
    assert_eq!(panic_of(async move { reader.peer_addr().is_ok() }), REFUSED);
    run(async move { drop(writer) });
    let unix = run(async { UnixListener::bind("/s").unwrap() });
    assert_eq!(panic_of(async move { unix.accept().await.is_ok() }), REFUSED);
    let (mut unix, _other) = run(async { UnixStream::pair().unwrap() });
    assert_eq!(panic_of(async move { unix.write(b"x").await.is_ok() }), REFUSED);
}

#[test]
fn a_socket_works_in_all_calls_of_its_run() {
    let mut executor = Executor::new(ProductionOrder);
    let socket = executor.block_on(UdpSocket::bind("0.0.0.0:9")).unwrap().unwrap();
    let port = executor.enter(|| socket.local_addr().unwrap().port());
    assert_eq!(port, 9);
}

#[test]
fn a_partition_hold_or_hook_of_another_run_ends_none_of_this_one() {
    let mut executor = traced();
    let old = executor
        .block_on(async {
            let _server = Node::named("server");
            let hook = fault::hook(|crossing| crossing.is_dropped = true);
            (fault::partition("main", "server"), fault::hold("main", "server"), hook)
        })
        .unwrap();
    drop(executor);
    let mut executor = traced();
    let connected = executor
        .block_on(async move {
            drop(serve("server"));
            time::sleep(MS).await;
            let _partition = fault::partition("main", "server");
            let (partition, hold, hook) = old;
            partition.heal();
            hold.release();
            drop(hook);
            time::timeout(500 * MS, TcpStream::connect("server:7")).await.is_ok()
        })
        .unwrap();
    assert!(!connected);
    let trace = executor.finish(Outcome::Done).trace.to_string();
    let said: Vec<&str> =
        trace.lines().filter(|line| line.contains("mend") || line.contains("release")).collect();
    let own = ["0.501 net mend main -> server", "0.501 net mend server -> main"];
    assert_eq!(said, own, "of the partition of this run");
}

#[test]
fn a_held_packet_of_another_run_is_not_held_in_this_one() {
    let hold_one = || async {
        let _server = Node::named("server");
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        fault::hold("main", "server").keep();
        socket.send_to(b"x", "server:7").await.unwrap();
        fault::in_flight()[0].held.unwrap()
    };
    let old = run(hold_one());
    let (old_was_held, own_was_held) = run(async move {
        let own = hold_one().await;
        assert_eq!(old, own, "ids of equal runs are equal");
        (fault::deliver(old) || fault::lose(old), fault::lose(own))
    });
    assert_eq!((old_was_held, own_was_held), (false, true));
}

#[test]
fn a_kept_socket_does_not_reach_into_a_later_run_of_its_world() {
    let mut world = World::default();
    let mut kept = Vec::new();
    for round in 0..4 {
        let mut executor = Executor::in_world(Config::default(), Box::new(ProductionOrder), &mut world);
        let before = kept.pop();
        let socket = executor
            .block_on(async move {
                let own = UdpSocket::bind("0.0.0.0:9").await.unwrap();
                drop::<Option<UdpSocket>>(before);
                let taken = UdpSocket::bind("0.0.0.0:9").await.unwrap_err();
                assert_eq!(taken.kind(), ErrorKind::AddrInUse);
                own
            })
            .unwrap();
        if round % 2 == 0 {
            kept.push(socket);
        } else {
            executor.enter(|| drop(socket));
        }
        let _ = executor.finish_into(Outcome::Done, &mut world);
    }
}

#[test]
fn a_packet_hook_that_panics_fails_the_run_whoever_has_sent_the_packet() {
    for panics_at in 1..8 {
        let ended = Executor::new(ProductionOrder).block_on(async move {
            let mut seen = 0;
            fault::hook(move |_| {
                seen += 1;
                assert!(seen < panics_at, "packet {panics_at} must not be");
            })
            .keep();
            drop(serve("server"));
            time::sleep(MS).await;
            let mut stream = TcpStream::connect("server:7").await.unwrap();
            stream.read_exact(&mut [0; 5]).await.unwrap();
            drop(stream);
            time::sleep(500 * MS).await;
        });
        let message = match ended {
            Err(RunError::Panicked(panic)) => panic.message,
            Err(RunError::PanickedOutside(panic)) => panic.message,
            other => panic!("packet {panics_at}: {other:?}"),
        };
        assert_eq!(message, format!("packet {panics_at} must not be"));
    }
}
