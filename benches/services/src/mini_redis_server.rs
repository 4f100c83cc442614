//! tokio's own example of a server, mini-redis, with its client.

use mini_redis::client;
use tokio::net::TcpListener;

use crate::retry::until_ok;

#[tokio::main]
pub(crate) async fn server(address: &str) {
    let listener = TcpListener::bind(address).await.unwrap();
    mini_redis::server::run(listener, std::future::pending::<()>()).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let values = until_ok("keys", || async {
        let mut redis = client::connect(address).await?;
        let mut values = Vec::new();
        for n in 0..5 {
            redis.set(&format!("key {n}"), format!("value {n}").into()).await?;
            values.push(redis.get(&format!("key {n}")).await?);
        }
        Ok::<_, mini_redis::Error>(values)
    });
    assert_eq!(values.await, (0..5).map(|n| Some(format!("value {n}").into())).collect::<Vec<_>>());
}
