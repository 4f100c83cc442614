//! Attempts that are made again until one succeeds: a client of a network on which things fail.

use std::fmt::Display;
use std::thread;
use std::time::Duration;

use tokio::time;

/// How long one attempt may take.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(100);
const ATTEMPTS_MAX: usize = 200;

/// # Panics
/// If [`ATTEMPTS_MAX`] attempts fail.
pub(crate) async fn until_ok<T, E, F>(what: &str, mut attempt: impl FnMut() -> F) -> T
where
    E: Display,
    F: Future<Output = Result<T, E>>,
{
    for _ in 0..ATTEMPTS_MAX {
        match time::timeout(PATIENCE, attempt()).await {
            Ok(Ok(value)) => return value,
            Ok(Err(error)) => println!("{what}: {error}"),
            Err(_) => println!("{what}: no answer within {PATIENCE:?}"),
        }
        time::sleep(PAUSE).await;
    }
    panic!("{what}: {ATTEMPTS_MAX} attempts failed");
}

/// The same for code that blocks its thread, and has time limits of its own.
///
/// # Panics
/// If [`ATTEMPTS_MAX`] attempts fail.
pub(crate) fn until_ok_blocking<T, E: Display>(what: &str, mut attempt: impl FnMut() -> Result<T, E>) -> T {
    for _ in 0..ATTEMPTS_MAX {
        match attempt() {
            Ok(value) => return value,
            Err(error) => println!("{what}: {error}"),
        }
        thread::sleep(PAUSE);
    }
    panic!("{what}: {ATTEMPTS_MAX} attempts failed");
}
