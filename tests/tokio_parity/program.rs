//! A program that is compiled twice, and what it says.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use seedbed::{Executor, ProductionOrder, RunError};

/// A program with both runtimes.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    pub(crate) on_tokio: fn(Log) -> Running,
    pub(crate) on_seedbed: fn(Log) -> Running,
}

/// A program that has not begun.
pub(crate) type Running = Pin<Box<dyn Future<Output = ()>>>;

/// Where a program says what it sees. Each line gets the virtual time.
#[derive(Clone)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    clock: Clock,
}

#[derive(Clone, Copy)]
enum Clock {
    Tokio(tokio::time::Instant),
    Seedbed(seedbed::time::Instant),
}

impl Log {
    fn new(lines: &Arc<Mutex<Vec<String>>>, clock: Clock) -> Self {
        Log { lines: Arc::clone(lines), clock }
    }

    /// The virtual time since the program began.
    fn elapsed(&self) -> Duration {
        match self.clock {
            Clock::Tokio(start) => start.elapsed(),
            Clock::Seedbed(start) => start.elapsed(),
        }
    }

    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        let line = format!("{:?} {line}", self.elapsed());
        self.lines.lock().unwrap().push(line);
    }
}

impl Log {
    /// A line without the time, where that is the machine's.
    pub(crate) fn lines_only(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_string());
    }
}

/// Says a line when it is dropped.
pub(crate) struct SayDropped(pub(crate) Log, pub(crate) &'static str);

impl Drop for SayDropped {
    fn drop(&mut self) {
        self.0.say(format_args!("{} is dropped", self.1));
    }
}

pub(crate) fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// An error with the id of its task left out, which is not the same.
pub(crate) fn without_id(text: impl std::fmt::Display) -> String {
    let mut digits = false;
    let mut out = String::new();
    for letter in text.to_string().chars() {
        if !letter.is_ascii_digit() {
            out.push(letter);
        } else if !digits {
            out.push('N');
        }
        digits = letter.is_ascii_digit();
    }
    out
}

/// Programs, each as a function of tokio and of Seedbed: `rt` is the runtime.
macro_rules! programs {
    ($($(#[$attribute:meta])* async fn $name:ident($log:ident) $body:block)+) => {
        mod with_tokio {
            use super::*;
            use ::tokio as rt;
            $($(#[$attribute])* pub(super) async fn $name($log: $crate::parity::program::Log) $body)+
        }

        mod with_seedbed {
            use super::*;
            use ::seedbed as rt;
            $($(#[$attribute])* pub(super) async fn $name($log: $crate::parity::program::Log) $body)+
        }

        pub(crate) const PROGRAMS: &[$crate::parity::program::Program] = &[
            $($crate::parity::program::Program {
                name: stringify!($name),
                on_tokio: |log| Box::pin(with_tokio::$name(log)),
                on_seedbed: |log| Box::pin(with_seedbed::$name(log)),
            }),+
        ];
    };
}
pub(crate) use programs;

/// What a program says with tokio; a panic is its last line.
pub(crate) fn on_tokio(program: &Program) -> Vec<String> {
    let lines = Arc::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let running = async {
        (program.on_tokio)(Log::new(&lines, Clock::Tokio(tokio::time::Instant::now()))).await;
    };
    let runtime = runtime.expect("a runtime without sockets can be made");
    let end = catch_unwind(AssertUnwindSafe(|| runtime.block_on(running)));
    if let Err(thrown) = end {
        let text = thrown.downcast_ref::<String>().map(String::as_str).or(thrown.downcast_ref().copied());
        lines.lock().unwrap().push(format!("panicked: {}", text.unwrap_or_default()));
    }
    drop(runtime);
    std::mem::take(&mut lines.lock().unwrap())
}

/// What a program says with Seedbed; a panic is its last line.
pub(crate) fn on_seedbed(program: &Program) -> Vec<String> {
    let lines = Arc::default();
    let (begin, log) = (program.on_seedbed, Arc::clone(&lines));
    let mut executor = Executor::new(ProductionOrder);
    let end = executor
        .block_on(async move { begin(Log::new(&log, Clock::Seedbed(seedbed::time::Instant::now()))).await });
    match end {
        Ok(()) => {}
        Err(RunError::Panicked(panic)) => lines.lock().unwrap().push(format!("panicked: {}", panic.message)),
        Err(error) => panic!("{}: {error}", program.name),
    }
    drop(executor);
    std::mem::take(&mut lines.lock().unwrap())
}
