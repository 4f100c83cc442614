//! What a failed test says: where the cause lies outside of the run, it names that.

use std::path::Path;
use std::time::Duration;

use seedbed::{Sweep, event, spawn, time};

fn answer_of_a_thread() -> tokio::sync::oneshot::Receiver<u8> {
    let (answer, question) = tokio::sync::oneshot::channel();
    std::thread::Builder::new()
        .spawn(move || {
            std::thread::park_timeout(Duration::from_millis(50));
            answer.send(1)
        })
        .unwrap();
    question
}

#[seedbed::test(seeds = 1)]
#[should_panic(expected = "hint: main was woken by a real thread, after the run had come to its end")]
async fn a_thread_that_answers_too_late_is_said_to_have_done_so() {
    answer_of_a_thread().await.unwrap();
}

#[cfg(target_os = "linux")]
#[seedbed::test(seeds = 1)]
#[should_panic(expected = "hint: the run has started 1 real thread, which virtual time does not wait for")]
async fn a_thread_whose_answer_was_not_waited_for_is_named() {
    time::timeout(Duration::from_secs(5), answer_of_a_thread()).await.expect("an answer in time").unwrap();
}

#[seedbed::test(seeds = 1)]
#[should_panic(
    expected = "hint: a run has no runtime of tokio: use seedbed::time (sleep, timeout, interval)"
)]
async fn a_sleep_of_tokio_gets_a_hint() {
    tokio::time::sleep(Duration::from_millis(5)).await;
}

#[seedbed::test(seeds = 1)]
#[should_panic(
    expected = "tokio::spawn has no place in a run, which has no runtime of tokio: use seedbed::spawn, seedbed::task"
)]
async fn a_task_of_tokio_gets_a_hint() {
    let mut set = tokio::task::JoinSet::new();
    set.spawn(async { 1 });
}

#[seedbed::test(seeds = 1)]
#[should_panic(expected = "tokio::task::spawn_blocking has no place in a run: use seedbed::spawn")]
async fn a_blocking_function_of_tokio_gets_a_hint() {
    tokio::task::spawn_blocking(|| 1).await.unwrap();
}

#[seedbed::test(seeds = 1)]
#[should_panic(expected = "seedbed::net for tokio::net")]
async fn a_socket_of_tokio_gets_a_hint() {
    let _ = tokio::net::TcpListener::bind("127.0.0.1:0").await;
}

#[seedbed::test(seeds = 1)]
#[should_panic(expected = "hint: a run is no runtime of tokio")]
async fn a_runtime_of_tokio_inside_a_run_gets_a_hint() {
    let runtime = || tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime().block_on(async { runtime().block_on(async {}) });
}

#[test]
fn a_call_of_tokio_is_named_where_the_task_that_made_it_is_not_the_one_that_failed() {
    let text = Sweep { seeds: 1, ..Sweep::default() }
        .try_run("kept", || async {
            let _kept = spawn(async { tokio::time::sleep(Duration::from_millis(5)).await });
            std::future::pending::<()>().await;
        })
        .unwrap_err()
        .to_string();
    assert!(text.contains("\nbefore that, main/"), "{text}");
    assert!(text.contains("\nhint: a run has no runtime of tokio"), "{text}");
}

/// tokio::sync::watch spreads those who wait over 8 lists by a generator of the thread that has a random seed.
#[seedbed::test(seeds = 20)]
#[should_panic(
    expected = "tokio::sync::watch wakes those who wait in an order that a random generator of the thread \
                           decides: use seedbed::sync::watch (this program contains it)"
)]
async fn a_watch_of_tokio_is_named_where_two_runs_differ() {
    let (sender, receiver) = tokio::sync::watch::channel(0);
    for waiter in 0..6 {
        let mut receiver = receiver.clone();
        spawn(async move {
            receiver.changed().await.unwrap();
            event!("{waiter}");
        });
    }
    time::sleep(Duration::from_secs(1)).await;
    sender.send(1).unwrap();
    time::sleep(Duration::from_secs(1)).await;
}

/// A proxy copies in both directions; the machine of its client has lost power, the one behind it is well.
async fn a_proxy_whose_client_loses_power() {
    use seedbed::net::{TcpListener, TcpStream};
    use seedbed::{Crash, node};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    node("up").spawn(async {
        let listener = TcpListener::bind("0.0.0.0:2").await.unwrap();
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read_to_end(&mut vec![]).await;
    });
    let listener = TcpListener::bind("0.0.0.0:1").await.unwrap();
    node("client").spawn(async {
        let mut stream = TcpStream::connect("main:1").await.unwrap();
        stream.write_all(b"hi").await.unwrap();
        std::future::pending::<()>().await
    });
    let (mut inner, _) = listener.accept().await.unwrap();
    let mut outer = TcpStream::connect("up:2").await.unwrap();
    spawn(async {
        time::sleep(Duration::from_millis(50)).await;
        node("client").crash(Crash::PowerLoss);
    });
    let _ = tokio::io::copy_bidirectional(&mut inner, &mut outer).await;
}

#[test]
fn a_task_that_waits_at_two_sockets_shows_both() {
    let text = Sweep { seeds: 1, ..Sweep::default() }
        .try_run("proxy", a_proxy_whose_client_loses_power)
        .unwrap_err()
        .to_string();
    let main = text.lines().find(|line| line.trim_start().starts_with("main ")).expect("main waits");
    assert!(main.contains("from client:") && main.contains(", and at tcp.read"), "{text}");
    assert!(main.contains("from up:2"), "{text}");
}

/// The reports of published bugs that stand still: `benches/real-bugs/reports.py` makes them again.
#[test]
fn the_reports_of_published_deadlocks_name_the_task_what_it_awaits_and_a_line_of_the_program_that_waits() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let reports = [
        ("event-listener-cache", "main/waiter ", "event_listener::EventListener"),
        ("tokio-mpsc-close", "main/consumer ", "tokio::sync::mpsc::bounded::Receiver::recv"),
        ("tower-callall", "main/feeder ", "tower::limit::concurrency::service::ConcurrencyLimit::poll_ready"),
    ];
    for (bug, task, resource) in reports {
        let folder = root.join("benches/real-bugs/open").join(bug);
        let [report, scenario] =
            ["deadlock.txt", "scenario.rs"].map(|name| std::fs::read_to_string(folder.join(name)).unwrap());
        let (_, of_task) = report.split_once(&format!("\n  {task}")).unwrap_or_else(|| panic!("{report}"));
        let awaits = of_task.lines().find(|line| line.contains("scenario.rs:")).unwrap();
        let (_, place) = awaits.split_once("awaits at ../scenario.rs:").unwrap_or_else(|| panic!("{awaits}"));
        assert!(place.contains(&format!(" → {resource}, from ")), "{awaits}");
        let line: usize = place.split(' ').next().unwrap().parse().unwrap();
        let source = scenario.lines().nth(line - 1).unwrap();
        assert!(source.contains("await") || source.contains("poll"), "{bug}, line {line}: {source}");
    }
}
