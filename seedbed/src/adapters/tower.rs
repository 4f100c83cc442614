//! A tower service that connects: for clients which take a `Service<Uri>` and want a stream.
//!
//! With the feature `hyper-util` besides, its pooling client takes it:
//!
#![cfg_attr(feature = "hyper-util", doc = "```")]
#![cfg_attr(not(feature = "hyper-util"), doc = "```text")]
//! use hyper::body::Bytes;
//! use hyper_util::client::legacy::Client;
//! use http_body_util::Empty;
//! use seedbed::adapters::hyper::{Executor, Timer};
//! use seedbed::adapters::tower::Connector;
//!
//! seedbed::sweep("nobody_listens", 10, || async {
//!     let client: Client<Connector, Empty<Bytes>> =
//!         Client::builder(Executor).timer(Timer).pool_timer(Timer).build(Connector);
//!     let error = client.get("http://localhost/".parse().unwrap()).await.unwrap_err();
//!     assert!(error.is_connect());
//! });
//! ```

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use ::hyper::Uri;
use send_wrapper::SendWrapper;
use sim_net::TcpStream;
use tower_service::Service;

use super::authority::host_and_port;
use super::hyper::Io;

/// Connects the current node to the host of a URI: to its port, or to that of its scheme. TLS is none of its business: with
/// `https` too, the stream is that of TCP, for another service around this one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Connector;

/// The future of [`Connector`]; it is bound to the thread of its run.
#[must_use = "it connects when it is awaited"]
pub struct Connecting(SendWrapper<Pin<Box<dyn Future<Output = io::Result<TcpStream>>>>>);

impl Service<Uri> for Connector {
    type Response = Io<TcpStream>;
    type Error = io::Error;
    type Future = Connecting;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Connecting {
        Connecting(SendWrapper::new(Box::pin(connect(uri))))
    }
}

async fn connect(uri: Uri) -> io::Result<TcpStream> {
    TcpStream::connect(host_and_port(uri.host(), uri.port_u16(), uri.scheme_str())?).await
}

impl Future for Connecting {
    type Output = io::Result<Io<TcpStream>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(Io::new)
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Connecting").finish_non_exhaustive()
    }
}

#[cfg(feature = "hyper-util")]
impl hyper_util::client::legacy::connect::Connection for Io<TcpStream> {
    fn connected(&self) -> hyper_util::client::legacy::connect::Connected {
        hyper_util::client::legacy::connect::Connected::new()
    }
}
