//! A service in a simulation: a run is made of a service and a seed, which also says what fails on the way.

use std::fmt;
use std::time::Duration;

use sim_executor::{Config, Executor, KeyedRandom, Limits, Ratio, choose_between, spawn, time};
use sim_net::fault;
use sim_net::{Latency, LinkConfig};
use sim_posix::{Process, ProcessConfig, process, process_with, was_rehearsal};

use crate::service::Service;

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    /// Of all that happened in it.
    pub(crate) hash: u64,
    /// How long it took, in virtual time.
    pub(crate) took: Duration,
    /// What went wrong.
    pub(crate) error: Option<String>,
}

impl fmt::Display for Ran {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let took = self.took.as_nanos();
        write!(
            out,
            "{:016x} {took} {}",
            self.hash,
            self.error.as_deref().unwrap_or_default().replace('\n', " ")
        )
    }
}

impl Ran {
    /// What its text says.
    pub(crate) fn of_text(line: &str) -> Option<Ran> {
        let (hash, rest) = line.split_once(' ')?;
        let (took, error) = rest.split_once(' ')?;
        let took = Duration::from_nanos(took.parse().ok()?);
        let error = (!error.is_empty()).then(|| error.to_owned());
        Some(Ran { hash: u64::from_str_radix(hash, 16).ok()?, took, error })
    }
}

/// What fails in a run: seeds take their turns.
#[derive(Clone, Copy, Debug)]
enum Disturbance {
    None,
    /// One packet in 50 is lost, in either direction.
    Loss,
    /// The server is cut off for some seconds.
    Partition,
    /// The server's process is killed, and begins again.
    Crash,
}

const DISTURBANCES: [Disturbance; 4] =
    [Disturbance::None, Disturbance::Loss, Disturbance::Partition, Disturbance::Crash];

/// When a disturbance comes, in milliseconds after the start, and how long it lasts.
const BEGINS: (u64, u64) = (0, 30);
const LASTS: (u64, u64) = (100, 5_000);

async fn disturb(disturbance: Disturbance, server: Process<()>) {
    let milliseconds = |(least, greatest)| Duration::from_millis(choose_between(least, greatest));
    time::sleep(milliseconds(BEGINS)).await;
    match disturbance {
        Disturbance::None | Disturbance::Loss => {}
        Disturbance::Partition => {
            let partition = fault::partition("server", "client");
            time::sleep(milliseconds(LASTS)).await;
            partition.heal();
        }
        Disturbance::Crash => {
            server.kill();
            time::sleep(milliseconds(LASTS)).await;
            server.restart();
        }
    }
}

/// Makes one run.
pub(crate) fn run(service: Service, seed: u64) -> Ran {
    let ran = run_once(service, seed);
    if was_rehearsal() { run_once(service, seed) } else { ran }
}

fn run_once(service: Service, seed: u64) -> Ran {
    let disturbance = DISTURBANCES[(seed % 4) as usize];
    let limits = Limits { virtual_time_max: Duration::from_secs(600), ..Limits::default() };
    let mut executor = Executor::with_config(Config { limits, ..Config::default() }, KeyedRandom::new(seed));
    let outcome = executor.block_on(async move {
        let config = ProcessConfig { traps: service.isolated, ..ProcessConfig::default() };
        let server = process_with("server", config, move || (service.server)("0.0.0.0:80"));
        let client = process("client", move || (service.client)("server:80"));
        let loss = if matches!(disturbance, Disturbance::Loss) { Ratio::one_in(50) } else { Ratio::NEVER };
        let latency = Latency::Uniform { min: Duration::from_micros(100), max: Duration::from_millis(2) };
        fault::set_links("server", "client", LinkConfig { loss, latency, ..LinkConfig::default() });
        spawn(disturb(disturbance, server));
        (client.exit().await, time::elapsed())
    });
    let (took, error) = match outcome {
        Ok((Ok(()), took)) => (took, None),
        Ok((Err(error), took)) => (took, Some(error.to_string())),
        Err(error) => (Duration::ZERO, Some(error.to_string())),
    };
    Ran { hash: executor.hash(), took, error }
}
