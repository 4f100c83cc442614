//! Where a deadlocked program awaits, and for whom its tasks wait.
#![cfg(all(feature = "net", feature = "tokio"))]

use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use seedbed::net::{TcpListener, TcpStream, UnixStream};
use seedbed::{
    AWAITS, Config, Executor, KeyedRandom, Limits, ProductionOrder, Report, RunError, Sweep, SweepError,
    choose, node, spawn, spawn_named, sync, time,
};

fn config() -> Config {
    Config { awaits: Some(AWAITS), ..Config::default() }
}

fn failed<F: Future<Output = ()> + 'static>(config: Config, program: F) -> Report {
    let mut executor = Executor::with_config(config, ProductionOrder);
    let error = executor.block_on(program).unwrap_err();
    executor.finish(error.into())
}

/// Where the task awaits, with the numbers of lines replaced by what stands there; and without the names of the program's functions, which
/// are not known in all builds.
fn awaits(report: &Report, task: &str) -> String {
    let pending = report.pending.iter().find(|pending| &*pending.lineage == task).expect("it is pending");
    let sites = pending.awaits.iter().map(|site| {
        let site = site.to_string();
        let mut parts = site.split("seedbed/tests/awaits.rs:");
        let mut text = parts.next().unwrap().to_string();
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            let (line, rest) = part.split_at(end);
            let rest = match rest.strip_prefix(" in ") {
                Some(named) => &named[named.find([' ', ',']).unwrap_or(named.len())..],
                None => rest,
            };
            let source = include_str!("awaits.rs").lines().nth(line.parse::<usize>().unwrap() - 1).unwrap();
            text.push_str(&format!("`{}`{rest}", source.trim()));
        }
        text
    });
    sites.collect::<Vec<_>>().join("\n")
}

async fn book(lock: Rc<tokio::sync::Mutex<u32>>) {
    let mut seats = lock.lock().await; // book
    *seats += 1;
}

async fn serve(lock: Rc<tokio::sync::Mutex<u32>>) {
    book(lock).await; // serve
}

#[test]
fn a_task_is_found_in_a_library_that_knows_nothing_of_the_run_with_its_callers() {
    let report = failed(config(), async {
        let lock = Rc::new(tokio::sync::Mutex::new(0));
        let _guard = lock.lock().await;
        spawn_named("server", serve(Rc::clone(&lock))).await.unwrap();
    });
    assert_eq!(
        awaits(&report, "main/server").replace("mutex::Mutex::lock", "mutex"),
        "at `let mut seats = lock.lock().await; // book` → tokio::sync::mutex, from `book(lock).await; // serve`"
    );
    let main = awaits(&report, "main");
    assert!(
        main.contains("serve(Rc::clone(&lock))).await.unwrap();` → sim_executor::context::join::"),
        "{main}"
    );
    let text = report.outcome.to_string();
    assert!(text.contains("\n      awaits at seedbed/tests/awaits.rs:"), "{text}");
}

#[test]
fn each_thing_that_a_task_waits_for_has_its_line_and_the_programs_own_future_too() {
    let report = failed(config(), async {
        let (_sender, receiver) = futures::channel::oneshot::channel::<()>();
        let never = std::future::poll_fn(|context| {
            let _kept = context.waker().clone(); // never
            Poll::<()>::Pending
        });
        futures::future::select(receiver, Box::pin(never)).await; // both
    });
    let text = awaits(&report, "main");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    assert!(lines[0].starts_with("at `futures::future::select("), "{text}");
    assert!(lines[0].contains(" → futures_util::future::select::"), "{text}");
    assert!(lines[1].starts_with("at `let _kept = context.waker().clone(); // never`"), "{text}");
}

#[test]
fn nothing_is_looked_at_in_a_run_that_does_not_ask() {
    let report = failed(Config::default(), std::future::pending());
    assert!(report.pending[0].awaits.is_empty());
    let report = failed(Config::default(), async {
        let lock = Rc::new(tokio::sync::Mutex::new(0));
        let _guard = lock.lock().await;
        serve(lock.clone()).await;
    });
    assert!(report.pending[0].awaits.is_empty());
}

