//! axum with reqwest: orders are booked and read back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

use crate::retry::until_ok;

type Orders = Arc<Mutex<BTreeMap<u32, String>>>;

async fn book(State(orders): State<Orders>, Path(id): Path<u32>, body: String) -> StatusCode {
    orders.lock().unwrap().insert(id, body);
    StatusCode::CREATED
}

async fn read(State(orders): State<Orders>, Path(id): Path<u32>) -> Result<String, StatusCode> {
    orders.lock().unwrap().get(&id).cloned().ok_or(StatusCode::NOT_FOUND)
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn server(address: &str) {
    let app = Router::new().route("/orders/{id}", get(read).put(book)).with_state(Orders::default());
    axum::serve(TcpListener::bind(address).await.unwrap(), app).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let http = reqwest::Client::new();
    for id in 1..=5 {
        let url = format!("http://{address}/orders/{id}");
        let text = until_ok("order", || async {
            http.put(&url).body(format!("tea {id}")).send().await?.error_for_status()?;
            http.get(&url).send().await?.error_for_status()?.text().await
        });
        assert_eq!(text.await, format!("tea {id}"));
    }
}
