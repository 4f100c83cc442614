//! What the operations on sockets cost the CPU of their node.

use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{Executor, Instant, Node, ProductionOrder, context, spawn_named, time};
use sim_net::{NetworkConfig, TcpListener, TcpStream, UdpSocket, install};

const MS: Duration = Duration::from_millis(1);

fn run<F: Future + 'static>(op_cost: Duration, program: F) -> F::Output {
    let mut executor = Executor::new(ProductionOrder);
    executor.enter(|| install(NetworkConfig { op_cost, ..NetworkConfig::default() }));
    executor.block_on(program).unwrap()
}

/// Ten writes that never wait, beside a heart that should beat after 5 ms.
async fn ten_writes() -> (Duration, Duration) {
    let listener =
        Node::named("server").spawn(async { TcpListener::bind("0.0.0.0:7").await.unwrap() }).await.unwrap();
    let server = Node::named("server").spawn(async move {
        let mut stream = listener.accept().await.unwrap().0;
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all.len()
    });
    let mut stream = TcpStream::connect("server:7").await.unwrap();
    let start = context::now();
    let heart = spawn_named("heart", async move {
        time::sleep(5 * MS).await;
        context::now() - start
    });
    for _ in 0..10 {
        stream.write_all(b"message").await.unwrap();
    }
    let wrote_for = context::now() - start;
    drop(stream);
    assert_eq!(server.await.unwrap(), 70);
    (wrote_for, heart.await.unwrap())
}

#[test]
fn writes_that_never_wait_starve_the_node_for_their_cost() {
    assert_eq!(run(Duration::ZERO, ten_writes()), (Duration::ZERO, 5 * MS), "by default they cost nothing");
    let (wrote_for, beat_at) = run(MS, ten_writes());
    assert_eq!(wrote_for, 10 * MS);
    assert!(beat_at >= 10 * MS, "the heart beat at {beat_at:?}, while the node was writing");
}

#[test]
fn a_datagram_costs_as_much_and_one_that_is_not_there_nothing() {
    run(MS, async {
        let receiver = UdpSocket::bind("0.0.0.0:9").await.unwrap();
        assert!(receiver.try_recv_from(&mut [0; 8]).is_err());
        assert_eq!(context::now(), Instant::START, "nothing was received");
        let sender = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        sender.send_to(b"hello", "main:9").await.unwrap();
        assert_eq!(context::now(), Instant::START + MS);
        receiver.recv_from(&mut [0; 8]).await.unwrap();
        assert_eq!(context::now(), Instant::START + 2 * MS, "the datagram took 10 µs meanwhile");
    });
}
