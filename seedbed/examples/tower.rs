//! hyper-util's pooling client over the tower connector: which of its connections it uses again.
//!
//! `cargo run -p seedbed --features hyper-util --example tower`

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use seedbed::adapters::hyper::{Executor, Io, Timer, server_http1};
use seedbed::adapters::tower::Connector;
use seedbed::net::TcpListener;
use seedbed::{Recipe, Sweep, choose_between, event, join, node, spawn, time};

async fn answer(_: Request<Incoming>) -> Result<Response<String>, Infallible> {
    time::sleep(Duration::from_millis(choose_between(10, 50))).await;
    Ok(Response::new("an answer".to_string()))
}

async fn serve(listener: TcpListener) {
    while let Ok((stream, peer)) = listener.accept().await {
        event!("accepts {peer}");
        spawn(async { server_http1().serve_connection(Io::new(stream), service_fn(answer)).await });
    }
}

async fn pools_connections() {
    let listener = node("server").spawn(TcpListener::bind("0.0.0.0:80")).await.unwrap().unwrap();
    node("server").spawn(serve(listener));
    let client: Client<Connector, Empty<Bytes>> = Client::builder(Executor)
        .timer(Timer)
        .pool_timer(Timer)
        .pool_idle_timeout(Duration::from_secs(60))
        .build(Connector);
    let ask = async |what: &str| {
        let response = client.get("http://server/".parse().unwrap()).await.unwrap();
        response.into_body().collect().await.unwrap();
        event!("has the answer to {what}");
        time::sleep(Duration::from_millis(100)).await;
    };
    ask("the first").await;
    ask("the second, on the same connection").await;
    join!(ask("one of two"), ask("the other of two"));
    time::sleep(Duration::from_secs(3_600)).await;
    ask("the last, an hour later").await;
}

fn main() {
    // One run, whose log is shown; the same on every machine.
    let sweep = Sweep { only: Some(Recipe::of_seed(3)), ..Sweep::default() };
    match sweep.try_run("pools_connections", pools_connections) {
        Ok(passed) => print!("{}", passed.log),
        Err(failure) => println!("{failure}"),
    }
}
