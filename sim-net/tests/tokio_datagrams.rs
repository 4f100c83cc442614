//! A UDP socket receives into tokio's buffers.

#![cfg(feature = "tokio")]

use std::future::poll_fn;

use sim_executor::{Executor, Node, ProductionOrder};
use sim_net::UdpSocket;
use tokio::io::ReadBuf;

#[test]
fn what_is_received_is_appended_to_the_buffer() {
    let mut executor = Executor::new(ProductionOrder);
    let program = async {
        let server = Node::named("server").spawn(UdpSocket::bind("0.0.0.0:7")).await.unwrap().unwrap();
        let client = UdpSocket::bind("0.0.0.0:0").await.unwrap();
        client.connect("server:7").await.unwrap();
        for _ in 0..5 {
            let sent = poll_fn(|context| client.poll_send(context, b"hello")).await;
            assert_eq!(sent.unwrap(), 5);
        }
        let mut space = [0; 13];
        let mut buffer = ReadBuf::new(&mut space);
        let source = poll_fn(|context| server.poll_peek_from(context, &mut buffer)).await.unwrap();
        assert_eq!((source, buffer.filled()), (client.local_addr().unwrap(), &b"hello"[..]));
        poll_fn(|context| server.poll_recv_from(context, &mut buffer)).await.unwrap();
        poll_fn(|context| server.poll_recv(context, &mut buffer)).await.unwrap();
        assert_eq!(buffer.filled(), b"hellohellohel", "what did not fit is lost");

        let mut grown = b"> ".to_vec();
        assert_eq!(server.recv_buf(&mut grown).await.unwrap(), 5);
        assert_eq!(server.try_recv_buf_from(&mut grown).unwrap(), (5, source));
        assert_eq!(grown, b"> hellohello");
        let mut bounded = &mut [0; 3][..];
        let to = "10.0.0.2:7".parse().unwrap();
        poll_fn(|context| client.poll_send_to(context, b"hello", to)).await.unwrap();
        assert_eq!(server.recv_buf(&mut bounded).await.unwrap(), 3);
        assert!(server.try_recv_buf(&mut grown).is_err());
    };
    executor.block_on(program).unwrap();
}
