//! What a test shows of a program that does not get on: who is to blame, and that it is so at ten times the bound too.

use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use seedbed::net::{TcpListener, TcpStream, UdpSocket, fault};
use seedbed::{
    DeadWakers, FailedRun, Leaks, Limits, Node, Settle, Sweep, SweepError, choose, event, progress, settle,
    spawn, spawn_named, sync::Semaphore, time, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn failed<F: Future<Output = ()> + 'static>(sweep: Sweep, body: impl Fn() -> F + 'static) -> Box<FailedRun> {
    match (Sweep { seeds: 20, ..sweep }).try_run("it_gets_on", body) {
        Err(SweepError::Failed(failed)) => failed,
        other => panic!("no run failed: {other:?}"),
    }
}

fn passes<F: Future<Output = ()> + 'static>(sweep: Sweep, body: impl Fn() -> F + 'static) -> u64 {
    (Sweep { seeds: 20, ..sweep }).try_run("it_gets_on", body).unwrap().runs
}

/// Yields so often, without any advance of time.
async fn yields(count: u32) {
    drop(spawn_named("spin", async move {
        for _ in 0..count {
            yield_now().await;
        }
    }));
    time::sleep(SECOND).await;
}

fn few_polls() -> Sweep {
    Sweep { limits: Limits { polls_per_instant_max: 200, ..Limits::default() }, ..Sweep::default() }
}

#[test]
fn a_run_that_is_only_slow_is_no_failure_of_a_test() {
    assert_eq!(passes(few_polls(), || yields(1_000)), 21);
}

#[test]
fn a_busy_loop_is_confirmed_and_names_who_does_not_let_time_pass() {
    let text = failed(few_polls(), || yields(5_000)).to_string();
    assert!(text.contains("Limits::polls_per_instant_max = 200 is reached"), "{text}");
    assert!(text.contains("a busy loop; confirmed by a run at ten times that\n"), "{text}");
    assert!(
        text.contains("\n  main/spin had 101 of the last 101 polls: it wakes itself each time\n"),
        "{text}"
    );
    assert!(!text.contains("NOT "), "{text}");
}

#[test]
fn a_seed_that_is_only_slow_does_not_hide_one_that_never_ends() {
    let failed = failed(few_polls(), || async {
        let count = if choose(3) == 2 { u32::MAX } else { 1_000 };
        yields(count).await;
    });
    assert!(failed.is_reproducible());
    assert!(failed.to_string().contains("; confirmed by a run at ten times that"), "{failed}");
}

#[test]
fn a_task_that_forgets_its_waker_is_told_by_a_deadlock_and_fails_at_once_where_that_is_asked() {
    async fn body() {
        let forgets = spawn_named("forgets", pending::<()>());
        event!("waits");
        forgets.await.unwrap();
    }
    let text = failed(Sweep::default(), body).to_string();
    assert!(text.contains("(deadlock)"), "{text}");
    let row = text.lines().find(|line| line.contains("nobody has its waker any more")).unwrap();
    assert!(row.contains("main/forgets"), "{text}");
    let asked = Sweep { dead_wakers: DeadWakers::Fail, ..Sweep::default() };
    let text = failed(asked, body).to_string();
    assert!(text.contains("at 0.000: nobody can wake main/forgets any more"), "{text}");
}

#[test]
fn sockets_and_permits_that_are_left_fail_a_test_that_allows_none() {
    async fn body(closes: bool) {
        let listener = TcpListener::bind("0.0.0.0:80").await.unwrap();
        let permits = Rc::new(Semaphore::named("slots", 2));
        let (held, client) = (Rc::clone(&permits), Node::named("client"));
        let task = client.spawn_named("client", async move {
            let _stream = TcpStream::connect(("main", 80)).await.unwrap();
            let _permit = held.acquire().await.unwrap();
            if !closes {
                pending::<()>().await;
            }
        });
        drop(listener.accept().await.unwrap());
        time::sleep(SECOND).await;
        if closes {
            task.await.unwrap();
        }
    }
    let asked = |leaks| Sweep { leaks: Some(leaks), ..Sweep::default() };
    let text = failed(asked(Leaks::NONE), || body(false)).to_string();
    assert!(
        text.contains(
            "1 tasks (Leaks::tasks = 0), 1 sockets (Leaks::sockets = 0), 1 permits (Leaks::permits = 0)"
        ),
        "{text}"
    );
    assert!(text.contains("task was destroyed but it is pending: client/client on client"), "{text}");
    assert!(text.contains("socket is still open: tcp "), "{text}");
    assert!(
        text.contains("permit was not given back: semaphore \"slots\" held by client/client since"),
        "{text}"
    );
    passes(asked(Leaks::NONE), || body(true));
    passes(asked(Leaks { tasks: 1, sockets: 1, permits: 1, ..Leaks::NONE }), || body(false));
    passes(Sweep::default(), || body(false));
}

#[seedbed::test(seeds = 20, no_leaks, dead_wakers)]
async fn a_test_that_cleans_up_passes_with_all_checks() {
    let tasks = [1, 2, 3].map(|n| spawn(time::sleep(n * SECOND)));
    for task in tasks {
        task.await.unwrap();
    }
}

/// Sends a datagram each second to a server that answers; gets on with each answer.
async fn asks(answers: u32) {
    drop(Node::named("server").spawn_named("server", async {
        let socket = UdpSocket::bind("0.0.0.0:53").await.unwrap();
        let mut buffer = [0; 1];
        loop {
            let (_, from) = socket.recv_from(&mut buffer).await.unwrap();
            socket.send_to(&buffer, from).await.unwrap();
        }
    }));
    let client = Node::named("client").spawn_named("client", async move {
        let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        let (mut buffer, mut answered) = ([0; 1], 0);
        while answered < answers {
            socket.send_to(&[1], ("server", 53)).await.unwrap();
            if time::timeout(SECOND, socket.recv(&mut buffer)).await.is_ok() {
                answered += 1;
                progress!("the server answers");
                time::sleep(SECOND).await;
            }
        }
    });
    client.await.unwrap();
}

#[test]
fn partitions_are_healed_and_held_packets_go_on_when_the_run_settles() {
    passes(Sweep::default(), || async {
        Settle { chaos_max: 5 * SECOND, timeout_max: SECOND, ..Settle::default() }.plan();
        let _nodes = ["server", "client"].map(Node::named);
        fault::partition("server", "client").keep();
        fault::hold("server", "client").keep();
        asks(100).await;
    });
}

#[test]
fn a_fault_that_the_test_begins_after_that_is_a_livelock_that_is_confirmed() {
    let text = failed(Sweep::default(), || async {
        Settle { chaos_max: 5 * SECOND, timeout_max: SECOND, ..Settle::default() }.plan();
        settle::settled().await;
        let _nodes = ["server", "client"].map(Node::named);
        fault::partition("server", "client").keep();
        asks(100).await;
    })
    .to_string();
    assert!(text.contains("Limits::livelock_min = 60.000 s is reached"), "{text}");
    assert!(text.contains("a livelock; confirmed by a run at ten times that"), "{text}");
}
