//! What only a simulation can try: machines that crash, signals, many seeds.

use std::time::Duration;

use key_server::client::Client;
use key_server::rt::net::TcpListener;
use key_server::rt::signal::unix::SignalKind;
use key_server::rt::{signal, time};
use key_server::server;
use seedbed::{Crash, Life, Node, node};

/// A machine that runs the program, again each time that it starts.
fn machine() -> Node {
    let machine = node("server");
    machine.run(|| async {
        let listener = TcpListener::bind("0.0.0.0:7600").await.unwrap();
        server::run(listener, signal::ctrl_c()).await;
    });
    machine
}

/// Tries until the server is there.
async fn connect() -> Client {
    loop {
        match Client::connect("server:7600").await {
            Ok(client) => return client,
            Err(_) => time::sleep(Duration::from_millis(100)).await,
        }
    }
}

#[seedbed::test(seeds = 50)]
async fn an_interrupt_ends_the_server_but_does_not_kill_its_process() {
    let machine = machine();
    let mut client = connect().await;
    let interrupted = machine.clone();
    let interrupt = node("operator").spawn(async move {
        time::sleep(Duration::from_millis(seedbed::choose_between(0, 20))).await;
        interrupted.send_signal(SignalKind::interrupt());
    });
    while client.set("key", "value", None).await.is_ok() {
        time::sleep(Duration::from_millis(1)).await;
    }
    interrupt.await.unwrap();
    assert!(Client::connect("server:7600").await.is_err(), "nobody listens any more");
    assert_eq!(machine.life(), Life::Running);
}

#[seedbed::test(seeds = 50)]
async fn a_server_that_has_crashed_comes_back_without_values() {
    let machine = machine();
    let mut client = connect().await;
    client.set("key", "value", None).await.unwrap();
    machine.crash(Crash::PowerLoss);
    machine.restart();
    let mut client = connect().await;
    assert_eq!(client.get("key").await.unwrap(), None);
}
