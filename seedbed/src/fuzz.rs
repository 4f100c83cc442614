//! A test under a fuzzer: every decision of a run is read from the fuzzer's bytes.
//!
//! One line makes a test a target of libFuzzer, by cargo-fuzz:
//!
//! ```ignore
//! #![no_main]
//! seedbed::fuzz_target!(bank::no_payment_is_lost);
//! ```
//!
//! and one makes it a test of bolero, which runs libFuzzer, AFL, honggfuzz or Kani over it:
//!
//! ```ignore
//! seedbed::bolero_test!(fuzz_payments, no_payment_is_lost);
//! ```
//!
//! For that the test says that it may be fuzzed, `#[seedbed::test(fuzz)]`, and is public in the library of its package, not in a
//! `#[cfg(test)]` module. The front of the input chooses which task runs, its end all values, and the gentlest answer stands behind both:
//! see [`Bytes`]. So a fuzzer that finds an input which fails, and makes it smaller, shrinks the schedule.

use sim_executor::{Config, Executor, Outcome, Report, TraceLevel};
use sim_explorer::{Bytes, FailureText};

use crate::failed_run::LastLines;
use crate::panic_hook::{PanicsInside, install_panic_hook};
use crate::sweep::Sweep;
use crate::test_output::TestOutput;

/// How many flags an input may raise. A flag is a fault, such as a packet that is lost, and a connection gives up after seven SYNs that
/// were lost: with fewer, a sound program has no excuse.
pub const FAULTS_MAX: u32 = 5;

/// Makes one run of a test whose decisions are read from a fuzzer's bytes.
///
/// ```
/// async fn two_draws_differ() {
///     assert!(seedbed::choose(8) != 3 || seedbed::choose(8) != 5, "three and five");
/// }
///
/// seedbed::fuzz::check("two_draws_differ", &[1, 3], two_draws_differ);
/// let found = std::panic::catch_unwind(|| seedbed::fuzz::check("two_draws_differ", &[5, 3], two_draws_differ));
/// assert!(found.is_err());
/// ```
///
/// # Panics
/// If the run fails, with its log; if two runs on the same bytes are not equal; inside a run.
#[track_caller]
pub fn check<B, F>(name: &str, input: &[u8], body: B)
where
    B: Fn() -> F,
    F: Future<Output: TestOutput> + 'static,
{
    check_as(name, |_| {}, input, body);
}

/// [`check`], with what the attribute of the test sets.
#[doc(hidden)]
#[track_caller]
pub fn check_as<B, F>(name: &str, set: impl FnOnce(&mut Sweep), input: &[u8], body: B)
where
    B: Fn() -> F,
    F: Future<Output: TestOutput> + 'static,
{
    install_panic_hook(PanicsInside::Quiet);
    let mut sweep = Sweep::default();
    set(&mut sweep);
    let source = Bytes::new(input).with_yes_max(FAULTS_MAX);
    let report = run(&sweep, source.clone(), TraceLevel::Off, body());
    let again = run(&sweep, source, sweep.trace, body());
    assert!(
        report.hash == again.hash,
        "{name} is not deterministic: two runs on the same bytes have the hashes {:016x} and {:016x}",
        report.hash,
        again.hash
    );
    if !again.outcome.is_done() {
        panic!("{}", failure(name, &sweep, &again));
    }
}

#[track_caller]
fn run(
    sweep: &Sweep,
    source: Bytes,
    trace: TraceLevel,
    body: impl Future<Output: TestOutput> + 'static,
) -> Report {
    let config = Config { limits: sweep.limits, budget: sweep.budget, trace, ..Config::default() };
    let mut executor = Executor::with_config(config, source);
    #[cfg(feature = "net")]
    if let Some(profile) = sweep.network {
        executor.enter(|| crate::net::profile::choose(profile));
    }
    let outcome = match executor.block_on(async move { body.await.failure() }) {
        Ok(None) => Outcome::Done,
        Ok(Some(message)) => Outcome::Failed { message },
        Err(error) => error.into(),
    };
    executor.finish(outcome)
}

fn failure(name: &str, sweep: &Sweep, report: &Report) -> String {
    let log = LastLines { log: &report.trace, lines_shown: sweep.lines_shown };
    let (word, hash) = (report.outcome.word(), report.hash);
    format!("{name} fails on these bytes ({word})\n{log}{}hash {hash:016x}", FailureText(report))
}
