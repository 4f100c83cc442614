//! Unmodified programs in tests, and the guard of native tasks.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "unmodified programs use real threads, clocks and sleeps, as they are answered by the run"
)]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use seedbed::posix::{Policy, escapes, set_policy};
use seedbed::{process, time};

fn shop() {
    let listener = TcpListener::bind("0.0.0.0:80").unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        std::thread::spawn(move || {
            let mut order = [0; 4];
            if stream.read_exact(&mut order).is_ok() {
                println!("booked {}", String::from_utf8_lossy(&order));
                let _ = stream.write_all(b"done");
            }
        });
    }
}

fn order() -> std::io::Result<String> {
    std::thread::sleep(Duration::from_millis(50));
    let mut stream = TcpStream::connect("shop:80")?;
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    stream.write_all(b"0001")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[seedbed::test(seeds = 30)]
async fn processes_live_through_a_partition_and_a_restart() {
    let server = process("shop", shop);
    let client = process("client", order);
    assert_eq!(client.exit().await.unwrap().unwrap(), "done");
    let partition = seedbed::net::fault::partition("shop", "client");
    client.restart();
    assert!(client.exit().await.unwrap().is_err(), "nothing comes through");
    drop(partition);
    server.kill();
    server.restart();
    client.restart();
    assert_eq!(client.exit().await.unwrap().unwrap(), "done");
}

#[seedbed::test(seeds = 20)]
async fn clocks_and_sleeps_of_native_tasks_are_those_of_the_run() {
    let (begun, wall) = (std::time::Instant::now(), std::time::SystemTime::now());
    time::sleep(Duration::from_secs(3_600)).await;
    assert!(begun.elapsed() >= Duration::from_secs(3_600));
    assert!(wall.elapsed().unwrap() >= Duration::from_secs(3_600));
    std::thread::sleep(Duration::from_secs(60));
    assert!(begun.elapsed() >= Duration::from_secs(3_660));
    let spinning = std::time::Instant::now();
    while spinning.elapsed() < Duration::from_millis(1) {}
}

#[seedbed::test(seeds = 10)]
async fn what_a_native_task_asks_of_the_machine_is_counted() {
    set_policy(Policy::Count);
    let _ = std::time::Instant::now();
    let _ = std::fs::File::open("/etc/hostname");
    std::thread::sleep(Duration::from_millis(1));
    let names: BTreeSet<String> = escapes().into_iter().map(|escape| escape.call).collect();
    for call in ["clock_gettime", "nanosleep", "open(/etc/hostname)"] {
        assert!(names.contains(call), "{call} is not in {names:?}");
    }
}

#[seedbed::test(seeds = 0)]
#[should_panic(expected = "clock_gettime escaped from the run")]
async fn a_run_fails_at_an_escape_if_it_is_to() {
    set_policy(Policy::Fail);
    let _ = std::time::SystemTime::now();
    time::sleep(Duration::from_secs(1)).await;
}

/// The README's service; tokio has no sockets in this package.
fn open_shop() {
    let listener = TcpListener::bind("0.0.0.0:80").unwrap();
    for stream in listener.incoming() {
        std::thread::spawn(|| stream.unwrap().write_all(b"open"));
    }
}

#[seedbed::test(seeds = 20)]
async fn the_shop_answers_after_a_restart() {
    let server = process("shop", open_shop);
    let client = process("client", || {
        std::thread::sleep(Duration::from_secs(1)); // takes no time
        let mut answer = String::new();
        TcpStream::connect("shop:80")?.read_to_string(&mut answer).map(|_| answer)
    });
    let opened = |answer: std::io::Result<String>| answer.unwrap();
    assert_eq!(opened(client.exit().await.unwrap()), "open");
    server.kill();
    server.restart();
    client.restart();
    assert_eq!(opened(client.exit().await.unwrap()), "open");
}

/// Set in the process in which a stack overflows.
const OVERFLOWS: &str = "OVERFLOWS";

#[expect(unconditional_recursion, reason = "it is to overflow the stack")]
fn deeper(level: u64) -> u64 {
    std::hint::black_box([level; 100])[7] + deeper(level + 1)
}

#[seedbed::test(seeds = 1)]
async fn a_stack_overflows() {
    if std::env::var_os(OVERFLOWS).is_some() {
        let host = process("host", || assert_ne!(std::thread::spawn(|| deeper(0)).join().unwrap(), 1));
        panic!("it came back: {:?}", host.exit().await);
    }
}

#[test]
fn a_stack_that_overflows_in_a_thread_of_a_process_ends_the_test_binary_by_an_abort() {
    use std::os::unix::process::ExitStatusExt;
    const SIGABRT: i32 = 6;
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    let output = again.args(["a_stack_overflows", "--exact"]).env(OVERFLOWS, "1").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(told.contains("a thread of the process host has overflowed its stack"), "{told}");
    assert_eq!(output.status.signal(), Some(SIGABRT), "{told}");
}
