//! Turmoil: a tokio runtime for each host, all of them stepped at every tick.

use crate::workload::{FAN_OUT_HOSTS, MESSAGE_BYTES, TINY_ROUND_TRIPS, Workload};
use crate::{tokio_ends, tokio_tasks};
use std::future::Future;
use std::time::Duration;
use turmoil::net::{TcpListener, TcpStream, UdpSocket};
use turmoil::{Builder, Sim};

/// Without those of many hosts: a thousand idle ones did not get through one virtual second in ten minutes.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload::Yield,
    Workload::Sleep,
    Workload::Echo,
    Workload::Bulk,
    Workload::FanOut,
    Workload::Tiny,
    Workload::Spawn,
];

/// The tick, and the latency of every link: at the default latency, of 0 to 100 ms, an echo has that many more ticks.
const TICK: Duration = Duration::from_millis(1);
/// Longer than any workload takes in virtual time.
const DURATION_MAX: Duration = Duration::from_secs(1_000_000);

pub(crate) fn run(workload: Workload, size: u64) {
    match workload {
        Workload::Yield => alone(tokio_tasks::yields(size)),
        Workload::Sleep => alone(tokio_tasks::sleeps(size)),
        Workload::Echo => echo(size),
        Workload::Tiny => (0..size).for_each(|_| echo(TINY_ROUND_TRIPS)),
        Workload::Spawn => alone(tokio_tasks::spawns(size)),
        Workload::Bulk => bulk(size),
        Workload::FanOut => fan_out(size),
        Workload::Idle | Workload::Heartbeat | Workload::Ticks | Workload::Tasks | Workload::Connections => {
            unreachable!("turmoil does not have {workload:?}")
        }
    }
}

/// Runs one host that does `work`.
fn alone(work: impl Future<Output = ()> + 'static) {
    let mut sim = sim();
    add_host(&mut sim, "alone", work);
    finish(sim);
}

fn echo(round_trips: u64) {
    let mut sim = sim();
    add_host(&mut sim, "server", async {
        let listener = TcpListener::bind("0.0.0.0:80").await.expect("the server binds");
        let (stream, _) = listener.accept().await.expect("the server accepts");
        tokio_ends::serve(stream).await;
    });
    add_host(&mut sim, "client", async move {
        let stream = TcpStream::connect("server:80").await.expect("the client connects");
        tokio_ends::call(stream, round_trips).await;
    });
    finish(sim);
}

/// Not for a multiple of 64 writes: then the end finds the reader's queue of 64 full, and never arrives.
fn bulk(writes: u64) {
    let mut sim = sim();
    add_host(&mut sim, "server", async move {
        let listener = TcpListener::bind("0.0.0.0:80").await.expect("the server binds");
        let (stream, _) = listener.accept().await.expect("the server accepts");
        tokio_ends::read_bulk(stream, writes).await;
    });
    add_host(&mut sim, "client", async move {
        let stream = TcpStream::connect("server:80").await.expect("the client connects");
        tokio_ends::write_bulk(stream, writes).await;
    });
    finish(sim);
}

fn fan_out(rounds: u64) {
    let mut sim = sim();
    for host in 0..FAN_OUT_HOSTS {
        add_host(&mut sim, &format!("host-{host}"), async move {
            let socket = UdpSocket::bind("0.0.0.0:80").await.expect("the receiver binds");
            let mut message = [0; MESSAGE_BYTES];
            for _ in 0..rounds {
                socket.recv_from(&mut message).await.expect("the receiver receives");
            }
        });
    }
    add_host(&mut sim, "sender", async move {
        let socket = UdpSocket::bind("0.0.0.0:80").await.expect("the sender binds");
        let addresses: Vec<_> =
            (0..FAN_OUT_HOSTS).map(|host| (turmoil::lookup(format!("host-{host}")), 80)).collect();
        for _ in 0..rounds {
            for &address in &addresses {
                socket.send_to(&[7; MESSAGE_BYTES], address).await.expect("the sender sends");
            }
            tokio::time::sleep(TICK).await;
        }
    });
    finish(sim);
}

fn sim() -> Sim<'static> {
    Builder::new()
        .rng_seed(1)
        .tick_duration(TICK)
        .min_message_latency(TICK)
        .max_message_latency(TICK)
        .simulation_duration(DURATION_MAX)
        .build()
}

fn add_host(sim: &mut Sim<'static>, name: &str, work: impl Future<Output = ()> + 'static) {
    sim.client(name, async move {
        work.await;
        Ok(())
    });
}

fn finish(mut sim: Sim<'static>) {
    sim.run().expect("the simulation ends");
}
