//! Programs of tokio, unmodified, in a run: current-thread and multi-thread runtimes.
#![expect(
    clippy::disallowed_methods,
    reason = "unmodified programs use real threads, clocks and sleeps, as they are answered by the run"
)]

use std::io::Read as _;
use std::time::Duration;

use sim_executor::{Executor, KeyedRandom, ProductionOrder, time};
use sim_posix::{Signal, process};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::signal::unix::{SignalKind, signal};

async fn serve() {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            let (reader, mut writer) = stream.into_split();
            let mut lines = BufReader::new(reader).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                tokio::time::sleep(Duration::from_millis(5)).await;
                writer.write_all(format!("{line}!\n").as_bytes()).await.unwrap();
            }
        });
    }
}

async fn ask(text: String) -> String {
    tokio::time::sleep(Duration::from_millis(100)).await;
    let mut stream = TcpStream::connect("server:80").await.unwrap();
    stream.write_all(text.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

fn current_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn multi_thread<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(3)
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn a_current_thread_runtime_serves_and_asks() {
    let run = |seed| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let answers = executor.block_on(async {
            process("server", || current_thread(serve()));
            let clients = ["a", "b", "c"]
                .map(|name| process(name, move || current_thread(ask(format!("{name}\n{name}{name}\n")))));
            let mut answers = String::new();
            for client in clients {
                answers += &client.exit().await.unwrap();
            }
            answers
        });
        assert_eq!(answers.unwrap(), "a!\naa!\nb!\nbb!\nc!\ncc!\n");
        executor.hash()
    };
    // tokio's statics are made in the first run.
    let _ = run(0);
    let hashes: Vec<_> = (0..10).map(run).collect();
    assert_eq!(hashes, (0..10).map(run).collect::<Vec<_>>());
    assert!(hashes.windows(2).any(|two| two[0] != two[1]), "seeds differ");
}

/// The README's service, with a client that is killed and started again.
#[test]
fn a_service_answers_after_a_restart() {
    fn shop() {
        multi_thread(async {
            let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move { stream.write_all(b"open").await });
            }
        });
    }
    fn client() -> std::io::Result<String> {
        use std::io::Read as _;
        std::thread::sleep(Duration::from_secs(1));
        let mut answer = String::new();
        std::net::TcpStream::connect("shop:80")?.read_to_string(&mut answer).map(|_| answer)
    }
    for seed in 0..5 {
        let answers = Executor::new(KeyedRandom::new(seed)).block_on(async {
            let server = process("shop", shop);
            let asking = process("client", client);
            let first = asking.exit().await.unwrap().unwrap();
            server.kill();
            server.restart();
            asking.restart();
            first + &asking.exit().await.unwrap().unwrap()
        });
        assert_eq!(answers.unwrap(), "openopen");
    }
}

/// One line for each seed: what the run was, with its time.
fn line_of(seed: u64) -> String {
    let mut executor = Executor::new(KeyedRandom::new(seed));
    let keys = executor.block_on(async {
        process("server", || current_thread(serve()));
        let client = process("client", || {
            let answer = current_thread(ask("a\nb\n".to_string()));
            let drawn: std::collections::hash_map::RandomState = Default::default();
            (answer, std::hash::BuildHasher::hash_one(&drawn, 1))
        });
        client.exit().await.unwrap()
    });
    format!("{seed} {:016x} {} {:?}", executor.hash(), executor.now(), keys.unwrap())
}

const ASKED_FOR_LINES: &str = "SIM_POSIX_LINES";

#[test]
fn a_run_is_the_same_in_another_process_of_the_machine() {
    // tokio's statics are made in the first run.
    let _ = line_of(0);
    let lines: Vec<String> = (0..5).map(line_of).collect();
    if std::env::var_os(ASKED_FOR_LINES).is_some() {
        return lines.iter().for_each(|line| println!("line {line}"));
    }
    let other = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_run_is_the_same_in_another_process_of_the_machine", "--nocapture"])
        .env(ASKED_FOR_LINES, "1")
        .output()
        .unwrap();
    let text = String::from_utf8(other.stdout).unwrap();
    let theirs: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("line ")).collect();
    assert_eq!(theirs, lines, "{text}");
    assert_eq!((0..5).map(line_of).collect::<Vec<_>>(), lines, "and again in this one");
}

