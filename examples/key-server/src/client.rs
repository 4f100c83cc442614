//! A client of the server.

use std::time::Duration;

use crate::rt::io::{self, AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use crate::rt::net::TcpStream;

/// A connection to the server.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to a server, such as `localhost:7600`.
    ///
    /// # Errors
    /// If there is none.
    pub async fn connect(server: &str) -> io::Result<Client> {
        Ok(Client { stream: BufReader::new(TcpStream::connect(server).await?) })
    }

    /// The value of a key, if it has one.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn get(&mut self, key: &str) -> io::Result<Option<String>> {
        let answer = self.ask(&format!("get {key}")).await?;
        Ok(answer.strip_prefix("value ").map(str::to_string))
    }

    /// Gives a key a value, for some time or for ever.
    ///
    /// # Errors
    /// If the connection is lost. It is not known then whether the key has the value.
    pub async fn set(&mut self, key: &str, value: &str, expires_after: Option<Duration>) -> io::Result<()> {
        let after = expires_after.map_or(String::new(), |after| format!(" {}", after.as_millis()));
        self.ask(&format!("set {key} {value}{after}")).await?;
        Ok(())
    }

    /// Sends a line, and gives the line that is answered.
    ///
    /// # Errors
    /// If the connection is lost.
    pub async fn ask(&mut self, line: &str) -> io::Result<String> {
        self.stream.write_all(format!("{line}\n").as_bytes()).await?;
        let mut answer = String::new();
        if self.stream.read_line(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(answer.trim_end().to_string())
    }
}
