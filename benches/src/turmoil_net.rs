//! Turmoil-net: a network of kernels, with tokio's paused runtime and one future for each host.

use crate::tokio_ends;
use crate::workload::{FAN_OUT_HOSTS, HEARTBEATS, MESSAGE_BYTES, TINY_ROUND_TRIPS, Workload};
use std::future::{Future, pending};
use std::time::Duration;
use tokio::time::sleep;
use turmoil_net::fixture::ClientServer;
use turmoil_net::shim::tokio::net::{TcpListener, TcpStream, UdpSocket};

/// Those with a network; it has no tasks of its own.
pub(crate) const WORKLOADS: &[Workload] =
    &[Workload::Echo, Workload::Bulk, Workload::FanOut, Workload::Tiny, Workload::Heartbeat];

/// Its tick, which packets wait for.
const TICK: Duration = Duration::from_millis(1);

pub(crate) fn run(workload: Workload, size: u64) {
    match workload {
        Workload::Echo => echo(size),
        Workload::Bulk => bulk(size),
        Workload::FanOut => fan_out(size),
        Workload::Tiny => (0..size).for_each(|_| echo(TINY_ROUND_TRIPS)),
        Workload::Heartbeat => heartbeats(size),
        _ => unreachable!("turmoil-net does not have {workload:?}"),
    }
}

fn echo(round_trips: u64) {
    ClientServer::new().server("server", serve()).run("client", async move {
        let stream = TcpStream::connect("server:80").await.expect("the client connects");
        tokio_ends::call(stream, round_trips).await;
    });
}

async fn serve() {
    let listener = TcpListener::bind("0.0.0.0:80").await.expect("the server binds");
    let (stream, _) = listener.accept().await.expect("the server accepts");
    tokio_ends::serve(stream).await;
}

/// The client is who reads, since the simulation ends with it.
fn bulk(writes: u64) {
    let server = async move {
        let listener = TcpListener::bind("0.0.0.0:80").await.expect("the server binds");
        let (stream, _) = listener.accept().await.expect("the server accepts");
        tokio_ends::write_bulk(stream, writes).await;
    };
    ClientServer::new().server("server", server).run("client", async move {
        let stream = TcpStream::connect("server:80").await.expect("the client connects");
        tokio_ends::read_bulk(stream, writes).await;
    });
}

fn fan_out(rounds: u64) {
    let mut hosts = ClientServer::new();
    for host in 0..FAN_OUT_HOSTS {
        hosts = hosts.server(format!("host-{host}"), async move {
            let socket = UdpSocket::bind("0.0.0.0:80").await.expect("the receiver binds");
            let mut message = [0; MESSAGE_BYTES];
            for _ in 0..rounds {
                socket.recv_from(&mut message).await.expect("the receiver receives");
            }
            socket.send_to(&[1], "sender:80").await.expect("the receiver sends");
        });
    }
    hosts.run("sender", async move {
        let socket = UdpSocket::bind("0.0.0.0:80").await.expect("the sender binds");
        let mut addresses = Vec::new();
        for host in 0..FAN_OUT_HOSTS {
            let found = turmoil_net::lookup_host(&name(host)).expect("the host is there");
            addresses.push((found, 80));
        }
        sleep(TICK).await;
        for _ in 0..rounds {
            for &address in &addresses {
                socket.send_to(&[7; MESSAGE_BYTES], address).await.expect("the sender sends");
            }
            sleep(TICK).await;
        }
        for _ in 0..FAN_OUT_HOSTS {
            socket.recv_from(&mut [0]).await.expect("the sender receives");
        }
    });
}

fn heartbeats(hosts: u64) {
    let mut others = ClientServer::new();
    for host in 1..hosts {
        others = others.server(name(host), beating(host, hosts, pending()));
    }
    others.run(name(0), beating(0, hosts, async {}));
}

/// A host that serves one and calls the next: as one future, since a host's spawned tasks would be another host's.
async fn beating(host: u64, hosts: u64, last: impl Future<Output = ()>) {
    let client = async move {
        sleep(TICK).await;
        let next = format!("{}:80", name((host + 1) % hosts));
        let mut stream = TcpStream::connect(next).await.expect("the client connects");
        for beat in 0..HEARTBEATS {
            tokio_ends::ask(&mut stream, beat).await;
            sleep(Duration::from_secs(1)).await;
        }
        last.await;
    };
    tokio::select! {
        biased;
        () = client => {}
        () = async { serve().await; pending().await } => {}
    }
}

fn name(host: u64) -> String {
    format!("host-{host}")
}
