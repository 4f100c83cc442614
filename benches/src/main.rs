//! `workloads SYSTEM WORKLOAD SIZE`: one workload, of one size, run once on one system.
//!
//! At the end it prints the most memory that the process has had. Without arguments it lists what this build has. `count.py` runs it under callgrind, `time.py` by the clock.

#![expect(
    unexpected_cfgs,
    reason = "`--cfg madsim` comes from RUSTFLAGS; a list of it here would replace the workspace's lints"
)]

#[cfg(feature = "peers")]
mod moonpool;
#[cfg(feature = "peers")]
mod tokio_paused;
#[cfg(feature = "peers")]
mod turmoil;
#[cfg(feature = "peers")]
mod turmoil_net;

#[cfg(all(feature = "madsim", madsim))]
mod madsim;

mod floor;
mod seedbed;
#[cfg(any(feature = "peers", all(feature = "madsim", madsim)))]
mod tokio_ends;
#[cfg(feature = "peers")]
mod tokio_tasks;
mod workload;

use sim_explorer::Strategy;
use std::process::ExitCode;
use workload::Workload;

/// A simulator, and what it can be made to do.
struct System {
    name: &'static str,
    workloads: &'static [Workload],
    run: fn(Workload, u64),
}

const SYSTEMS: &[System] = &[
    System { name: "seedbed", workloads: seedbed::WORKLOADS, run: seedbed::run },
    System { name: "seedbed-random", workloads: seedbed::WORKLOADS, run: seedbed::run_random },
    System {
        name: "seedbed-walk",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::Walk, what, size),
    },
    System {
        name: "seedbed-urw",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::Urw, what, size),
    },
    System {
        name: "seedbed-surw",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::Surw, what, size),
    },
    System {
        name: "seedbed-pos",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::Pos, what, size),
    },
    System {
        name: "seedbed-pct",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::PCT, what, size),
    },
    System {
        name: "seedbed-delay",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::DELAY, what, size),
    },
    System {
        name: "seedbed-restless",
        workloads: seedbed::WORKLOADS,
        run: |what, size| seedbed::run_by(Strategy::Restless, what, size),
    },
    System { name: "floor", workloads: floor::WORKLOADS, run: floor::run },
    System { name: "floor-random", workloads: floor::WORKLOADS, run: floor::run_random },
    #[cfg(feature = "peers")]
    System { name: "tokio-paused", workloads: tokio_paused::WORKLOADS, run: tokio_paused::run },
    #[cfg(feature = "peers")]
    System { name: "turmoil", workloads: turmoil::WORKLOADS, run: turmoil::run },
    #[cfg(feature = "peers")]
    System { name: "turmoil-net", workloads: turmoil_net::WORKLOADS, run: turmoil_net::run },
    #[cfg(feature = "peers")]
    System { name: "moonpool", workloads: moonpool::WORKLOADS, run: moonpool::run },
    #[cfg(all(feature = "madsim", madsim))]
    System { name: "madsim", workloads: madsim::WORKLOADS, run: madsim::run },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.as_slice() {
        [] => {
            list();
            Ok(())
        }
        [system, workload, size] => run(system, workload, size),
        _ => Err("usage: workloads [SYSTEM WORKLOAD SIZE]".to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::from(2)
        }
    }
}

/// Prints each pair of system and workload that this build has, one to a line.
fn list() {
    for system in SYSTEMS {
        for workload in system.workloads {
            println!("{} {}", system.name, workload.name());
        }
    }
}

fn run(system: &str, workload: &str, size: &str) -> Result<(), String> {
    let found = SYSTEMS.iter().find(|known| known.name == system);
    let system = found.ok_or_else(|| format!("{system} is not in this build; see benches/README.md"))?;
    let found = Workload::ALL.into_iter().find(|known| known.name() == workload);
    let workload = found.ok_or_else(|| format!("{workload} is not a workload"))?;
    if !system.workloads.contains(&workload) {
        return Err(format!("{} does not have {}", system.name, workload.name()));
    }
    let size = size.parse().map_err(|error| format!("{size} is not a size: {error}"))?;
    (system.run)(workload, size);
    if let Some(peak) = peak_memory() {
        println!("peak memory: {peak}");
    }
    Ok(())
}

/// The most memory that the process has had, as Linux tells it: `12345 kB`.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|peak| peak.trim().to_owned())
}
