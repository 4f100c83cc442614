//! A loop of calls that never wait: each of them ends with the run, at a limit.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use sim_executor::{Config, Executor, Limits, ProductionOrder};
use sim_net::{
    Interest, TcpListener, TcpSocket, TcpStream, UdpSocket, UnixDatagram, UnixListener, UnixStream, dns,
    lookup_host, netstat::netstat, unix,
};

type Task = Pin<Box<dyn Future<Output = ()>>>;

/// For ever, which the compiler does not know.
fn goes_on() -> bool {
    std::hint::black_box(true)
}

fn ended_by(budget: Option<u32>, task: Task) -> String {
    let limits =
        Limits { operations_per_poll_max: 10_000, polls_per_instant_max: 1_000, ..Limits::default() };
    let config = Config { limits, budget, ..Config::default() };
    Executor::with_config(config, ProductionOrder).block_on(task).unwrap_err().to_string()
}

/// `for ever CALL`, with what it needs prepared before.
macro_rules! endless {
    ($($name:literal: { $($before:tt)* } loop $call:block)+) => {
        vec![$(($name, Box::pin(async {
            $($before)*
            while goes_on() $call
        }) as Task)),+]
    };
}

const HERE: &str = "127.0.0.1:7";

fn here() -> SocketAddr {
    HERE.parse().unwrap()
}

fn opening() -> Vec<(&'static str, Task)> {
    endless! {
        "bind a listener": {} loop { drop(TcpListener::bind(HERE).await.unwrap()) }
        "bind a UDP socket": {} loop { drop(UdpSocket::bind(HERE).await.unwrap()) }
        "bind in vain": { let _first = TcpListener::bind(HERE).await.unwrap(); } loop {
            TcpListener::bind(HERE).await.unwrap_err();
        }
        "open a socket": {} loop { drop(TcpSocket::new_v4().unwrap()) }
        "bind a Unix listener": {} loop {
            drop(UnixListener::bind("/run/a").unwrap());
            unix::remove_file("/run/a").unwrap();
        }
        "a pair of Unix sockets": {} loop { drop(UnixStream::pair().unwrap()) }
        "a Unix socket for datagrams": {} loop { drop(UnixDatagram::unbound().unwrap()) }
        "connect to no file": {} loop { UnixStream::connect("/run/nobody").await.unwrap_err(); }
        "look up a name": {} loop { assert!(lookup_host("main:1").await.unwrap().count() > 0) }
        "look up an address": {} loop { assert_eq!(lookup_host(HERE).await.unwrap().count(), 1) }
        "look up no name": {} loop { lookup_host("nobody:1").await.err().unwrap(); }
        "set a name": {} loop { dns::set("a", dns::Record::default()) }
        "netstat": {} loop { assert!(netstat().sockets.is_empty()) }
    }
}

fn asking() -> Vec<(&'static str, Task)> {
    endless! {
        "try to receive": { let socket = UdpSocket::bind(HERE).await.unwrap(); } loop {
            socket.try_recv(&mut [0]).unwrap_err();
        }
        "try to send": { let socket = UdpSocket::bind(HERE).await.unwrap(); } loop {
            let _ = socket.try_send_to(b"x", here());
        }
        "try to read": {
            let listener = TcpListener::bind(HERE).await.unwrap();
            let stream = TcpStream::connect(HERE).await.unwrap();
            let _other = listener.accept().await.unwrap();
        } loop {
            stream.try_read(&mut [0]).unwrap_err();
        }
        "try something": { let socket = UdpSocket::bind(HERE).await.unwrap(); } loop {
            socket.try_io(Interest::READABLE, || Ok(())).unwrap_err();
        }
        "whether there is an error": { let (stream, _other) = UnixStream::pair().unwrap(); } loop {
            assert!(stream.take_error().unwrap().is_none());
        }
        "the address": { let listener = TcpListener::bind(HERE).await.unwrap(); } loop {
            assert_eq!(listener.local_addr().unwrap(), here());
        }
        "try a Unix socket": { let (stream, _other) = UnixStream::pair().unwrap(); } loop {
            stream.try_read(&mut [0]).unwrap_err();
        }
    }
}

#[test]
fn a_loop_of_calls_that_open_something_ends_at_a_limit() {
    for (name, task) in opening() {
        assert!(ended_by(None, task).contains("Limits::operations_per_poll_max = 10000"), "{name}");
    }
    for (name, task) in opening() {
        let error = ended_by(Some(128), task);
        assert!(
            error.contains("Limits::operations_per_poll_max") || error.contains("polls_per_instant_max"),
            "{name}"
        );
    }
}

#[test]
fn a_loop_of_calls_that_ask_something_ends_at_a_limit() {
    for (name, task) in asking() {
        assert!(ended_by(Some(128), task).contains("Limits::operations_per_poll_max = 10000"), "{name}");
    }
}

#[test]
fn a_loop_of_writes_and_reads_yields_where_a_task_has_a_budget() {
    let echo = || -> Task {
        Box::pin(async {
            let (stream, other) = UnixStream::pair().unwrap();
            while goes_on() {
                stream.writable().await.unwrap();
                other.try_write(b"x").unwrap();
                stream.readable().await.unwrap();
                stream.try_read(&mut [0]).unwrap();
            }
        })
    };
    assert!(ended_by(None, echo()).contains("Limits::operations_per_poll_max = 10000"));
    assert!(ended_by(Some(128), echo()).contains("Limits::polls_per_instant_max = 1000"));
}
