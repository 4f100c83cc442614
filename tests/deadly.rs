//! A command line over programs that end their process, in every way that a process has.

use std::fs::File;
use std::hint::black_box;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use seedbed::{choose, spawn_named, yield_now};
use sim_executor::{Executor, event};
use sim_explorer::{Expect, Scenario, Settings, Variant, Violation};

static SCENARIOS: [Scenario; 5] = [
    Scenario {
        name: "ends",
        about: "Ends its process under one seed in twelve or so.",
        invariant: "None.",
        patterns: &[],
        parameters: &[],
        variants: &[
            of("fails", |executor, _| draw(executor, || true)),
            of("aborts", |executor, _| draw(executor, || std::process::abort())),
            of("overflows", |executor, _| draw(executor, || overflow(0) == 1)),
            of("panics_twice", |executor, _| draw(executor, panic_twice)),
            of("exits", |executor, _| draw(executor, || std::process::exit(3))),
            of("needs_memory", |executor, _| draw(executor, use_all_memory)),
            of("is_killed", |executor, _| draw(executor, kill)),
            of("stands_still", |executor, _| draw(executor, stand_still)),
            of("always", |executor, _| {
                executor.block_on(async { std::process::abort() })?;
                Ok(())
            }),
        ],
    },
    Scenario {
        name: "sound",
        about: "Two tasks, and nothing goes wrong.",
        invariant: "None.",
        patterns: &[],
        parameters: &[],
        variants: &[
            holding("only", sound),
            holding("aborts", |executor, _| draw(executor, || std::process::abort())),
        ],
    },
    Scenario {
        name: "unsound",
        about: "Should hold, and does not.",
        invariant: "Nobody draws the last of twelve.",
        patterns: &[],
        parameters: &[],
        variants: &[holding("only", |executor, _| draw(executor, || true))],
    },
    Scenario {
        name: "talks",
        about: "Writes to standard output and to standard error by itself.",
        invariant: "None.",
        patterns: &[],
        parameters: &[],
        variants: &[holding("only", |executor, settings| {
            println!("a line of its own");
            eprintln!("a word of warning");
            sound(executor, settings)
        })],
    },
    Scenario {
        name: "once",
        about: "Ends the first process that makes it, as something outside of it might.",
        invariant: "None.",
        patterns: &[],
        parameters: &[],
        variants: &[
            holding("aborts", |executor, _| draw(executor, || is_first("aborts") && std::process::abort())),
            holding("is_killed", |executor, _| draw(executor, || is_first("is_killed") && kill())),
        ],
    },
];

const fn of(name: &'static str, body: sim_explorer::Body) -> Variant {
    Variant { name, about: "Ends so.", expect: Expect::Breaks, body }
}

const fn holding(name: &'static str, body: sim_explorer::Body) -> Variant {
    Variant { name, about: "Should not.", expect: Expect::Holds, body }
}

fn main() -> ExitCode {
    sim_cli::main(&SCENARIOS)
}

/// Does it in a task, if a twelve is drawn; fails where it comes back and says so.
fn draw(executor: &mut Executor, end: impl Fn() -> bool + 'static) -> Result<(), Violation> {
    let has_failed = executor.block_on(async move {
        drop(spawn_named("other", async { yield_now().await }));
        let task = spawn_named("drawing", async move {
            yield_now().await;
            let drawn = choose(12);
            event!("draws {drawn}");
            drawn == 11 && end()
        });
        task.await.unwrap()
    })?;
    if has_failed { Err(Violation::new("it drew the last of twelve")) } else { Ok(()) }
}

fn sound(executor: &mut Executor, _: &Settings) -> Result<(), Violation> {
    executor.block_on(async {
        let tasks = [1, 2].map(|_| spawn_named("task", async { yield_now().await }));
        for task in tasks {
            task.await.unwrap();
        }
        choose(5)
    })?;
    Ok(())
}

fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    // Until there is no stack left.
    if frame[0] == u64::MAX { 0 } else { black_box(overflow(depth + 1)) + frame[63] }
}

struct PanicsWhenDropped;

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("and once more while it unwinds");
    }
}

fn panic_twice() -> bool {
    let _bomb = PanicsWhenDropped;
    panic!("once");
}

fn use_all_memory() -> bool {
    let bytes: Vec<u8> = Vec::with_capacity(black_box(1 << 62));
    black_box(&bytes).capacity() == 0
}

/// As the system does where there is no memory left.
fn kill() -> bool {
    let killed = Command::new("sh").args(["-c", "kill -9 $PPID"]).status();
    panic!("it was killed, and goes on: {killed:?}");
}

fn stand_still() -> bool {
    while black_box(true) {
        std::hint::spin_loop();
    }
    false
}

/// Whether no process came here before: a file in the folder of the process says so.
fn is_first(name: &str) -> bool {
    File::create_new(PathBuf::from(format!("{name}.was-there"))).is_ok()
}
