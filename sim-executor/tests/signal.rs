//! What a signal does to the process of a node.

use std::cell::Cell;
use std::future::pending;
use std::rc::Rc;
use std::time::Duration;

use sim_executor::signal::ctrl_c;
use sim_executor::signal::unix::{Signal, SignalKind, signal};
use sim_executor::{
    Config, Executor, Life, Node, ProductionOrder, RunError, TraceLevel, event, spawn, time, yield_now,
};

const SECOND: Duration = Duration::from_secs(1);

fn run<F: Future + 'static>(future: F) -> F::Output
where
    F::Output: 'static,
{
    Executor::new(ProductionOrder).block_on(future).unwrap()
}

fn terminated() -> Signal {
    signal(SignalKind::terminate()).unwrap()
}

#[test]
fn what_nobody_listens_for_does_what_linux_does() {
    let killing = [
        SignalKind::alarm(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::io(),
        SignalKind::quit(),
        SignalKind::terminate(),
        SignalKind::user_defined1(),
        SignalKind::user_defined2(),
        SignalKind::from_raw(9),
        SignalKind::from_raw(64),
    ];
    let ignored =
        [SignalKind::child(), SignalKind::pipe(), SignalKind::window_change(), SignalKind::from_raw(18)];
    let freezing = [19, 20, 21, 22].map(SignalKind::from_raw);
    run(async move {
        for (kinds, life) in
            [(&killing[..], Life::Killed), (&ignored[..], Life::Running), (&freezing[..], Life::Frozen)]
        {
            for kind in kinds {
                let node = Node::named(&format!("{kind}"));
                let running = node.spawn(pending::<()>());
                node.send_signal(*kind);
                assert_eq!(node.life(), life, "{kind}");
                running.abort();
            }
        }
    });
}

#[test]
fn a_listener_keeps_the_process_alive_even_when_it_is_dropped() {
    run(async {
        let node = Node::named("server");
        drop(node.spawn(async { drop(terminated()) }).await);
        node.send_signal(SignalKind::terminate());
        assert_eq!(node.life(), Life::Running);
        // Of this kind only, and of this node.
        let other = Node::named("other");
        other.send_signal(SignalKind::terminate());
        node.send_signal(SignalKind::interrupt());
        assert!(node.life().is_down() && other.life().is_down());
    });
}

#[test]
fn a_process_that_starts_again_does_not_listen() {
    run(async {
        let node = Node::named("server");
        let is_listening = Rc::new(Cell::new(true));
        let listens = Rc::clone(&is_listening);
        node.run(move || {
            let listener = listens.take().then(terminated);
            async move {
                drop(listener);
                pending::<()>().await;
            }
        });
        time::sleep(SECOND).await;
        node.send_signal(SignalKind::terminate());
        assert_eq!(node.life(), Life::Running);
        node.restart();
        time::sleep(SECOND).await;
        node.send_signal(SignalKind::terminate());
        assert_eq!(node.life(), Life::Killed);
    });
}

#[test]
fn signals_that_nobody_waits_for_meanwhile_are_one() {
    run(async {
        let node = Node::named("server");
        let (first, second) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        for count in [&first, &second] {
            let count = Rc::clone(count);
            node.spawn(async move {
                let mut terminated = terminated();
                while terminated.recv().await.is_some() {
                    count.set(count.get() + 1);
                    time::sleep(SECOND * 10).await;
                }
            });
        }
        time::sleep(SECOND).await;
        for _ in 0..5 {
            node.send_signal(SignalKind::terminate());
            time::sleep(SECOND).await;
        }
        assert_eq!((first.get(), second.get()), (1, 1));
        time::sleep(SECOND * 60).await;
        assert_eq!((first.get(), second.get()), (2, 2), "four came while nobody waited");
    });
}

#[test]
fn a_listener_is_not_told_of_what_came_before() {
    run(async {
        let node = Node::named("server");
        let told = node.spawn(async {
            let _keeps_alive = terminated();
            time::sleep(SECOND * 2).await;
            time::timeout(SECOND, terminated().recv()).await.is_ok()
        });
        time::sleep(SECOND).await;
        node.send_signal(SignalKind::terminate());
        assert!(!told.await.unwrap());
    });
}

#[test]
fn ctrl_c_is_interrupt() {
    run(async {
        let node = Node::named("server");
        let both = node.spawn(async { sim_executor::join!(ctrl_c(), ctrl_c()) });
        yield_now().await;
        time::sleep(SECOND).await;
        node.send_signal(SignalKind::interrupt());
        let (one, other) = both.await.unwrap();
        one.unwrap();
        other.unwrap();
    });
}

#[test]
fn a_frozen_process_handles_signals_when_it_is_thawed() {
    run(async {
        let (listening, deaf) = (Node::named("listening"), Node::named("deaf"));
        let told = listening.spawn(async { terminated().recv().await });
        let ended = deaf.spawn(pending::<()>());
        time::sleep(SECOND).await;
        for node in [&listening, &deaf] {
            node.freeze();
            node.send_signal(SignalKind::terminate());
            assert_eq!(node.life(), Life::Frozen);
        }
        time::sleep(SECOND).await;
        listening.send_signal(SignalKind::from_raw(18));
        assert_eq!(told.await.unwrap(), Some(()));
        deaf.thaw();
        assert!(ended.await.unwrap_err().is_cancelled());
        assert_eq!(deaf.life(), Life::Killed);
        listening.freeze();
        listening.send_signal(SignalKind::from_raw(9));
        assert_eq!(listening.life(), Life::Killed);
    });
}

#[test]
fn tokio_refuses_some_kinds() {
    run(async {
        for number in [-1, 0, 4, 8, 9, 11, 19, 65] {
            let refused = signal(SignalKind::from_raw(number)).unwrap_err();
            let expected = if number == 65 {
                "signal too large"
            } else {
                &format!("Refusing to register signal {number}")
            };
            assert_eq!(refused.to_string(), expected);
        }
        assert_eq!(i32::from(SignalKind::from(15)), SignalKind::terminate().as_raw_value());
    });
}

#[test]
fn a_node_that_is_down_gets_nothing_and_main_is_not_killed() {
    run(async {
        let node = Node::named("server");
        node.send_signal(SignalKind::terminate());
        node.send_signal(SignalKind::interrupt());
        assert_eq!(node.life(), Life::Killed);
        let told = spawn(async { terminated().recv().await });
        yield_now().await;
        Node::named("main").send_signal(SignalKind::terminate());
        assert_eq!(told.await.unwrap(), Some(()));
    });
    let error = Executor::new(ProductionOrder)
        .block_on(async { Node::named("main").send_signal(SignalKind::terminate()) })
        .unwrap_err();
    assert!(error.to_string().contains("SIGTERM would kill the node main"), "{error}");
}

#[test]
fn reports_and_traces_name_the_signal() {
    let config = Config { trace: TraceLevel::All, ..Config::default() };
    let mut executor = Executor::with_config(config, ProductionOrder);
    let error = executor
        .block_on(async {
            let mut terminated = terminated();
            Node::named("main").send_signal(SignalKind::terminate());
            terminated.recv().await;
            event!("told once");
            terminated.recv().await
        })
        .unwrap_err();
    assert!(matches!(error, RunError::Deadlock { .. }));
    assert!(error.to_string().contains("SIGTERM"), "{error}");
    let trace = executor.trace().to_string();
    assert!(trace.contains("gets SIGTERM"), "{trace}");
}
