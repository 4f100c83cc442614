//! The client of the `redis` package, with a small server that knows `SET` and `GET`.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use redis::{AsyncCommands as _, RedisError};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::retry::until_ok;

type Keys = Arc<Mutex<BTreeMap<Vec<u8>, Vec<u8>>>>;

/// A command is an array of strings: `*2`, then for each of them `$5` and its bytes.
async fn command(socket: &mut BufReader<TcpStream>) -> io::Result<Vec<Vec<u8>>> {
    async fn length(socket: &mut BufReader<TcpStream>, mark: char) -> io::Result<usize> {
        let mut line = String::new();
        if socket.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let number = line.strip_prefix(mark).and_then(|text| text.trim_end().parse().ok());
        number.ok_or_else(|| io::Error::other(format!("{mark} and a number expected, not {line:?}")))
    }
    let mut words = Vec::new();
    for _ in 0..length(socket, '*').await? {
        let mut word = vec![0; length(socket, '$').await? + 2];
        socket.read_exact(&mut word).await?;
        word.truncate(word.len() - 2);
        words.push(word);
    }
    Ok(words)
}

async fn serve(socket: TcpStream, keys: Keys) -> io::Result<()> {
    let mut socket = BufReader::new(socket);
    loop {
        let words = command(&mut socket).await?;
        let answer = match &words[..] {
            [name, key, value] if name.eq_ignore_ascii_case(b"set") => {
                keys.lock().unwrap().insert(key.clone(), value.clone());
                b"+OK\r\n".to_vec()
            }
            [name, key] if name.eq_ignore_ascii_case(b"get") => match keys.lock().unwrap().get(key) {
                Some(value) => [format!("${}\r\n", value.len()).as_bytes(), value, b"\r\n"].concat(),
                None => b"$-1\r\n".to_vec(),
            },
            // `CLIENT SETINFO …` among others.
            _ => b"+OK\r\n".to_vec(),
        };
        socket.write_all(&answer).await?;
    }
}

#[tokio::main]
pub(crate) async fn server(address: &str) {
    let listener = TcpListener::bind(address).await.unwrap();
    let keys = Keys::default();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(socket, keys.clone()));
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let redis = redis::Client::open(format!("redis://{address}/")).unwrap();
    let values = until_ok("keys", || async {
        let mut connection = redis.get_multiplexed_async_connection().await?;
        let mut values = Vec::new();
        for n in 0..5 {
            let () = connection.set(format!("key {n}"), n * n).await?;
            values.push(connection.get::<_, i32>(format!("key {n}")).await?);
        }
        Ok::<_, RedisError>(values)
    });
    assert_eq!(values.await, [0, 1, 4, 9, 16]);
}
