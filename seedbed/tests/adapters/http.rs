//! HTTP by hyper: its clients, its servers.

use std::cell::Cell;
use std::convert::Infallible;
use std::error::Error;
use std::io;
use std::rc::Rc;
use std::time::Duration;

use futures::future::join_all;
use futures::io::{AsyncReadExt, AsyncWriteExt};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use seedbed::adapters::hyper::{Io, client_http2, server_http1, server_http2};
use seedbed::net::{TcpListener, TcpStream, fault};
use seedbed::{Sweep, event, node, spawn, time};

use crate::networks::{listen, on_every_network, pattern};

/// Larger than every buffer on the way.
const BODY_BYTES: usize = 200_000;

/// Sends back what it gets, as it gets it.
async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    Ok(Response::new(request.into_body()))
}

async fn serve_http1(listener: TcpListener, accepted: Rc<Cell<u32>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        accepted.set(accepted.get() + 1);
        spawn(async { server_http1().serve_connection(Io::new(stream), service_fn(echo)).await });
    }
}

async fn serve_http2(listener: TcpListener) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        spawn(async { server_http2().serve_connection(Io::new(stream), service_fn(echo)).await });
    }
}

async fn connect_http1() -> http1::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect("server:80").await.unwrap();
    let (sender, connection) = http1::handshake(Io::new(stream)).await.unwrap();
    spawn(connection);
    sender
}

async fn connect_http2() -> http2::SendRequest<Full<Bytes>> {
    let stream = TcpStream::connect("server:80").await.unwrap();
    let (sender, connection) = client_http2().handshake(Io::new(stream)).await.unwrap();
    spawn(connection);
    sender
}

fn post(body: Vec<u8>) -> Request<Full<Bytes>> {
    Request::post("http://server/").header("host", "server").body(Full::new(body.into())).unwrap()
}

async fn body_of(response: Response<Incoming>) -> Result<Bytes, hyper::Error> {
    assert_eq!(response.status(), StatusCode::OK);
    event!("answered");
    Ok(response.into_body().collect().await?.to_bytes())
}

#[test]
fn http1_carries_bodies_larger_than_the_buffers_on_one_connection() {
    on_every_network("http1", || async {
        let accepted = Rc::new(Cell::new(0));
        node("server").spawn(serve_http1(listen("0.0.0.0:80").await, Rc::clone(&accepted)));
        let mut sender = connect_http1().await;
        for length in [BODY_BYTES, 0, 1, BODY_BYTES / 2] {
            sender.ready().await.unwrap();
            let response = sender.send_request(post(pattern(length))).await.unwrap();
            assert_eq!(body_of(response).await.unwrap(), pattern(length));
        }
        assert_eq!(accepted.get(), 1, "it is kept alive");
    });
}

#[test]
fn http2_carries_several_bodies_larger_than_the_buffers_at_once() {
    on_every_network("http2", || async {
        node("server").spawn(serve_http2(listen("0.0.0.0:80").await));
        let sender = connect_http2().await;
        let requests = [BODY_BYTES, 0, 1, BODY_BYTES / 2].map(|length| {
            let mut sender = sender.clone();
            async move {
                let response = sender.send_request(post(pattern(length))).await.unwrap();
                assert_eq!(body_of(response).await.unwrap(), pattern(length));
            }
        });
        join_all(requests).await;
    });
}

/// Gives half of what it promises.
async fn give_half(listener: TcpListener) {
    let (mut stream, _) = listener.accept().await.unwrap();
    // All of it: else the peer would be told that its request was not read.
    let (mut request, mut byte) = (Vec::new(), [0]);
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).await.unwrap();
        request.extend(byte);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nhalf").await.unwrap();
}

#[test]
fn http1_tells_that_a_server_went_away_in_the_middle_of_a_body() {
    on_every_network("http1", || async {
        node("server").spawn(give_half(listen("0.0.0.0:80").await));
        let response = connect_http1().await.send_request(post(pattern(0))).await.unwrap();
        let error = body_of(response).await.unwrap_err();
        let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
        assert_eq!(source.kind(), io::ErrorKind::UnexpectedEof);
    });
}

#[test]
fn http2_tells_that_a_server_went_away_in_the_middle_of_a_body() {
    on_every_network("http2", || async {
        let serving = node("server").spawn(async {
            let (stream, _) = TcpListener::bind("0.0.0.0:80").await.unwrap().accept().await.unwrap();
            let _ = server_http2().serve_connection(Io::new(stream), service_fn(echo)).await;
        });
        time::sleep(Duration::from_millis(1)).await;
        let mut sender = connect_http2().await;
        let response = sender.send_request(post(pattern(BODY_BYTES))).await.unwrap();
        serving.abort();
        body_of(response).await.unwrap_err();
    });
}

#[test]
fn http1_waits_for_a_header_by_the_virtual_clock() {
    seedbed::sweep("http1_waits_for_a_header_by_the_virtual_clock", 10, || async {
        node("server").spawn(serve_http1(listen("0.0.0.0:80").await, Rc::default()));
        let mut stream = TcpStream::connect("server:80").await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        assert_eq!(time::elapsed().as_secs(), 30, "hyper's default");
    });
}

#[test]
fn http2_notices_a_partition_by_the_virtual_clock() {
    Sweep { seeds: 10, repeated: 10, ..Sweep::default() }.run("http2_notices_a_partition", || async {
        node("server").spawn(serve_http2(listen("0.0.0.0:80").await));
        let stream = TcpStream::connect("server:80").await.unwrap();
        let (mut sender, connection) = client_http2()
            .keep_alive_interval(Duration::from_secs(10))
            .keep_alive_timeout(Duration::from_secs(5))
            .handshake(Io::new(stream))
            .await
            .unwrap();
        spawn(connection);
        let response = sender.send_request(post(pattern(1))).await.unwrap();
        body_of(response).await.unwrap();
        let _partition = fault::partition("main", "server");
        let cut_at = time::now();
        let error = sender.send_request(post(pattern(1))).await.unwrap_err();
        assert!(error.source().unwrap().to_string().contains("keep-alive timed out"), "{error:?}");
        let noticed_after = time::now() - cut_at;
        assert!((5..=15).contains(&noticed_after.as_secs()), "{noticed_after:?}");
    });
}

#[test]
fn an_empty_request_of_another_body_type_is_served_too() {
    seedbed::sweep("an_empty_request", 5, || async {
        node("server").spawn(serve_http1(listen("0.0.0.0:80").await, Rc::default()));
        let stream = TcpStream::connect("server:80").await.unwrap();
        let (mut sender, connection) = http1::handshake(Io::new(stream)).await.unwrap();
        spawn(connection);
        let request = Request::get("/").header("host", "server").body(Empty::<Bytes>::new()).unwrap();
        let response = sender.send_request(request).await.unwrap();
        assert!(response.headers().get("date").is_none(), "the real clock stays outside");
        assert_eq!(body_of(response).await.unwrap(), "");
    });
}
