//! What a TCP round trip costs between two current-thread runtimes of tokio: over the real loopback, then between two processes of a run.
//!
//! `cargo run --release -p sim-posix --example round_trip` prints the CPU time of both, and of the switch of a thread.
#![expect(
    clippy::disallowed_methods,
    reason = "it measures real programs, and the machine's CPU time, beside a run"
)]

use std::net::SocketAddr;
use std::time::Duration;

use sim_executor::{Executor, Limits, ProductionOrder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ROUNDS: u32 = 20_000;

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn serve(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = [0; 64];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        stream.write_all(&buffer[..length]).await.unwrap();
    }
}

async fn ask(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let mut buffer = [0; 64];
    for _ in 0..ROUNDS {
        stream.write_all(&[7; 64]).await.unwrap();
        stream.read_exact(&mut buffer).await.unwrap();
    }
}

/// The CPU time of all threads, in microseconds: `/proc/self/schedstat` of each would miss those that have ended.
fn cpu_micros() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    ticks * 10_000
}

fn measure(what: &str, run: impl FnOnce()) -> u64 {
    let before = cpu_micros();
    run();
    let nanos = (cpu_micros() - before) * 1_000 / u64::from(ROUNDS);
    println!("{what}: {nanos} ns of CPU time for each of {ROUNDS}");
    nanos
}

fn main() {
    let real = measure("a round trip over the real loopback", || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        listener.set_nonblocking(true).unwrap();
        let server =
            std::thread::spawn(|| block_on(async { serve(TcpListener::from_std(listener).unwrap()).await }));
        block_on(ask(address));
        server.join().unwrap();
    });
    let config = sim_executor::Config {
        limits: Limits { polls_max: u64::MAX, ..Limits::default() },
        ..sim_executor::Config::default()
    };
    let simulated = measure("a round trip between two processes", || {
        let mut executor = Executor::with_config(config, ProductionOrder);
        let done = executor.block_on(async {
            sim_posix::process("server", || {
                block_on(async { serve(TcpListener::bind("0.0.0.0:7").await.unwrap()).await })
            });
            let client = sim_posix::process("client", || {
                std::thread::sleep(Duration::from_millis(10));
                block_on(ask("10.0.0.2:7".parse().unwrap()));
            });
            client.exit().await
        });
        done.unwrap().unwrap();
    });
    println!("simulated / real: {}.{:02}", simulated / real.max(1), simulated * 100 / real.max(1) % 100);
    measure("a switch between two threads", || {
        let mut executor = Executor::with_config(config, ProductionOrder);
        let done = executor.block_on(async {
            let switching = sim_posix::process("host", || {
                let other = std::thread::spawn(|| (0..ROUNDS / 2).for_each(|_| std::thread::yield_now()));
                (0..ROUNDS / 2).for_each(|_| std::thread::yield_now());
                other.join().unwrap();
            });
            switching.exit().await
        });
        done.unwrap().unwrap();
    });
}