async fn orders(count: u64, seed: u64, config: Config) -> (u64, String) {
    let mut executor = Executor::with_config(config, KeyedRandom::new(seed));
    let error = executor.block_on(async move {
        let lock = Rc::new(tokio::sync::Mutex::new(0));
        let _guard = lock.lock().await;
        for _ in 0..count {
            drop(spawn_named("server", serve(Rc::clone(&lock))));
        }
        std::future::pending::<()>().await;
    });
    let report = executor.finish(error.unwrap_err().into());
    (report.hash, report.outcome.to_string())
}

#[test]
fn looking_changes_no_run_and_tells_the_same_each_time() {
    use futures::FutureExt as _;
    for seed in 0..5 {
        let without = orders(5, seed, Config::default()).now_or_never().unwrap();
        let [first, second] = [(); 2].map(|()| orders(5, seed, config()).now_or_never().unwrap());
        assert_eq!(first, second);
        assert_eq!(first.0, without.0, "seed {seed}");
    }
}

#[test]
fn thousands_of_blocked_tasks_share_a_line() {
    use futures::FutureExt as _;
    let (_, text) = orders(5_000, 0, config()).now_or_never().unwrap();
    assert!(text.lines().count() < 12, "{text}");
    assert!(
        text.contains(" → tokio::sync::mutex") && text.contains(", from seedbed/tests/awaits.rs:"),
        "{text}"
    );
    assert!(text.contains(" more like it"), "{text}");
}

#[test]
fn a_failed_test_is_told_with_the_lines_at_which_its_tasks_await() {
    let sweep = Sweep { seeds: 0, ..Sweep::default() };
    let error = sweep.try_run("stuck", || async {
        let lock = Rc::new(tokio::sync::Mutex::new(0));
        let _guard = lock.lock().await;
        spawn(serve(Rc::clone(&lock))).await.unwrap();
    });
    let Err(SweepError::Failed(failed)) = error else { panic!("{error:?}") };
    let text = failed.to_string();
    assert!(
        text.contains(" → tokio::sync::mutex") && text.contains(", from seedbed/tests/awaits.rs:"),
        "{text}"
    );
    assert!(failed.is_reproducible(), "{text}");
}

fn chain(error: &RunError) -> String {
    let (RunError::Deadlock(seedbed::Deadlock { waits, .. }) | RunError::Limit { waits, .. }) = error else {
        panic!("{error}")
    };
    waits.as_ref().map(ToString::to_string).unwrap_or_default()
}

fn chain_of(program: impl Future<Output = ()> + 'static) -> String {
    chain(&Executor::with_config(config(), ProductionOrder).block_on(program).unwrap_err())
}

#[test]
fn a_circle_goes_over_a_connection_and_a_lock() {
    let text = chain_of(async {
        let account = std::sync::Arc::new(sync::Mutex::named("account", 0));
        let server = {
            let account = std::sync::Arc::clone(&account);
            node("server").spawn_named("conn", async move {
                let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
                let (mut stream, _) = listener.accept().await.unwrap();
                stream.read_exact(&mut [0; 4]).await.unwrap();
                let _account = account.lock().await;
                stream.write_all(b"done").await.unwrap();
            })
        };
        time::sleep(Duration::from_millis(1)).await;
        let client = node("client").spawn_named("order", async move {
            let _account = account.lock().await;
            let mut stream = TcpStream::connect("server:80").await.unwrap();
            stream.write_all(b"sell").await.unwrap();
            stream.read_exact(&mut [0; 4]).await.unwrap();
        });
        client.await.unwrap();
        server.await.unwrap();
    });
    assert!(text.starts_with("each waits for the next: "), "{text}");
    assert!(text.contains("client/order waits at tcp.read client:"), "{text}");
    assert!(text.contains(" from server:80"), "{text}");
    assert!(
        text.contains(
            ", whose other end server/conn has, which waits for lock \"account\" held by client/order"
        ),
        "{text}"
    );
}

