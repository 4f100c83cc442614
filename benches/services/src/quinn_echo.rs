//! QUIC with quinn: streams of one connection are sent back.

use std::error::Error;
use std::sync::Arc;

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use quinn::{ClientConfig, Endpoint, Incoming, ServerConfig};
use tokio::net::lookup_host;

use crate::certificate;
use crate::retry::until_ok;

/// Streams are read to the end: no longer than this.
const SIZE_MAX: usize = 1024;

async fn serve(incoming: Incoming) -> Result<(), Box<dyn Error + Send + Sync>> {
    let connection = incoming.await?;
    loop {
        let (mut send, mut receive) = connection.accept_bi().await?;
        let said = receive.read_to_end(SIZE_MAX).await?;
        send.write_all(&said).await?;
        send.finish()?;
    }
}

#[tokio::main]
pub(crate) async fn server(address: &str) {
    let config = QuicServerConfig::try_from(certificate::server()).unwrap();
    let address = lookup_host(address).await.unwrap().next().unwrap();
    let endpoint = Endpoint::server(ServerConfig::with_crypto(Arc::new(config)), address).unwrap();
    while let Some(incoming) = endpoint.accept().await {
        tokio::spawn(serve(incoming));
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let config = QuicClientConfig::try_from(certificate::client()).unwrap();
    let mut endpoint = Endpoint::client("0.0.0.0:0".parse().unwrap()).unwrap();
    endpoint.set_default_client_config(ClientConfig::new(Arc::new(config)));
    let heard = until_ok("streams", || async {
        let address = lookup_host(address).await?.next().ok_or("no address")?;
        let connection = endpoint.connect(address, certificate::NAME)?.await?;
        let mut heard = Vec::new();
        for n in 0..5_u8 {
            let (mut send, mut receive) = connection.open_bi().await?;
            send.write_all(&[n; 100]).await?;
            send.finish()?;
            heard.push(receive.read_to_end(SIZE_MAX).await?);
        }
        Ok::<_, Box<dyn Error>>(heard)
    });
    assert_eq!(heard.await, (0..5_u8).map(|n| vec![n; 100]).collect::<Vec<_>>());
}
