//! The server: it answers each line of each client.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use crate::command::Command;
use crate::rt::io::{self, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use crate::rt::net::{TcpListener, TcpStream};
use crate::rt::sync::{Semaphore, mpsc, watch};
use crate::rt::{select, spawn, time};
use crate::store::Store;

/// How many clients are served at once; others wait to be accepted.
pub const CONNECTIONS_MAX: usize = 100;

/// After an `accept` that failed.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves until `stop` is over. Then it accepts nobody else, lets each client have the answer that it waits for, and returns when all
/// connections are closed.
pub async fn run(listener: TcpListener, stop: impl Future) {
    let store = Store::default();
    let (stopping, stopped) = watch::channel(false);
    // Each connection has a clone of the sender, which is never used: the end of all is the end of the channel.
    let (connection, mut ended) = mpsc::channel::<()>(1);
    let accept = accept(listener, &store, &stopped, &connection);
    select! {
        () = accept => {}
        () = store.expire() => {}
        _ = stop => {}
    }
    stopping.send_replace(true);
    drop(connection);
    ended.recv().await;
}

async fn accept(
    listener: TcpListener,
    store: &Store,
    stopped: &watch::Receiver<bool>,
    connection: &mpsc::Sender<()>,
) {
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            time::sleep(PAUSE).await;
            continue;
        };
        let (store, stopped, connection) = (store.clone(), stopped.clone(), connection.clone());
        spawn(async move {
            // A client that went away is no concern of the others.
            let _ = serve(stream, store, stopped).await;
            drop((slot, connection));
        });
    }
}

async fn serve(stream: TcpStream, store: Store, mut stopped: watch::Receiver<bool>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        line.clear();
        let length = select! {
            biased;
            length = stream.read_line(&mut line) => length?,
            _ = stopped.changed() => return Ok(()),
        };
        if length == 0 {
            return Ok(());
        }
        let answer = answer(&store, &line);
        stream.write_all(format!("{answer}\n").as_bytes()).await?;
    }
}

fn answer(store: &Store, line: &str) -> String {
    match Command::parse(line) {
        Ok(Command::Get { key }) => {
            store.get(&key).map_or("none".to_string(), |value| format!("value {value}"))
        }
        Ok(Command::Set { key, value, expires_after }) => {
            store.set(key, value, expires_after);
            "ok".to_string()
        }
        Err(what) => format!("error {what}"),
    }
}
