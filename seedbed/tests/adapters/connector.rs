//! The tower connector: alone, then under hyper-util's pooling client.

use std::future::poll_fn;
use std::io::{self, ErrorKind};

use futures::io::{AsyncReadExt, AsyncWriteExt};
use seedbed::adapters::tower::Connector;
use seedbed::net::{TcpListener, TcpStream};
use seedbed::node;
use tower_service::Service;

use crate::networks::{listen, on_every_network};

async fn connect(uri: &'static str) -> io::Result<TcpStream> {
    let mut connector = Connector;
    poll_fn(|context| connector.poll_ready(context)).await?;
    Ok(connector.call(uri.parse().unwrap()).await?.into_inner())
}

async fn greet(listener: TcpListener) {
    loop {
        listener.accept().await.unwrap().0.write_all(b"hello").await.unwrap();
    }
}

#[test]
fn it_connects_to_the_port_of_the_uri_or_of_its_scheme() {
    on_every_network("connector", || async {
        for (address, uri) in [
            ("0.0.0.0:80", "http://server/path"),
            ("0.0.0.0:443", "https://server"),
            ("0.0.0.0:8080", "http://server:8080/"),
            ("0.0.0.0:9090", "other://server:9090/"),
        ] {
            node("server").spawn(greet(listen(address).await));
            let mut hello = String::new();
            connect(uri).await.unwrap().read_to_string(&mut hello).await.unwrap();
            assert_eq!(hello, "hello", "{uri}");
        }
    });
}

#[test]
fn what_it_cannot_connect_to_is_the_error_of_the_network() {
    on_every_network("connector", || async {
        let _server = listen("0.0.0.0:1").await;
        for (uri, kind) in [
            ("http://server/", ErrorKind::ConnectionRefused),
            ("http://nobody/", ErrorKind::NotFound),
            ("other://server/", ErrorKind::InvalidInput),
            ("/path", ErrorKind::InvalidInput),
        ] {
            assert_eq!(connect(uri).await.unwrap_err().kind(), kind, "{uri}");
        }
        seedbed::yield_now().await;
    });
}

#[cfg(feature = "hyper-util")]
mod pooled {
    use std::cell::Cell;
    use std::convert::Infallible;
    use std::rc::Rc;
    use std::time::Duration;

    use http_body_util::{BodyExt, Full};
    use hyper::body::{Bytes, Incoming};
    use hyper::service::service_fn;
    use hyper::{Request, Response};
    use hyper_util::client::legacy::Client;
    use seedbed::adapters::hyper::{Executor, Io, Timer, server_http1};
    use seedbed::{spawn, time};

    use super::*;
    use crate::networks::pattern;

    async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
        Ok(Response::new(request.into_body()))
    }

    async fn serve(listener: TcpListener, accepted: Rc<Cell<u32>>) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            accepted.set(accepted.get() + 1);
            spawn(async { server_http1().serve_connection(Io::new(stream), service_fn(echo)).await });
        }
    }

    #[test]
    fn the_pool_keeps_a_connection_and_forgets_it_by_the_virtual_clock() {
        on_every_network("pooled", || async {
            let accepted = Rc::new(Cell::new(0));
            node("server").spawn(serve(listen("0.0.0.0:80").await, Rc::clone(&accepted)));
            let client: Client<Connector, Full<Bytes>> = Client::builder(Executor)
                .timer(Timer)
                .pool_timer(Timer)
                .pool_idle_timeout(Duration::from_secs(10))
                .build(Connector);
            let ask = async |length| {
                let request =
                    Request::post("http://server/").body(Full::new(pattern(length).into())).unwrap();
                let response = client.request(request).await.unwrap();
                assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), pattern(length));
                // It is back in the pool when the tasks of the connection have seen the end.
                time::sleep(Duration::from_secs(1)).await;
            };
            ask(100_000).await;
            ask(1).await;
            assert_eq!(accepted.get(), 1);
            time::sleep(Duration::from_secs(20)).await;
            ask(1).await;
            assert_eq!(accepted.get(), 2);
        });
    }
}
