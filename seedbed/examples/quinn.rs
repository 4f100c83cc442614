//! Four streams of one QUIC connection over a link that loses packets, then a cut: what each sees, and when.
//!
//! `cargo run -p seedbed --features quinn --example quinn`

use std::time::Duration;

use futures_rustls::rustls::RootCertStore;
use quinn::{Connection, Endpoint, ServerConfig};
use seedbed::adapters::quinn::{client_config, endpoint, server_config};
use seedbed::adapters::rustls::{self, Identity};
use seedbed::net::{self, Latency, LinkConfig, NetworkConfig, UdpSocket, fault, lookup_host};
use seedbed::{Ratio, Recipe, Sweep, event, node, spawn, time};

/// Sends back what comes in each stream.
async fn serve(config: ServerConfig) {
    let socket = UdpSocket::bind("0.0.0.0:443").await.unwrap();
    let endpoint: Endpoint = endpoint(socket, Some(config)).unwrap();
    let connection = endpoint.accept().await.unwrap().await.unwrap();
    while let Ok((mut send, mut receive)) = connection.accept_bi().await {
        spawn(async move {
            while let Ok(Some(chunk)) = receive.read_chunk(10_000, true).await {
                send.write_chunk(chunk.bytes).await.unwrap();
            }
            send.finish().unwrap();
        });
    }
    event!("the connection has ended: {}", connection.closed().await);
}

async fn talk(connection: Connection, bytes: usize) {
    let (mut send, mut receive) = connection.open_bi().await.unwrap();
    spawn(async move {
        send.write_all(&vec![b'x'; bytes]).await.unwrap();
        send.finish().unwrap();
    });
    let back = receive.read_to_end(bytes).await.unwrap();
    event!("has {} bytes back", back.len());
}

async fn four_streams() {
    let latency = Latency::Uniform { min: Duration::from_millis(20), max: Duration::from_millis(40) };
    let link = LinkConfig { latency, loss: Ratio::one_in(10), ..LinkConfig::default() };
    net::install(NetworkConfig { link, ..NetworkConfig::default() });

    let Identity { certificate, key } = Identity::self_signed(&["server"]);
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let tls = rustls::server_config().with_no_client_auth().with_single_cert(vec![certificate], key);
    let config = server_config(tls.unwrap());
    node("server").spawn_named("serve", serve(config));

    let client = endpoint(UdpSocket::bind("0.0.0.0:0").await.unwrap(), None).unwrap();
    let tls = rustls::client_config().with_root_certificates(roots).with_no_client_auth();
    let server = lookup_host("server:443").await.unwrap().next().unwrap();
    let connection = client.connect_with(client_config(tls), server, "server").unwrap().await.unwrap();
    event!("is connected");
    let streams = [100, 10_000, 50_000, 200_000].map(|bytes| spawn(talk(connection.clone(), bytes)));
    for stream in streams {
        stream.await.unwrap();
    }
    let stats = connection.stats().path;
    event!("lost {} of {} packets, round trip {:?}", stats.lost_packets, stats.sent_packets, stats.rtt);
    let _partition = fault::partition("main", "server");
    event!("is cut off");
    event!("gives up: {}", connection.closed().await);
    time::sleep(Duration::from_secs(1)).await;
}

fn main() {
    // One run, whose log is shown; the same on every machine.
    let sweep = Sweep { only: Some(Recipe::of_seed(1)), ..Sweep::default() };
    match sweep.try_run("four_streams", four_streams) {
        Ok(passed) => print!("{}", passed.log),
        Err(failure) => println!("{failure}"),
    }
}
