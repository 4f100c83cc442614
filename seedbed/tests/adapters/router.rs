//! axum's routers.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::{ConnectInfo, Connected};
use axum::extract::{Path, State};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper::{Request, StatusCode};
use seedbed::adapters::SendWrapper;
use seedbed::adapters::axum::{IncomingStream, serve};
use seedbed::adapters::hyper::{Io, client_http2};
use seedbed::net::TcpStream;
use seedbed::{node, spawn, time};

use crate::networks::{listen, on_every_network, pattern};

#[derive(Clone, Copy)]
struct Both(IncomingStream);

impl Connected<IncomingStream> for Both {
    fn connect_info(stream: IncomingStream) -> Self {
        Both(stream)
    }
}

fn router() -> Router {
    Router::new()
        .route(
            "/slow/{seconds}",
            get(async |Path(seconds): Path<u64>| {
                time::sleep(Duration::from_secs(seconds)).await;
                format!("slept {seconds}")
            }),
        )
        .route("/double", post(async |State(times): State<usize>, body: Bytes| body.repeat(times)))
        .route(
            "/upstream",
            get(|| {
                SendWrapper::new(async {
                    let stream = TcpStream::connect("server:1").await;
                    stream.unwrap_err().kind().to_string()
                })
            }),
        )
        .with_state(2)
}

async fn text_of(body: impl Into<Body>) -> String {
    String::from_utf8(body.into().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn client() -> http1::SendRequest<Body> {
    let stream = TcpStream::connect("server:80").await.unwrap();
    let (sender, connection) = http1::handshake(Io::new(stream)).await.unwrap();
    spawn(connection);
    sender
}

fn request(path: &str) -> Request<Body> {
    Request::get(format!("http://server{path}")).header("host", "server").body(Body::empty()).unwrap()
}

#[test]
fn a_router_answers_over_http1() {
    on_every_network("router", || async {
        node("server").spawn(serve(listen("0.0.0.0:80").await, router().into_make_service()));
        let mut client = client().await;
        let before = time::now();
        let response = client.send_request(request("/slow/60")).await.unwrap();
        assert_eq!(text_of(Body::new(response.into_body())).await, "slept 60");
        assert!(time::now() - before >= Duration::from_secs(60));

        client.ready().await.unwrap();
        let response = client.send_request(request("/nothing")).await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(response.headers().get("date").is_none(), "the real clock stays outside");

        let body = Body::from(pattern(100_000));
        let double = Request::post("/double").header("host", "server").body(body).unwrap();
        let mut client = self::client().await;
        let response = client.send_request(double).await.unwrap();
        assert_eq!(response.into_body().collect().await.unwrap().to_bytes(), pattern(100_000).repeat(2));
    });
}

#[test]
fn a_router_answers_over_http2() {
    on_every_network("router", || async {
        node("server").spawn(serve(listen("0.0.0.0:80").await, router().into_make_service()));
        let stream = TcpStream::connect("server:80").await.unwrap();
        let (mut client, connection): (http2::SendRequest<Body>, _) =
            client_http2().handshake(Io::new(stream)).await.unwrap();
        spawn(connection);
        let response = client.send_request(request("/slow/1")).await.unwrap();
        assert_eq!(text_of(Body::new(response.into_body())).await, "slept 1");
    });
}

#[test]
fn a_handler_may_use_what_is_not_send() {
    on_every_network("router", || async {
        node("server").spawn(serve(listen("0.0.0.0:80").await, router().into_make_service()));
        let response = client().await.send_request(request("/upstream")).await.unwrap();
        assert_eq!(text_of(Body::new(response.into_body())).await, "connection refused");
    });
}

#[test]
fn a_handler_learns_both_addresses() {
    on_every_network("router", || async {
        let peer = async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.to_string();
        let app = Router::new().route("/", get(peer)).into_make_service_with_connect_info::<SocketAddr>();
        node("server").spawn(serve(listen("0.0.0.0:80").await, app));
        let own = async |ConnectInfo(Both(stream)): ConnectInfo<Both>| stream.local_addr.to_string();
        let app = Router::new().route("/", get(own)).into_make_service_with_connect_info::<Both>();
        node("server").spawn(serve(listen("0.0.0.0:81").await, app));

        for port in [80, 81] {
            let stream = TcpStream::connect(("server", port)).await.unwrap();
            let expected = if port == 80 { stream.local_addr() } else { stream.peer_addr() }.unwrap();
            let (mut sender, connection) = http1::handshake(Io::new(stream)).await.unwrap();
            spawn(connection);
            let response = sender.send_request(request("/")).await.unwrap();
            assert_eq!(text_of(Body::new(response.into_body())).await, expected.to_string());
        }
    });
}