#[test]
fn a_multi_thread_runtime_serves_and_asks() {
    for seed in 0..5 {
        let answers = Executor::new(KeyedRandom::new(seed)).block_on(async {
            process("server", || multi_thread(serve()));
            let client = process("client", || {
                multi_thread(async {
                    let all = ["a", "b", "c"].map(|name| tokio::spawn(ask(format!("{name}\n"))));
                    let mut answers = String::new();
                    for one in all {
                        answers += &one.await.unwrap();
                    }
                    answers
                })
            });
            client.exit().await.unwrap()
        });
        assert_eq!(answers.unwrap(), "a!\nb!\nc!\n");
    }
}

#[test]
fn blocking_work_and_timers_go_on_in_virtual_time() {
    let slept = Executor::new(ProductionOrder).block_on(async {
        let main = || {
            multi_thread(async {
                let begun = tokio::time::Instant::now();
                let blocking = tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(60)));
                let mut interval = tokio::time::interval(Duration::from_secs(7));
                let mut ticks = 0;
                tokio::pin!(blocking);
                loop {
                    tokio::select! {
                        done = &mut blocking => break done.unwrap(),
                        _ = interval.tick() => ticks += 1,
                    }
                }
                assert_eq!(ticks, 9);
                begun.elapsed()
            })
        };
        process("host", main).exit().await.unwrap()
    });
    let slept = slept.unwrap();
    assert!(slept >= Duration::from_secs(60) && slept < Duration::from_secs(61), "{slept:?}");
}

#[test]
fn datagrams_and_lookups_work() {
    let answer = Executor::new(ProductionOrder).block_on(async {
        process("server", || {
            current_thread(async {
                let socket = UdpSocket::bind("0.0.0.0:53").await.unwrap();
                let mut buffer = [0; 64];
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                socket.send_to(&buffer[..length], from).await.unwrap();
            });
        });
        time::sleep(Duration::from_millis(10)).await;
        let client = process("client", || {
            current_thread(async {
                let address = tokio::net::lookup_host("server:53").await.unwrap().next().unwrap();
                let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
                socket.connect(address).await.unwrap();
                socket.send(b"ping").await.unwrap();
                let mut buffer = [0; 64];
                let length = socket.recv(&mut buffer).await.unwrap();
                buffer[..length].to_vec()
            })
        });
        client.exit().await.unwrap()
    });
    assert_eq!(answer.unwrap(), b"ping");
}

/// A service that finishes what it has begun when it is asked to end, and then says so.
async fn serve_until_told() -> &'static str {
    let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
    let mut told = signal(SignalKind::terminate()).unwrap();
    let mut working = tokio::task::JoinSet::new();
    loop {
        tokio::select! {
            biased;
            _ = tokio::signal::ctrl_c() => break,
            _ = told.recv() => break,
            accepted = listener.accept() => {
                let (mut socket, _) = accepted.unwrap();
                working.spawn(async move {
                    tokio::time::sleep(Duration::from_secs(3)).await;
                    socket.write_all(b"done").await.unwrap();
                });
            }
        }
    }
    while working.join_next().await.is_some() {}
    "ended in order"
}

#[test]
fn a_service_of_tokio_ends_in_order() {
    let run = |seed, signal| {
        let mut executor = Executor::new(KeyedRandom::new(seed));
        let ran = executor.block_on(async move {
            let service = process("service", || multi_thread(serve_until_told()));
            let client = process("client", || {
                std::thread::sleep(Duration::from_secs(1));
                let mut text = String::new();
                std::net::TcpStream::connect("service:80").unwrap().read_to_string(&mut text).unwrap();
                text
            });
            time::sleep(Duration::from_secs(2)).await;
            service.signal(signal);
            let first = (client.exit().await, service.exit().await);
            // Another life has its own signals.
            service.restart();
            client.restart();
            time::sleep(Duration::from_secs(2)).await;
            service.signal(signal);
            assert_eq!((client.exit().await, service.exit().await), first);
            first
        });
        assert_eq!(ran.unwrap(), (Ok("done".to_string()), Ok("ended in order")));
        executor.hash()
    };
    let _ = run(0, Signal::TERM);
    let runs = || (0..6).map(|seed| run(seed, [Signal::TERM, Signal::INT][seed as usize % 2]));
    assert!(runs().eq(runs()));
}
