//! TLS over TCP with tokio-rustls: what is said comes back.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::certificate;
use crate::retry::until_ok;

async fn serve(acceptor: TlsAcceptor, socket: TcpStream) -> io::Result<()> {
    let mut socket = acceptor.accept(socket).await?;
    let mut said = [0; 100];
    loop {
        socket.read_exact(&mut said).await?;
        socket.write_all(&said).await?;
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn server(address: &str) {
    let acceptor = TlsAcceptor::from(Arc::new(certificate::server()));
    let listener = TcpListener::bind(address).await.unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::spawn(serve(acceptor.clone(), socket));
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let connector = TlsConnector::from(Arc::new(certificate::client()));
    let heard = until_ok("echo", || async {
        let socket = TcpStream::connect(address).await?;
        let mut socket = connector.connect(certificate::NAME.try_into().unwrap(), socket).await?;
        let mut heard = Vec::new();
        for n in 0..5_u8 {
            socket.write_all(&[n; 100]).await?;
            let mut answer = [0; 100];
            socket.read_exact(&mut answer).await?;
            heard.push(answer);
        }
        Ok::<_, io::Error>(heard)
    });
    assert_eq!(heard.await, (0..5_u8).map(|n| [n; 100]).collect::<Vec<_>>());
}
