//! Very many small runs, one after the other in one process: no memory is left behind, and each is the run that it would be alone.
//!
//! `cargo test` makes forty thousand. `SEEDBED_SOAK_RUNS=1000000 cargo test -p tests --test soak -- --nocapture` makes a million, and says
//! what it measured; docs/checks.md keeps what that was.

use std::time::Duration;

use futures::io::{AsyncReadExt as _, AsyncWriteExt as _};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{choose, spawn_named, time};
use sim_executor::{Config, Executor, KeyedRandom, Report, TraceLevel, World, yield_now};
use sim_explorer::{Expect, Settings, Variant, ensure};

/// After so many runs all memory is there that runs use again.
const WARM: u64 = 10_000;
/// So much more may be resident at the end: what the allocator rounds up to, and nothing for each run.
const GROWTH_BYTES_MAX: u64 = 1 << 20;

const PROGRAMS: [Variant; 5] = [
    program("tasks", |executor, _| {
        executor.block_on(async {
            let tasks: Vec<_> =
                (0..choose(4) + 1).map(|_| spawn_named("task", async { yield_now().await })).collect();
            for task in tasks {
                task.await.unwrap();
            }
        })?;
        Ok(())
    }),
    program("timers", |executor, _| {
        executor.block_on(async {
            let late =
                time::timeout(Duration::from_millis(1 + choose(20)), time::sleep(Duration::from_millis(10)));
            let _ = late.await;
        })?;
        Ok(())
    }),
    program("sockets", |executor, _| {
        executor.block_on(async {
            let server = seedbed::node("server").spawn(async {
                let listener = TcpListener::bind("0.0.0.0:7").await.unwrap();
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut bytes = [0; 5];
                stream.read_exact(&mut bytes).await.unwrap();
                bytes
            });
            yield_now().await;
            let mut stream = TcpStream::connect("server:7").await.unwrap();
            stream.write_all(b"hello").await.unwrap();
            assert_eq!(server.await.unwrap(), *b"hello");
        })?;
        Ok(())
    }),
    program("panics", |executor, _| {
        executor.block_on(async {
            spawn_named("unlucky", async { assert_ne!(choose(3), 2, "a two") }).await.unwrap();
        })?;
        Ok(())
    }),
    program("deadlock", |executor, _| {
        executor.block_on(async {
            drop(spawn_named("waits", std::future::pending::<()>()));
            if choose(3) == 2 {
                std::future::pending::<()>().await;
            }
        })?;
        ensure!(choose_outside(executor) < 9, "a nine");
        Ok(())
    }),
];

const fn program(name: &'static str, body: sim_explorer::Body) -> Variant {
    Variant { name, about: "Is small.", expect: Expect::Holds, body }
}

fn choose_outside(executor: &mut Executor) -> u64 {
    executor.block_on(async { choose(10) }).unwrap_or_default()
}

fn run(world: &mut World, number: u64) -> Report {
    let variant = &PROGRAMS[(number % PROGRAMS.len() as u64) as usize];
    // Some are traced and recorded, as a failure is that is made again.
    let is_kept = number.is_multiple_of(97);
    let trace = if is_kept { TraceLevel::Wakes } else { TraceLevel::Off };
    let config = Config { trace, record: is_kept, ..Config::default() };
    variant.run_in(world, &Settings::default(), config, Box::new(KeyedRandom::new(number)), |_| {})
}

/// The memory of this process that is resident, in bytes; none where the system does not say it.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()? * 1_024)
}

#[test]
fn many_runs_leave_nothing_behind_and_each_is_as_it_is_alone() {
    seedbed::install_panic_hook(seedbed::PanicsInside::Quiet);
    #[expect(clippy::disallowed_methods, reason = "how many runs there are is asked for from outside")]
    let runs = std::env::var("SEEDBED_SOAK_RUNS")
        .map_or(40_000, |runs| runs.parse::<u64>().expect("a number of runs"));
    assert!(runs > WARM, "SEEDBED_SOAK_RUNS must be more than {WARM}");
    let sampled_each = runs / 500;
    let (mut world, mut samples) = (World::default(), Vec::with_capacity(501));
    let (mut warm, mut most, mut failures) = (None, 0, 0);
    for number in 0..runs {
        let report = run(&mut world, number);
        failures += u64::from(!report.outcome.is_done());
        if number % sampled_each == 0 {
            samples.push((number, report.hash));
        }
        if number == WARM {
            warm = resident_bytes();
        }
        if number > WARM && number.is_multiple_of(1_000) {
            most = most.max(resident_bytes().unwrap_or(0));
        }
    }
    println!(
        "{runs} runs, of which {failures} failed; resident after {WARM}: {warm:?} bytes, most after that: {most}"
    );
    assert!(failures > runs / 20, "panics and deadlocks are among them: {failures}");
    if let Some(warm) = warm {
        assert!(most > 0 && most <= warm + GROWTH_BYTES_MAX, "it grows: from {warm} bytes to {most}");
    }
    for (number, hash) in &samples {
        assert_eq!(run(&mut World::default(), *number).hash, *hash, "run {number} alone");
    }
    println!("{} of them were made again alone, and were the same", samples.len());
}
