//! Segments that come twice, the second time long after all is over.

mod pair;

use std::cell::RefCell;
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use pair::{connected, listen, run};
use sim_executor::{Crash, Node, spawn, time};
use sim_net::{TcpListener, TcpStream, fault};

const SECOND: Duration = Duration::from_secs(1);

/// What the server sends, from now on.
fn sent_by_server() -> Rc<RefCell<Vec<String>>> {
    let sent = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&sent);
    fault::hook(move |crossing| {
        if crossing.packet.from == "server" {
            seen.borrow_mut().push(crossing.packet.says.clone());
        }
    })
    .keep();
    sent
}

/// Has a client send its SYN twice, since the answer is late, and the second come after that time.
fn second_syn_comes_after(delay: Duration) -> fault::Hook {
    let mut syns = 0;
    fault::hook(move |crossing| match crossing.packet.says.as_str() {
        "SYN" => {
            syns += 1;
            crossing.delay = if syns == 1 { Duration::ZERO } else { delay };
        }
        says if says.starts_with("SYN") => crossing.delay = SECOND + SECOND / 2,
        _ => {}
    })
}

#[test]
fn a_late_syn_of_the_same_peer_begins_no_connection_with_an_end_in_time_wait() {
    run(async {
        let repeated = second_syn_comes_after(5 * SECOND);
        let (mut client, mut server) = connected().await;
        drop(repeated);
        server.close().await.unwrap();
        assert_eq!(client.read(&mut [0; 8]).await.unwrap(), 0);
        client.close().await.unwrap();
        drop((client, server));
        time::sleep(2 * SECOND).await;
        let sent = sent_by_server();
        time::sleep(5 * SECOND).await;
        assert_eq!(*sent.borrow(), ["ack 2"], "what TIME-WAIT expects, and no SYN");
    });
}

#[test]
fn an_end_that_was_restarted_resets_what_answers_to_its_syn_with_an_old_acknowledgement() {
    run(async {
        let server = Node::named("server");
        server.run(|| async {
            let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
            while let Ok((mut stream, _)) = listener.accept().await {
                spawn(async move {
                    let mut buffer = [0; 8];
                    while let Ok(1..) = stream.read(&mut buffer).await {}
                });
            }
        });
        time::sleep(SECOND).await;
        let repeated = second_syn_comes_after(5 * SECOND);
        let mut client = TcpStream::connect("server:7").await.unwrap();
        drop(repeated);
        client.write_all(b"12345678").await.unwrap();
        time::sleep(SECOND).await;
        server.crash(Crash::PowerLoss);
        time::sleep(SECOND).await;
        server.restart();
        let sent = sent_by_server();
        // The late SYN finds a listener: its SYN is answered with what the client expects, which the server never sent.
        let error = client.read(&mut [0; 8]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert_eq!(*sent.borrow(), ["SYN ack 1", "RST at 1"]);
    });
}

#[test]
fn a_syn_of_a_new_connection_takes_the_place_of_one_in_time_wait() {
    run(async {
        let listener = listen("0.0.0.0:7").await;
        for _ in 0..2 {
            let local = "0.0.0.0:40000".parse().unwrap();
            let socket = sim_net::TcpSocket::new_v4().unwrap();
            socket.bind(local).unwrap();
            let connecting = spawn(async move { socket.connect("10.0.0.2:7".parse().unwrap()).await });
            let (server, _) = listener.accept().await.unwrap();
            let client = connecting.await.unwrap().unwrap();
            // The server closes first, so that it is the one which waits.
            drop(server);
            time::sleep(SECOND).await;
            drop(client);
            time::sleep(SECOND).await;
        }
    });
}
