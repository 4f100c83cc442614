//! Outside of runs nothing changes: real sockets, threads and time beside simulations, at the same moment in the same binary.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "these tests are about real threads, sockets and clocks"
)]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sim_executor::{Executor, KeyedRandom};
use sim_posix::process;

/// A simulated hour of an echo over two processes, with threads; the hash of the run.
fn simulate(seed: u64) -> u64 {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let heard = executor.block_on(async {
        process("server", || {
            let listener = TcpListener::bind("0.0.0.0:7").unwrap();
            for stream in listener.incoming() {
                std::thread::spawn(move || echo(stream.unwrap()));
            }
        });
        let client = process("client", || {
            std::thread::sleep(Duration::from_secs(3_600));
            say(TcpStream::connect("server:7").unwrap())
        });
        client.exit().await.unwrap()
    });
    assert_eq!(heard.unwrap(), *b"hello");
    executor.hash()
}

fn echo(mut stream: TcpStream) {
    let mut buffer = [0; 5];
    if stream.read_exact(&mut buffer).is_ok() {
        stream.write_all(&buffer).unwrap();
    }
}

fn say(mut stream: TcpStream) -> [u8; 5] {
    stream.write_all(b"hello").unwrap();
    let mut buffer = [0; 5];
    stream.read_exact(&mut buffer).unwrap();
    buffer
}

/// The same over the loopback of the machine, with a real sleep.
fn really() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || echo(listener.accept().unwrap().0));
    let (begun, wall) = (Instant::now(), std::time::SystemTime::now());
    std::thread::sleep(Duration::from_millis(5));
    assert_eq!(say(TcpStream::connect(address).unwrap()), *b"hello");
    server.join().unwrap();
    assert!((Duration::from_millis(5)..Duration::from_secs(60)).contains(&begun.elapsed()));
    assert!(wall.elapsed().unwrap() < Duration::from_secs(60));
    assert_ne!(std::fs::read("/proc/self/stat").unwrap(), b"");
}

/// The same by a runtime of tokio.
fn really_with_tokio() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
            stream.write_all(b"hello").await.unwrap();
        });
        let begun = Instant::now();
        let mut heard = Vec::new();
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.read_to_end(&mut heard).await.unwrap();
        server.await.unwrap();
        assert_eq!(heard, b"hello");
        assert!((Duration::from_millis(5)..Duration::from_secs(60)).contains(&begun.elapsed()));
    });
}

/// Ends the real work, also if a simulation has failed.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn real_sockets_threads_and_clocks_work_while_simulations_run() {
    const RUNS: u64 = 20;
    let alone: Vec<u64> = {
        let _ = simulate(0);
        (0..RUNS).map(simulate).collect()
    };
    let (is_simulating, is_over) = (AtomicBool::new(false), AtomicBool::new(false));
    let overlaps = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for work in [really as fn(), really_with_tokio] {
            let (is_simulating, is_over, overlaps) = (&is_simulating, &is_over, &overlaps);
            scope.spawn(move || {
                while !is_over.load(Ordering::SeqCst) {
                    let before = is_simulating.load(Ordering::SeqCst);
                    work();
                    overlaps.fetch_add(
                        u32::from(before || is_simulating.load(Ordering::SeqCst)),
                        Ordering::SeqCst,
                    );
                }
            });
        }
        let over = Over(&is_over);
        // Real work is done while each of the runs goes on: it begins within a run, or ends there.
        let mut beside = Vec::new();
        while overlaps.load(Ordering::SeqCst) < 20 || beside.len() < RUNS as usize {
            let seed = beside.len() as u64 % RUNS;
            is_simulating.store(true, Ordering::SeqCst);
            beside.push(simulate(seed));
            is_simulating.store(false, Ordering::SeqCst);
        }
        drop(over);
        for (seed, hash) in beside.iter().enumerate() {
            assert_eq!(*hash, alone[seed % RUNS as usize], "seed {seed} is the same run");
        }
    });
}
