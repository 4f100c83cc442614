//! A client that is a program of asyncio, with a server beside it.

use std::future::Future;
use std::rc::Rc;

use async_tungstenite::tungstenite;
use seedbed::{Executor, Node, event};
use sim_asyncio::{EventLoop, Exc, Runner, RunnerError};
use sim_explorer::Violation;

use super::session::{Session, SessionConfig};
use super::{SessionError, joined};

/// Runs a server on the host `server`, and a client as the first task of a loop on the host `main`, to their ends.
pub(super) fn run_with_server(
    executor: &mut Executor,
    server: impl Future<Output = Result<(), SessionError>> + 'static,
    client: impl Future<Output = Result<(), Exc>> + 'static,
) -> Result<(), Violation> {
    let mut asyncio = Runner::new(executor);
    let server = asyncio.enter(|_| Node::named("server").spawn_named("server", server));
    let client = asyncio.create_task("client", client);
    let ended = asyncio.run_until_complete(&client).map_err(|error| match error {
        RunnerError::Run(error) => Violation::Run(error),
        error => Violation::new(error),
    })?;
    ended.map_err(Violation::new)?;
    executor.block_on(async move { joined(server.await) })?
}

/// Connects to the server.
pub(super) async fn connect() -> Result<Session, Exc> {
    let failed = |error: tungstenite::Error| Exc::raised("InvalidHandshake", error);
    Session::connect("/", SessionConfig::default()).await.map_err(failed)
}

/// The names of the tasks of the loop that have not ended, but for the one that asks.
pub(super) fn tasks_left() -> Vec<Rc<str>> {
    let event_loop = EventLoop::current();
    let asks = event_loop.current_task();
    let others = event_loop.all_tasks().into_iter().filter(|task| Some(task) != asks.as_ref());
    others.map(|task| task.name()).collect()
}

/// Logs which tasks of the loop have not ended.
pub(super) fn report_tasks_left() {
    let left = tasks_left();
    event!("tasks left: {}", if left.is_empty() { "none".to_string() } else { list(&left) });
}

/// A list of texts as Python writes it.
pub(super) fn list(texts: &[impl AsRef<str>]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("'{}'", text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}
