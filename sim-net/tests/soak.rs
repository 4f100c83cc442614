//! Many runs in one process: nothing of one stays behind.

use std::fs;
use std::future::pending;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use sim_executor::{
    Config, Crash, Executor, KeyedRandom, Node, Outcome, World, choose, spawn, time, yield_now,
};
use sim_net::{TcpListener, TcpStream};

/// What a process needs now, in kilobytes; `None` where that is not told.
fn resident_kilobytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

async fn serve() {
    let Ok(listener) = TcpListener::bind("0.0.0.0:7").await else { return };
    while let Ok((mut stream, _)) = listener.accept().await {
        drop(spawn(async move {
            let mut buffer = [0; 16];
            while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                if stream.write_all(&buffer[..read]).await.is_err() {
                    break;
                }
            }
        }));
    }
}

/// Runs that end well, crash a node, panic, and leave tasks and sockets behind.
async fn program() {
    let server = Node::named("server");
    server.run(serve);
    yield_now().await;
    time::sleep(Duration::from_millis(1)).await;
    let mut stream = TcpStream::connect("server:7").await.unwrap();
    stream.write_all(b"hi").await.unwrap();
    stream.read_exact(&mut [0; 2]).await.unwrap();
    if choose(4) == 0 {
        server.crash(Crash::PowerLoss);
    }
    assert_ne!(choose(8), 0, "one in eight fails");
    drop(spawn(pending::<()>()));
}

fn make_runs(seeds: std::ops::Range<u64>, world: Option<&mut World>) {
    let mut fresh = World::default();
    let keeps = world.is_some();
    let world = world.unwrap_or(&mut fresh);
    for seed in seeds {
        let source = Box::new(KeyedRandom::new(seed));
        let mut executor = Executor::in_world(Config::default(), source, world);
        let outcome = executor.block_on(program()).map_or_else(Outcome::from, |()| Outcome::Done);
        if keeps {
            let _ = executor.finish_into(outcome, world);
        } else {
            let _ = executor.finish(outcome);
        }
    }
}

#[test]
fn the_memory_of_a_process_does_not_grow_from_run_to_run() {
    std::panic::set_hook(Box::new(|_| {}));
    let mut world = World::default();
    for world in [None, Some(&mut world)] {
        let mut world = world;
        make_runs(0..300, world.as_deref_mut());
        let Some(before) = resident_kilobytes() else { return };
        make_runs(300..2_300, world);
        let after = resident_kilobytes().unwrap();
        assert!(after < before + 1_024, "2,000 runs: {before} kB, then {after} kB");
    }
}