#[test]
fn two_ends_of_a_unix_socket_that_both_read_are_a_circle() {
    let text = chain_of(async {
        let (mut one, mut other) = UnixStream::pair().unwrap();
        let one = spawn_named("one", async move { one.read_exact(&mut [0; 1]).await.unwrap() });
        let other = spawn_named("other", async move { other.read_exact(&mut [0; 1]).await.unwrap() });
        one.await.unwrap();
        other.await.unwrap();
    });
    assert!(text.starts_with("each waits for the next: main/one waits at unix.read"), "{text}");
    assert!(text.contains(", whose other end main/other has, which waits at unix.read"), "{text}");
}

#[test]
fn without_a_circle_it_is_told_whom_the_awaited_task_waits_for() {
    let text = chain_of(async {
        let lock = std::sync::Arc::new(sync::Mutex::named("log", 0));
        let inner = std::sync::Arc::clone(&lock);
        drop(spawn_named("owner", async move {
            let _log = inner.lock().await;
            std::future::pending::<()>().await;
        }));
        spawn_named("writer", async move {
            time::sleep(Duration::from_millis(1)).await;
            let _log = lock.lock().await;
        })
        .await
        .unwrap();
    });
    assert_eq!(
        text,
        "who waits for whom: main waits at task.join main/writer, which waits for lock \"log\" held by main/owner since \
         0.000, which waits for a wake"
    );
}

#[test]
fn a_heartbeat_does_not_hide_who_waits_for_whom() {
    let limits = Limits { virtual_time_max: Duration::from_secs(60), ..Limits::default() };
    let mut executor = Executor::with_config(Config { limits, ..config() }, ProductionOrder);
    let error = executor.block_on(async {
        drop(spawn_named("heartbeat", async {
            loop {
                time::sleep(Duration::from_secs(1)).await;
            }
        }));
        let (sender, mut receiver) = sync::mpsc::named_channel::<u32>("jobs", 1);
        let idle = spawn_named("idle", async move {
            sender.send(1).await.unwrap();
            std::future::pending::<()>().await;
            sender.send(2).await.unwrap();
        });
        while receiver.recv().await.is_some() {}
        idle.await.unwrap();
    });
    let text = error.unwrap_err().to_string();
    assert!(text.contains("virtual_time_max"), "{text}");
    assert!(text.contains("who waits for whom: main waits for a value of channel \"jobs\", last sent to by main/idle, which waits for a wake"), "{text}");
}

#[test]
fn two_runs_that_part_are_told_with_the_task_its_node_its_lines_and_what_was_decided() {
    static RUNS: AtomicU32 = AtomicU32::new(0);
    let error = Sweep::default().try_run("parts", || async {
        let is_odd = RUNS.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        let lock = Rc::new(tokio::sync::Mutex::new(0));
        let guard = lock.lock().await;
        let clerk = node("shop").spawn_named("clerk", serve(Rc::clone(&lock)));
        time::sleep(Duration::from_millis(1)).await;
        if is_odd {
            time::sleep(Duration::from_millis(1 + choose(2))).await;
        }
        drop(guard);
        clerk.await.unwrap();
    });
    let Err(SweepError::Diverged(diverged)) = error else { panic!("{error:?}") };
    let text = diverged.to_string();
    let difference = diverged.difference.as_ref().expect("their traces differ");
    let [one, other] = &difference.records;
    assert_eq!(one.as_deref(), Some("0.001 main woke shop/clerk"), "{text}");
    assert_ne!(one, other, "{text}");
    let decided = difference.decision.as_ref().expect("one decides more").decisions[1].as_ref().unwrap();
    assert!(decided.starts_with("main @ user:choose #0 -> "), "{text}");
    let clerk = difference.tasks.iter().find(|task| task.task == "shop/clerk").unwrap();
    assert!(clerk.before.last().is_some_and(|last| last.starts_with("0.000 shop/clerk polled")), "{text}");
    let place = clerk.place.as_deref().unwrap();
    assert!(place.starts_with("on shop, spawned at seedbed/tests/awaits.rs:"), "{text}");
    assert!(
        place.contains(", awaits at seedbed/tests/awaits.rs:") && place.contains(" → tokio::sync::mutex"),
        "{text}"
    );
    assert!(text.contains("a static or a thread-local that runs change"), "{text}");
}
