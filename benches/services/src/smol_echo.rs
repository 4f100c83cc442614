//! A server on smol, which has a reactor of its own: what is said comes back.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use smol::io::{AsyncReadExt as _, AsyncWriteExt as _};
use smol::net::TcpListener;

use crate::retry::until_ok_blocking;

pub(crate) fn server(address: &str) {
    smol::block_on(async {
        let listener = TcpListener::bind(address).await.unwrap();
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let echo = async move {
                let mut said = [0; 10];
                loop {
                    socket.read_exact(&mut said).await?;
                    socket.write_all(&said).await?;
                }
            };
            smol::spawn::<io::Result<()>>(echo).detach();
        }
    });
}

/// A program of the standard library alone: smol keeps its reactor in a static, which two processes of a run cannot share.
pub(crate) fn client(address: &str) {
    let heard = until_ok_blocking("echo", || {
        let mut socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(Duration::from_secs(2)))?;
        let mut heard = Vec::new();
        for n in 0..5 {
            socket.write_all(&[n; 10])?;
            let mut answer = [0; 10];
            socket.read_exact(&mut answer)?;
            heard.push(answer);
        }
        Ok::<_, io::Error>(heard)
    });
    assert_eq!(heard, (0..5).map(|n| [n; 10]).collect::<Vec<_>>());
}
