//! axum's routers, served on a simulated listener.
//!
//! `axum::serve` itself spawns on tokio, so it cannot be simulated. [`serve`] takes the same two arguments and does the same
//! with tasks of the run.
//!
//! ```
//! use axum::{Router, extract::ConnectInfo, routing::get};
//! use hyper::body::Bytes;
//! use http_body_util::{BodyExt, Empty};
//! use seedbed::adapters::{axum::serve, hyper::Io};
//! use seedbed::net::{TcpListener, TcpStream};
//! use std::net::SocketAddr;
//!
//! async fn whoami(ConnectInfo(peer): ConnectInfo<SocketAddr>) -> String {
//!     format!("you are {}", peer.ip())
//! }
//!
//! seedbed::sweep("whoami", 10, || async {
//!     let listener = seedbed::node("server").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
//!     let app = Router::new().route("/", get(whoami)).into_make_service_with_connect_info::<SocketAddr>();
//!     seedbed::node("server").spawn(serve(listener, app));
//!
//!     let stream = TcpStream::connect("server:80").await.unwrap();
//!     let (mut sender, connection) = hyper::client::conn::http1::handshake(Io::new(stream)).await.unwrap();
//!     seedbed::spawn(connection);
//!     let request = hyper::Request::get("/").header("host", "server").body(Empty::<Bytes>::new()).unwrap();
//!     let response = sender.send_request(request).await.unwrap();
//!     assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), "you are 10.0.0.1");
//! });
//! ```

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ::axum::body::Body;
use ::axum::extract::connect_info::Connected;
use ::axum::http::{Request, Response};
use ::hyper::body::Incoming;
use ::hyper::service::service_fn;
use hyper_util::server::conn::auto;
use sim_executor::{spawn_named, time};
use sim_net::{TcpListener, TcpStream};
use tower_service::Service;

use super::hyper::{Executor, Io, Timer};

/// A connection that was accepted: what [`serve`] makes a service for, and what `ConnectInfo` is made from. For an address
/// that is `ConnectInfo<SocketAddr>`; for more, implement axum's `Connected<IncomingStream>` for a type of your own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncomingStream {
    /// Where the client is.
    pub remote_addr: SocketAddr,
    /// The address that it connected to.
    pub local_addr: SocketAddr,
}

impl Connected<IncomingStream> for SocketAddr {
    fn connect_info(stream: IncomingStream) -> Self {
        stream.remote_addr
    }
}

/// Serves HTTP/1 and HTTP/2 on a listener, as `axum::serve` does: each connection in a task of its own, named `conn`, on the
/// node of the task that serves. To stop, abort that task; the connections go on until their clients are done. What
/// `axum::serve` fills in from the real clock, the `Date` header, is left out.
///
/// `make_service` is what `Router::into_make_service` or `into_make_service_with_connect_info` gives. Handlers must be
/// `Send`, since axum asks for that; futures that are not, because they hold a socket of the run, can be held in a
/// [`SendWrapper`](super::SendWrapper).
///
/// # Errors
/// None, and it never ends otherwise; as of `axum::serve`, this is the type.
///
/// # Panics
/// Outside a run.
pub async fn serve<M, S>(listener: TcpListener, mut make_service: M) -> io::Result<()>
where
    M: Service<IncomingStream, Response = S, Error = Infallible>,
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + 'static,
{
    loop {
        let (stream, remote_addr) = accept(&listener).await;
        let Ok(local_addr) = stream.local_addr() else { continue };
        let Ok(()) = poll_fn(|context| make_service.poll_ready(context)).await;
        let Ok(service) = make_service.call(IncomingStream { remote_addr, local_addr }).await;
        drop(spawn_named("conn", serve_connection(stream, service)));
    }
}

/// What cannot be accepted is passed over, and a host out of sockets is asked again a second later: the same as axum.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) => {
            }
            Err(_) => time::sleep(Duration::from_secs(1)).await,
        }
    }
}

async fn serve_connection<S>(stream: TcpStream, service: S)
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let mut service = service.clone();
        async move {
            poll_fn(|context| service.poll_ready(context)).await?;
            service.call(request.map(Body::new)).await
        }
    });
    let mut builder = auto::Builder::new(Executor);
    builder.http1().timer(Timer).auto_date_header(false);
    builder.http2().timer(Timer).auto_date_header(false).enable_connect_protocol();
    // How a connection ends is the client's business, as it is with axum.
    let _ended = builder.serve_connection_with_upgrades(Io::new(stream), service).await;
}
