//! A router of axum with a race in its state, found under some seeds.
//!
//! `cargo run -p seedbed --features axum --example axum`

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, State};
use axum::routing::{get, post};
use http_body_util::BodyExt;
use hyper::{Request, client::conn::http1};
use seedbed::adapters::{axum::serve, hyper::Io};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{Sweep, choose_between, event, node, spawn, time};

type Stock = Arc<AtomicU64>;

/// The mistake: between looking and taking, another request may take.
async fn take(
    State(stock): State<Stock>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Path(count): Path<u64>,
) -> &'static str {
    let left = stock.load(Ordering::Relaxed);
    if left < count {
        return "sold out";
    }
    time::sleep(Duration::from_millis(choose_between(1, 5))).await; // asks another service
    stock.store(left - count, Ordering::Relaxed);
    event!("{} takes {count} of {left}", peer.ip());
    "taken"
}

async fn ask(request: Request<Body>) -> String {
    let stream = TcpStream::connect("shop:80").await.unwrap();
    let (mut sender, connection) = http1::handshake(Io::new(stream)).await.unwrap();
    spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn request(method: &str, path: &str) -> Request<Body> {
    Request::builder().method(method).uri(path).header("host", "shop").body(Body::empty()).unwrap()
}

async fn never_sells_more_than_it_has() {
    let app = Router::new()
        .route("/take/{count}", post(take))
        .route(
            "/left",
            get(|State(stock): State<Stock>| async move { stock.load(Ordering::Relaxed).to_string() }),
        )
        .with_state(Arc::new(AtomicU64::new(10)));
    let listener = node("shop").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
    node("shop").spawn(serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()));

    let customers = [("ann", 0), ("bob", 10)].map(|(name, later)| {
        node(name).spawn(async move {
            time::sleep(Duration::from_millis(later + choose_between(0, 15))).await;
            ask(request("POST", "/take/4")).await
        })
    });
    for customer in customers {
        assert_eq!(customer.await.unwrap(), "taken");
    }
    assert_eq!(ask(request("GET", "/left")).await, "2", "two customers took 4 each of 10");
}

fn main() {
    match Sweep::default().try_run("never_sells_more_than_it_has", never_sells_more_than_it_has) {
        Ok(passed) => println!("{} runs, and nothing was found", passed.runs),
        Err(failure) => println!("{failure}"),
    }
}
