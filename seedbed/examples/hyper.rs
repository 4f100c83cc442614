//! A client of hyper that retries against a server of hyper behind a bad link, in virtual time.
//!
//! `cargo run -p seedbed --features hyper --example hyper`

use std::cell::Cell;
use std::convert::Infallible;
use std::rc::Rc;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, client::conn::http1};
use seedbed::adapters::hyper::{Io, server_http1};
use seedbed::net::{self, Latency, LinkConfig, NetworkConfig, TcpListener, TcpStream};
use seedbed::{Ratio, Sweep, choose_between, event, node, spawn, time};

/// Takes its time, and counts what it booked.
async fn book(
    booked: Rc<Cell<u32>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let order = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    time::sleep(Duration::from_millis(choose_between(1, 400))).await;
    booked.set(booked.get() + 1);
    event!("books {} bytes", order.len());
    Ok(Response::new("booked".into()))
}

async fn serve(listener: TcpListener, booked: Rc<Cell<u32>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let booked = Rc::clone(&booked);
        let service = service_fn(move |request| book(Rc::clone(&booked), request));
        spawn(async { server_http1().serve_connection(Io::new(stream), service).await });
    }
}

async fn order() -> Result<Bytes, Box<dyn std::error::Error>> {
    let stream = TcpStream::connect("shop:80").await?;
    let (mut sender, connection) = http1::handshake(Io::new(stream)).await?;
    spawn(connection);
    let order = Full::new(Bytes::from(vec![b'x'; 100_000]));
    let response = sender.send_request(Request::post("/").header("host", "shop").body(order)?).await?;
    Ok(response.into_body().collect().await?.to_bytes())
}

async fn buys_once() {
    let latency = Latency::Uniform { min: Duration::from_millis(5), max: Duration::from_millis(40) };
    let link = LinkConfig { latency, loss: Ratio::one_in(50), ..LinkConfig::default() };
    net::install(NetworkConfig { link, ..NetworkConfig::default() });

    let booked = Rc::new(Cell::new(0));
    let listener = node("shop").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
    node("shop").spawn(serve(listener, Rc::clone(&booked)));
    // The mistake: who gives up and asks again may be served twice.
    while time::timeout(Duration::from_millis(500), order()).await.is_err() {
        event!("gives up and orders again");
    }
    assert_eq!(booked.get(), 1, "the order was booked twice");
}

fn main() {
    match Sweep::default().try_run("buys_once", buys_once) {
        Ok(passed) => println!("{} runs, and nothing was found", passed.runs),
        Err(failure) => println!("{failure}"),
    }
}
