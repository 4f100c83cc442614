//! Runs services with their clients, over the real loopback or in a simulation.

mod actix;
mod axum_http;
mod axum_websocket;
mod blocking_threads;
mod certificate;
mod hyper_keep_alive;
mod mini_redis_server;
mod mqtt;
mod quinn_echo;
mod real;
mod redis_client;
mod repeated;
mod retry;
mod rustls_echo;
mod service;
mod simulated;
mod smol_echo;
mod sqlite;
mod tonic_health;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::service::{SERVICES, Service};

#[derive(Debug, Parser)]
#[command(about)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Over the real loopback, in real time: what they do outside of a simulation
    Real {
        /// The services; all if none is named
        names: Vec<String>,
    },
    /// In a simulation, with losses, partitions and crashes by turns; a line for each service
    Simulate {
        names: Vec<String>,
        /// How many seeds, from 0
        #[arg(long, default_value_t = 200)]
        seeds: u64,
    },
    /// Makes each run twice isolated, twice in two new processes and twice in one, and says how many differ
    Repeat {
        names: Vec<String>,
        /// How many seeds, from 0
        #[arg(long, default_value_t = 40)]
        seeds: u64,
    },
    /// Prints the hash of each run, and what went wrong in it, one a line
    Hashes {
        name: String,
        /// The first seed
        from: u64,
        /// The first that is not run
        to: u64,
    },
}

/// The services of these names.
fn chosen(names: &[String]) -> Result<Vec<Service>, String> {
    let known = |name: &String| SERVICES.iter().find(|service| service.name == name).copied();
    if names.is_empty() {
        return Ok(SERVICES.to_vec());
    }
    let named = names.iter().map(|name| {
        let all: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
        known(name).ok_or_else(|| format!("there is no service {name:?}: name one of {}", all.join(", ")))
    });
    named.collect()
}

/// A run that took so long was delayed by what failed on the way: by a packet that was sent again at the least.
const DELAYED: Duration = Duration::from_millis(150);

/// Makes the runs of a service; whether all were good.
fn simulate(service: Service, seeds: u64) -> bool {
    let mut different = BTreeSet::new();
    let (mut failed, mut delayed) = (0, 0);
    for seed in 0..seeds {
        let ran = repeated::run(service, seed);
        different.insert(ran.hash);
        delayed += u64::from(ran.took >= DELAYED);
        if let Some(error) = ran.error {
            failed += 1;
            if failed == 1 {
                println!("{} --seed {seed}: {error}", service.name);
            }
        }
    }
    let different = different.len();
    println!(
        "{:16} {seeds} seeds, {failed} failed, {delayed} delayed, {different} different runs",
        service.name
    );
    failed == 0
}

fn main() -> ExitCode {
    let good = match Args::parse().command {
        Command::Real { names } => chosen(&names).map(|services| {
            services.iter().for_each(real::run);
            true
        }),
        Command::Simulate { names, seeds } => chosen(&names)
            .map(|services| services.iter().filter(|service| !simulate(**service, seeds)).count() == 0),
        Command::Repeat { names, seeds } => chosen(&names).map(|services| {
            services.iter().filter(|service| !repeated::repeat(**service, seeds)).count() == 0
        }),
        Command::Hashes { name, from, to } => chosen(&[name]).map(|services| {
            for seed in from..to {
                println!("{}", simulated::run(services[0], seed));
            }
            true
        }),
    };
    match good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}
