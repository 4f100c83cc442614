//! hyper 1 by itself: five requests on one connection that is kept.

use std::convert::Infallible;
use std::error::Error;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::retry::until_ok;

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(Response::new(Full::from(request.uri().path().to_owned())))
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn server(address: &str) {
    let listener = TcpListener::bind(address).await.unwrap();
    loop {
        let (socket, _) = listener.accept().await.unwrap();
        tokio::spawn(
            hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(socket), service_fn(answer)),
        );
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let paths = until_ok("requests", || async {
        let socket = TcpStream::connect(address).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket)).await?;
        let connection = tokio::spawn(connection);
        let mut paths = Vec::new();
        for n in 0..5 {
            let request = Request::get(format!("/{n}")).header("host", "shop").body(Empty::<Bytes>::new())?;
            let body = sender.send_request(request).await?.into_body().collect().await?.to_bytes();
            paths.push(String::from_utf8(body.to_vec())?);
        }
        drop(sender);
        connection.await??;
        Ok::<_, Box<dyn Error>>(paths)
    });
    assert_eq!(paths.await, ["/0", "/1", "/2", "/3", "/4"]);
}
