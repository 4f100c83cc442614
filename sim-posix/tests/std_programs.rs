//! Programs of the standard library, unmodified, in a run: threads, sockets, clocks.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "unmodified programs use real threads, clocks and sleeps, as they are answered by the run"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::sync::mpsc;
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

use sim_executor::{Executor, KeyedRandom, ProductionOrder, RunError, time};
use sim_posix::{ExitError, process};

/// What a program gives when it is run on its own.
fn run<T: Send + 'static>(main: impl Fn() -> T + Send + Sync + 'static) -> T {
    Executor::new(ProductionOrder).block_on(async { process("host", main).exit().await.unwrap() }).unwrap()
}

#[test]
fn sleeping_costs_virtual_time_only() {
    let slept = run(|| {
        let (before, wall) = (std::time::Instant::now(), std::time::SystemTime::now());
        std::thread::sleep(Duration::from_secs(3_600));
        (before.elapsed(), wall.elapsed().unwrap())
    });
    for slept in [slept.0, slept.1] {
        assert!(slept >= Duration::from_secs(3_600) && slept < Duration::from_secs(3_601), "{slept:?}");
    }
}

#[test]
fn a_loop_that_reads_the_clock_ends() {
    run(|| {
        let begun = std::time::Instant::now();
        while begun.elapsed() < Duration::from_secs(2) {}
    });
}

#[test]
fn threads_share_mutexes_condition_variables_and_channels() {
    let sum = run(|| {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let (sender, receiver) = mpsc::channel();
        let threads: Vec<_> = (0..4)
            .map(|number| {
                let (pair, sender) = (Arc::clone(&pair), sender.clone());
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_millis(10 * number));
                    *pair.0.lock().unwrap() += 1;
                    pair.1.notify_all();
                    sender.send(number).unwrap();
                })
            })
            .collect();
        drop(sender);
        let mut count = pair.0.lock().unwrap();
        while *count < 4 {
            count = pair.1.wait(count).unwrap();
        }
        drop(count);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        receiver.iter().sum::<u64>()
    });
    assert_eq!(sum, 6);
}

#[test]
fn a_wait_with_a_timeout_is_over_in_virtual_time() {
    let waited = run(|| {
        let pair = (Mutex::new(()), Condvar::new());
        let begun = std::time::Instant::now();
        let (_guard, result) =
            pair.1.wait_timeout(pair.0.lock().unwrap(), Duration::from_secs(3_600)).unwrap();
        assert!(result.timed_out());
        begun.elapsed()
    });
    assert!(waited >= Duration::from_secs(3_600) && waited < Duration::from_secs(3_601), "{waited:?}");
}

fn echo() {
    let listener = TcpListener::bind("0.0.0.0:7").unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(length @ 1..) = stream.read(&mut buffer) {
                stream.write_all(&buffer[..length]).unwrap();
            }
        });
    }
}

fn ask(text: &str) -> String {
    std::thread::sleep(Duration::from_millis(100));
    let mut stream = TcpStream::connect("server:7").unwrap();
    writeln!(stream, "{text}").unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).unwrap();
    line
}

#[test]
fn blocking_sockets_talk_between_processes() {
    let run = |seed| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let lines = executor.block_on(async {
            process("server", echo);
            let clients = ["a", "b", "c"].map(|name| (name, process(name, move || ask(name))));
            let mut lines = String::new();
            for (_, client) in clients {
                lines += &client.exit().await.unwrap();
            }
            lines
        });
        assert_eq!(lines.unwrap(), "a\nb\nc\n");
        executor.hash()
    };
    let hashes: Vec<_> = (0..10).map(run).collect();
    assert_eq!(hashes, (0..10).map(run).collect::<Vec<_>>());
    assert!(hashes.windows(2).any(|two| two[0] != two[1]), "seeds differ");
}

#[test]
fn a_large_blocking_write_waits_for_who_reads() {
    let read = Executor::new(ProductionOrder).block_on(async {
        process("server", || {
            let listener = TcpListener::bind("0.0.0.0:7").unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(&vec![7; 3_000_000]).unwrap();
        });
        let client = process("client", || {
            std::thread::sleep(Duration::from_millis(100));
            let mut all = Vec::new();
            TcpStream::connect("server:7").unwrap().read_to_end(&mut all).unwrap();
            all.len()
        });
        client.exit().await.unwrap()
    });
    assert_eq!(read.unwrap(), 3_000_000);
}

#[test]
fn errors_are_those_of_linux() {
    run(|| {
        let refused = TcpStream::connect("127.0.0.1:9").unwrap_err();
        assert_eq!(refused.raw_os_error(), Some(libc_errno::ECONNREFUSED));
        let nobody = TcpStream::connect("nobody:9").unwrap_err();
        assert!(nobody.to_string().contains("Name or service not known"), "{nobody}");
        let _listener = TcpListener::bind("0.0.0.0:80").unwrap();
        let used = TcpListener::bind("0.0.0.0:80").unwrap_err();
        assert_eq!(used.kind(), std::io::ErrorKind::AddrInUse);
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert_eq!(socket.recv(&mut [0; 9]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
        socket.set_nonblocking(true).unwrap();
        assert_eq!(socket.recv(&mut [0; 9]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    });
}

mod libc_errno {
    pub(crate) const ECONNREFUSED: i32 = 111;
}

#[test]
fn datagrams_are_sent_and_received() {
    run(|| {
        let one = UdpSocket::bind("127.0.0.1:0").unwrap();
        let other = UdpSocket::bind("127.0.0.1:0").unwrap();
        one.send_to(b"ping", other.local_addr().unwrap()).unwrap();
        let mut buffer = [0; 64];
        let (length, from) = other.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..length], from), (b"ping".as_slice(), one.local_addr().unwrap()));
    });
}

#[test]
fn unix_sockets_talk_within_a_host() {
    use std::os::unix::net::{UnixListener, UnixStream};
    run(|| {
        let listener = UnixListener::bind("/run/a.sock").unwrap();
        let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"hello").unwrap());
        let mut text = String::new();
        UnixStream::connect("/run/a.sock").unwrap().read_to_string(&mut text).unwrap();
        server.join().unwrap();
        assert_eq!(text, "hello");
        let (mut one, mut other) = UnixStream::pair().unwrap();
        one.write_all(b"x").unwrap();
        drop(one);
        text.clear();
        other.read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
    });
}

