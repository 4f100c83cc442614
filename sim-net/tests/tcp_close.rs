//! How TCP connections end, as programs see it.

mod pair;

use std::io::ErrorKind;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use pair::{connected, listen, run, run_on};
use sim_executor::{Config, Executor, JoinHandle, Node, Outcome, ProductionOrder, World, spawn, time};
use sim_net::{NetworkConfig, TcpConfig, TcpStream};

fn on_server<F: Future + 'static>(future: F) -> JoinHandle<F::Output> {
    Node::named("server").spawn(future)
}

#[test]
fn a_half_closed_connection_still_carries_the_answer() {
    run(async {
        let (mut client, mut server) = connected().await;
        let answering = on_server(async move {
            let mut question = String::new();
            server.read_to_string(&mut question).await.unwrap();
            time::sleep(Duration::from_secs(200)).await;
            server.write_all(format!("{question} indeed").as_bytes()).await.unwrap();
        });
        client.write_all(b"well").await.unwrap();
        client.close().await.unwrap();
        assert_eq!(client.write(b"more").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer, "well indeed");
        answering.await.unwrap();
    });
}

#[test]
fn dropping_a_stream_with_unread_data_resets_the_peer() {
    run(async {
        let (mut client, server) = connected().await;
        client.write_all(b"unread").await.unwrap();
        server.peek(&mut [0]).await.unwrap();
        drop(server);
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0, "the error is told once");
        assert_eq!(client.write(b"x").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(client.peer_addr().unwrap_err().kind(), ErrorKind::NotConnected);
    });
}

#[test]
fn writing_to_a_closed_peer_works_once_and_then_breaks() {
    run(async {
        let (mut client, server) = connected().await;
        drop(server);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        client.write_all(b"x").await.unwrap();
        time::sleep(Duration::from_millis(10)).await;
        assert_eq!(client.write(b"y").await.unwrap_err().kind(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn what_was_written_before_a_drop_arrives() {
    run(async {
        let (mut client, mut server) = connected().await;
        let reading = on_server(async move {
            let mut all = Vec::new();
            server.read_to_end(&mut all).await.unwrap();
            all.len()
        });
        client.write_all(&vec![1; 1_000_000]).await.unwrap();
        drop(client);
        assert_eq!(reading.await.unwrap(), 1_000_000);
    });
}

#[test]
fn zero_linger_resets() {
    run(async {
        let (client, mut server) = connected().await;
        client.set_linger(Some(Duration::ZERO)).unwrap();
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
    });
}

#[test]
fn halves_work_in_two_tasks_and_are_reunited() {
    run(async {
        let (client, mut server) = connected().await;
        let (mut read, mut write) = client.into_split();
        let reading = spawn(async move {
            let mut buffer = [0; 4];
            read.read_exact(&mut buffer).await.unwrap();
            (read, buffer)
        });
        write.write_all(b"ping").await.unwrap();
        let mut buffer = [0; 4];
        server.read_exact(&mut buffer).await.unwrap();
        server.write_all(b"pong").await.unwrap();
        let (read, answer) = reading.await.unwrap();
        assert_eq!((&buffer, &answer), (b"ping", b"pong"));
        let client = read.reunite(write).unwrap();
        let (read, write) = client.into_split();
        drop(write);
        assert_eq!(server.read(&mut buffer).await.unwrap(), 0, "dropping the writing half closes it");
        server.write_all(b"late").await.unwrap();
        read.readable().await.unwrap();
        let nothing_yet = read.try_read(&mut buffer).unwrap_err();
        assert_eq!(nothing_yet.kind(), ErrorKind::WouldBlock, "it was ready for what was read before");
        read.readable().await.unwrap();
        assert_eq!(read.try_read(&mut buffer).unwrap(), 4);
    });
}

#[test]
fn halves_of_two_streams_are_not_reunited() {
    run(async {
        let (client, server) = connected().await;
        let ((read, _write), (_read, write)) = (client.into_split(), server.into_split());
        let error = read.reunite(write).unwrap_err();
        assert_eq!(error.to_string(), "tried to reunite halves that are not from the same socket");
    });
}

#[test]
fn a_full_backlog_drops_connections_until_there_is_room() {
    let tcp = TcpConfig { accept_backlog: 1, ..TcpConfig::default() };
    run_on(NetworkConfig { tcp, ..NetworkConfig::default() }, async {
        let listener = listen("0.0.0.0:7").await;
        let mut connects = Vec::new();
        for _ in 0..4 {
            connects.push(spawn(TcpStream::connect("server:7")));
            time::sleep(Duration::from_millis(100)).await;
        }
        let done = connects.iter().filter(|connect| connect.is_finished()).count();
        assert_eq!(done, 2, "Linux holds one more than it is asked to");
        let mut accepted = Vec::new();
        for connect in connects {
            accepted.push(listener.accept().await.unwrap());
            connect.await.unwrap().unwrap();
        }
    });
}

#[test]
fn dropping_a_listener_resets_what_was_not_accepted() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        let mut early = TcpStream::connect("server:7").await.unwrap();
        time::sleep(Duration::from_millis(5)).await; // its handshake ends here, and that of the other does not
        let mut client = TcpStream::connect("server:7").await.unwrap();
        drop(listener);
        assert_eq!(early.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        assert_eq!(client.read(&mut [0; 8]).await.unwrap_err().kind(), ErrorKind::ConnectionReset);
        let error = TcpStream::connect("server:7").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
    });
}

#[test]
fn a_socket_may_outlive_its_run() {
    let streams = {
        let mut executor = Executor::new(ProductionOrder);
        executor.block_on(connected()).unwrap()
    };
    drop(streams);
    let (read, write) = {
        let mut executor = Executor::new(ProductionOrder);
        executor.block_on(async { connected().await.0.into_split() }).unwrap()
    };
    let mut executor = Executor::new(ProductionOrder);
    executor.block_on(async move { drop((read, write)) }).unwrap();
}

/// It keeps its network and its run: the next one in the world begins without their memory, and is the same.
#[test]
fn a_socket_may_outlive_its_run_in_a_world() {
    let (mut world, mut kept) = (World::default(), Vec::new());
    let mut run = |kept: &mut Vec<_>| {
        let mut executor = Executor::in_world(Config::default(), Box::new(ProductionOrder), &mut world);
        kept.push(executor.block_on(connected()).unwrap());
        executor.finish_into(Outcome::Done, &mut world).hash
    };
    let hash = run(&mut kept);
    assert_eq!(run(&mut kept), hash);
    kept.clear();
    assert_eq!([(); 2].map(|()| run(&mut kept)), [hash; 2]);
}
