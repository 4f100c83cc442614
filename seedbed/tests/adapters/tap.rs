//! A host on the way which notes every byte, so that the bytes become part of the hash of a run.

#[cfg(feature = "quinn")]
use std::net::SocketAddr;

use futures::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
#[cfg(feature = "quinn")]
use seedbed::net::UdpSocket;
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{event, join, node};

fn note(which: &str, bytes: &[u8]) {
    // FNV-1a.
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    event!("{which} {} bytes {hash:016x}", bytes.len());
}

async fn copy(which: &str, mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin) {
    let mut buffer = [0; 2_048];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        note(which, &buffer[..length]);
        to.write_all(&buffer[..length]).await.unwrap();
    }
    to.close().await.unwrap();
}

/// On the node `tap`, between a client of port 443 and a server.
pub(crate) async fn tap_tcp(server: &'static str) {
    let listening = node("tap").spawn(TcpListener::bind("0.0.0.0:443"));
    let listener = listening.await.unwrap().unwrap();
    node("tap").spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect(server).await.unwrap();
        let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
        join!(copy("to the server", from_client, to_server), copy("to the client", from_server, to_client));
    });
}

/// The same for datagrams of one client.
#[cfg(feature = "quinn")]
pub(crate) async fn tap_udp(server: SocketAddr) {
    let binding = node("tap")
        .spawn(async { (UdpSocket::bind("0.0.0.0:443").await, UdpSocket::bind("0.0.0.0:0").await) });
    let (outside, inside) = binding.await.unwrap();
    let (outside, inside) = (outside.unwrap(), inside.unwrap());
    node("tap").spawn(async move {
        let (mut one, mut other) = ([0; 2_048], [0; 2_048]);
        let mut client = None;
        loop {
            let (from_client, received) = seedbed::select! {
                received = outside.recv_from(&mut one) => (true, received.unwrap()),
                received = inside.recv_from(&mut other) => (false, received.unwrap()),
            };
            let length = received.0;
            if from_client {
                client = Some(received.1);
                note("to the server", &one[..length]);
                inside.send_to(&one[..length], server).await.unwrap();
            } else {
                note("to the client", &other[..length]);
                outside.send_to(&other[..length], client.unwrap()).await.unwrap();
            }
        }
    });
}
