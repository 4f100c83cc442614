//! Unmodified programs: see [`process`].

pub use sim_posix::{
    Answerer, Escape, ExitError, Handled, Import, Policy, Process, ProcessConfig, Signal, audit, escapes,
    outside, process_with, set_policy,
};

/// Runs a whole program on the node with that name, as it is: a `main` that blocks, with its threads, with tokio, on the simulated
/// network. What it calls of the C library is answered by the run.
///
/// ```
/// use std::io::{Read, Write};
/// use std::net::{TcpListener, TcpStream};
///
/// // In a test file this would be: #[seedbed::test(seeds = 20)] async fn the_shop_answers() { … }
/// seedbed::sweep("the_shop_answers", 20, || async {
///     seedbed::process("shop", || {
///         let listener = TcpListener::bind("0.0.0.0:80").unwrap();
///         for stream in listener.incoming() {
///             let mut stream = stream.unwrap();
///             std::thread::spawn(move || stream.write_all(b"open").unwrap());
///         }
///     });
///     let client = seedbed::process("client", || {
///         std::thread::sleep(std::time::Duration::from_secs(1));
///         let mut answer = String::new();
///         TcpStream::connect("shop:80").unwrap().read_to_string(&mut answer).unwrap();
///         answer
///     });
///     assert_eq!(client.exit().await.unwrap(), "open");
/// });
/// ```
///
/// Each start of the node calls `main` again. Statics are one for all processes, and live on to the next run. See
/// `docs/posix.md` for what is answered and what is not.
///
/// # Panics
/// Outside a run.
#[track_caller]
pub fn process<T, F>(name: &str, main: F) -> Process<T>
where
    F: Fn() -> T + Send + Sync + 'static,
    T: Send + 'static,
{
    sim_posix::process(name, main)
}