#[test]
fn the_end_of_a_process_is_told() {
    let mut executor = Executor::new(ProductionOrder);
    executor
        .block_on(async {
            let exited = process("exits", || -> () { std::process::exit(3) });
            assert_eq!(exited.exit().await, Err(ExitError::Exited { code: 3 }));
            let panicked = process("panics", || -> () { panic!("no bytes left") });
            assert_eq!(
                panicked.exit().await,
                Err(ExitError::Panicked { message: "no bytes left".to_string() })
            );
            let aborted = process("aborts", || -> () { std::process::abort() });
            assert_eq!(aborted.exit().await, Err(ExitError::Signalled { signal: 6 }));
            let killed = process("killed", || {
                loop {
                    std::thread::sleep(Duration::from_secs(1));
                }
            });
            let _: &sim_posix::Process<()> = &killed;
            time::sleep(Duration::from_secs(10)).await;
            killed.kill();
            assert_eq!(killed.exit().await, Err(ExitError::Signalled { signal: 9 }));
        })
        .unwrap();
}

#[test]
fn a_panic_that_nobody_waits_for_fails_the_run() {
    let result = Executor::new(ProductionOrder).block_on(async {
        process("panics", || panic!("no bytes left"));
        time::sleep(Duration::from_secs(1)).await;
    });
    assert!(matches!(result, Err(RunError::Panicked(_))), "{result:?}");
}

#[test]
fn a_process_that_is_killed_runs_no_more_code_and_starts_again() {
    let mut executor = Executor::new(KeyedRandom::new(3));
    let count = executor.block_on(async {
        let counter = Arc::new(std::sync::atomic::AtomicU32::new(0));
        struct Count(Arc<std::sync::atomic::AtomicU32>);
        impl Drop for Count {
            fn drop(&mut self) {
                self.0.fetch_add(100, std::sync::atomic::Ordering::Relaxed);
            }
        }
        let theirs = Arc::clone(&counter);
        let server = process("server", move || {
            let count = Count(Arc::clone(&theirs));
            count.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let waiting = std::thread::spawn(|| std::thread::sleep(Duration::MAX));
            waiting.join().unwrap();
            drop(count);
        });
        for _ in 0..3 {
            time::sleep(Duration::from_secs(1)).await;
            server.restart();
        }
        time::sleep(Duration::from_secs(1)).await;
        counter.load(std::sync::atomic::Ordering::Relaxed)
    });
    assert_eq!(count.unwrap(), 4, "no destructor has run");
}

#[test]
fn a_deadlock_names_the_threads_and_what_they_wait_for() {
    let error = Executor::new(ProductionOrder).block_on(async {
        let shop = process("shop", || {
            let lock = Arc::new(Mutex::new(()));
            let theirs = Arc::clone(&lock);
            let _held = lock.lock().unwrap();
            let worker = std::thread::Builder::new().name("worker".to_string());
            let worker = worker.spawn(move || drop(theirs.lock())).unwrap();
            worker.join().unwrap();
        });
        shop.exit().await.unwrap();
    });
    let text = error.unwrap_err().to_string();
    assert!(text.contains("worker#1 in futex"), "{text}");
    assert!(text.contains("main in join: worker#1"), "{text}");
}

#[test]
fn outside_of_runs_nothing_changes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"real").unwrap());
    let begun = std::time::Instant::now();
    std::thread::sleep(Duration::from_millis(20));
    assert!(begun.elapsed() >= Duration::from_millis(20));
    let mut text = String::new();
    TcpStream::connect(address).unwrap().read_to_string(&mut text).unwrap();
    thread.join().unwrap();
    assert_eq!(text, "real");
    assert!(std::time::SystemTime::now() > std::time::UNIX_EPOCH + Duration::from_secs(1_735_689_600));
}

#[test]
fn a_pair_of_sockets_in_a_static_is_each_processes_own() {
    static PAIR: OnceLock<(UnixStream, UnixStream)> = OnceLock::new();
    let talk = |word: &'static [u8; 3]| {
        let (one, other) = PAIR.get_or_init(|| {
            let (one, other) = UnixStream::pair().unwrap();
            one.set_nonblocking(true).unwrap();
            (one, other)
        });
        let (mut one, mut other) = (one.try_clone().unwrap(), other.try_clone().unwrap());
        other.write_all(word).unwrap();
        std::thread::sleep(Duration::from_secs(1));
        let mut heard = [0; 6];
        let count = one.read(&mut heard).unwrap();
        heard[..count].to_vec()
    };
    for _ in 0..2 {
        let heard = Executor::new(ProductionOrder).block_on(async move {
            let both = [process("a", move || talk(b"one")), process("b", move || talk(b"two"))];
            (both[0].exit().await.unwrap(), both[1].exit().await.unwrap())
        });
        assert_eq!(heard.unwrap(), (b"one".to_vec(), b"two".to_vec()));
    }
}
