//! A database in memory behind `spawn_blocking`: lines are stored and counted.

use std::io;
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task;

use crate::retry::until_ok;

type Database = Arc<Mutex<Connection>>;

/// Stores a line once, and says how many there are.
fn store(database: &Database, line: &str) -> rusqlite::Result<i64> {
    let database = database.lock().unwrap();
    database.execute("INSERT OR IGNORE INTO lines VALUES (?1)", [line])?;
    database.query_row("SELECT count(*) FROM lines", [], |row| row.get(0))
}

async fn serve(socket: TcpStream, database: Database) -> io::Result<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let database = database.clone();
        let count = task::spawn_blocking(move || store(&database, line.trim_end())).await?;
        socket.write_all(format!("{}\n", count.map_err(io::Error::other)?).as_bytes()).await?;
    }
}

#[tokio::main]
pub(crate) async fn server(address: &str) {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch("CREATE TABLE lines (line TEXT PRIMARY KEY)").unwrap();
    let database = Arc::new(Mutex::new(database));
    let listener = TcpListener::bind(address).await.unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(socket, database.clone()));
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let count = until_ok("lines", || async {
        let mut socket = BufReader::new(TcpStream::connect(address).await?);
        let mut count = String::new();
        for line in ["tea", "milk", "tea", "sugar"] {
            socket.write_all(format!("{line}\n").as_bytes()).await?;
            count.clear();
            if socket.read_line(&mut count).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok::<_, io::Error>(count)
    });
    assert_eq!(count.await, "3\n");
}
