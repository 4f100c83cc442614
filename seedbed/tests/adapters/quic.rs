//! QUIC by quinn.

use std::net::SocketAddr;
use std::time::Duration;

use futures::future::join_all;
use futures_rustls::rustls::pki_types::CertificateDer;
use quinn::{Connection, ConnectionError, Endpoint, VarInt};
use seedbed::adapters::quinn::{client_config, endpoint, server_config};
use seedbed::adapters::rustls::Identity;
use seedbed::net::{UdpSocket, fault, lookup_host};
use seedbed::{event, join, node, spawn, time};

use crate::networks::{on_every_network, pattern};
use crate::tap::tap_udp;
use crate::tls::{client_that_trusts, server_of};

/// Sends back what comes in each stream, until the client is gone.
async fn echo(endpoint: Endpoint) {
    while let Some(incoming) = endpoint.accept().await {
        spawn(async move {
            let Ok(connection) = incoming.await else { return event!("handshake failed") };
            while let Ok((mut send, mut receive)) = connection.accept_bi().await {
                spawn(async move {
                    while let Ok(Some(chunk)) = receive.read_chunk(1_000, true).await {
                        send.write_chunk(chunk.bytes).await.unwrap();
                    }
                    send.finish().unwrap();
                });
            }
            event!("the connection ended");
        });
    }
}

/// Serves on the node `server`, whose certificate is for `name`.
async fn serve(name: &'static str) -> CertificateDer<'static> {
    let identity = Identity::self_signed(&[name]);
    let certificate = identity.certificate.clone();
    let config = server_config(server_of(identity));
    let binding = node("server").spawn(UdpSocket::bind("0.0.0.0:443"));
    let socket = binding.await.unwrap().unwrap();
    node("server").spawn(async move { echo(endpoint(socket, Some(config)).unwrap()).await });
    certificate
}

async fn address_of(host: &'static str) -> SocketAddr {
    lookup_host((host, 443)).await.unwrap().next().unwrap()
}

async fn connect(
    host: &'static str,
    trusted: &CertificateDer<'static>,
) -> Result<Connection, ConnectionError> {
    let endpoint = endpoint(UdpSocket::bind("0.0.0.0:0").await.unwrap(), None).unwrap();
    let config = client_config(client_that_trusts(trusted));
    endpoint.connect_with(config, address_of(host).await, host).unwrap().await
}

/// Sends over a stream of its own, and has it back.
async fn talk(connection: &Connection, length: usize) {
    let data = pattern(length);
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    let write = async {
        send.write_all(&data).await.unwrap();
        send.finish().unwrap();
    };
    let ((), back) = join!(write, receive.read_to_end(length + 1));
    assert_eq!(back.unwrap(), data);
    event!("has {length} bytes back");
}

#[test]
fn several_streams_of_one_connection_carry_what_is_sent() {
    on_every_network("quic", || async {
        let certificate = serve("server").await;
        let connection = connect("server", &certificate).await.unwrap();
        join_all([50_000, 0, 1, 20_000].map(|length| talk(&connection, length))).await;
    });
}

#[test]
fn every_byte_of_quic_is_repeated() {
    on_every_network("quic", || async {
        let certificate = serve("tap").await;
        tap_udp(address_of("server").await).await;
        let connection = connect("tap", &certificate).await.unwrap();
        join_all([5_000, 1].map(|length| talk(&connection, length))).await;
    });
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused() {
    on_every_network("quic", || async {
        serve("server").await;
        let other = Identity::self_signed(&["server"]);
        let error = connect("server", &other.certificate).await.unwrap_err();
        assert!(matches!(error, ConnectionError::TransportError(_)), "{error:?}");
        assert!(error.to_string().contains("certificate"), "{error}");
    });
}

#[test]
fn a_partition_times_out_by_the_virtual_clock() {
    on_every_network("quic", || async {
        let certificate = serve("server").await;
        let connection = connect("server", &certificate).await.unwrap();
        talk(&connection, 1).await;
        let _partition = fault::partition("main", "server");
        let cut_at = time::now();
        assert_eq!(connection.closed().await, ConnectionError::TimedOut);
        let after = time::now() - cut_at;
        assert!((29..=31).contains(&after.as_secs()), "quinn waits 30 s: {after:?}");
    });
}

#[test]
fn a_short_partition_is_survived() {
    on_every_network("quic", || async {
        let certificate = serve("server").await;
        let connection = connect("server", &certificate).await.unwrap();
        talk(&connection, 1).await;
        let partition = fault::partition("main", "server");
        let heal = async {
            time::sleep(Duration::from_secs(5)).await;
            partition.heal();
        };
        join!(talk(&connection, 10_000), heal);
        assert!(time::elapsed() >= Duration::from_secs(5));
    });
}

#[test]
fn the_other_side_learns_why_a_connection_was_closed() {
    on_every_network("quic", || async {
        let identity = Identity::self_signed(&["server"]);
        let certificate = identity.certificate.clone();
        let config = server_config(server_of(identity));
        let binding = node("server").spawn(UdpSocket::bind("0.0.0.0:443"));
        let socket = binding.await.unwrap().unwrap();
        node("server").spawn(async move {
            let endpoint = endpoint(socket, Some(config)).unwrap();
            let connection = endpoint.accept().await.unwrap().await.unwrap();
            connection.accept_uni().await.unwrap();
            connection.close(VarInt::from_u32(7), b"enough");
            endpoint.wait_idle().await;
        });
        let connection = connect("server", &certificate).await.unwrap();
        let mut stream = connection.open_uni().await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        let ConnectionError::ApplicationClosed(closed) = connection.closed().await else {
            panic!("another end")
        };
        assert_eq!((closed.error_code, &*closed.reason), (VarInt::from_u32(7), b"enough".as_slice()));
    });
}
