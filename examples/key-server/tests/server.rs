//! What holds on a real machine as in the simulation: run it with the feature `sim` and without.

use std::time::Duration;

use key_server::client::Client;
use key_server::rt::net::TcpListener;
use key_server::rt::sync::oneshot;
use key_server::rt::task::JoinHandle;
use key_server::rt::{self, time};
use key_server::server;

struct Server {
    address: String,
    stop: oneshot::Sender<()>,
    running: JoinHandle<()>,
}

async fn start() -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (stop, stopped) = oneshot::channel();
    Server { address, stop, running: rt::spawn(server::run(listener, stopped)) }
}

#[rt::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_is_there_for_all_clients() {
    let server = start().await;
    let mut writer = Client::connect(&server.address).await.unwrap();
    let mut reader = Client::connect(&server.address).await.unwrap();
    assert_eq!(reader.get("colour").await.unwrap(), None);
    writer.set("colour", "red", None).await.unwrap();
    assert_eq!(reader.get("colour").await.unwrap().as_deref(), Some("red"));
    assert!(reader.ask("paint it").await.unwrap().starts_with("error say `get KEY`"));
}

#[rt::test]
async fn a_value_expires_unless_it_is_set_again() {
    let server = start().await;
    let mut client = Client::connect(&server.address).await.unwrap();
    // Long enough for the answers below to come over any network that the simulation draws.
    client.set("short", "1", Some(Duration::from_secs(3))).await.unwrap();
    client.set("kept", "2", Some(Duration::from_secs(3))).await.unwrap();
    client.set("kept", "3", None).await.unwrap();
    client.set("long", "4", Some(Duration::from_secs(3600))).await.unwrap();
    assert_eq!(client.get("short").await.unwrap().as_deref(), Some("1"));
    time::sleep(Duration::from_secs(4)).await;
    assert_eq!(client.get("short").await.unwrap(), None);
    assert_eq!(client.get("kept").await.unwrap().as_deref(), Some("3"));
    assert_eq!(client.get("long").await.unwrap().as_deref(), Some("4"));
}

#[rt::test]
async fn a_server_that_is_stopped_closes_its_connections() {
    let server = start().await;
    let mut client = Client::connect(&server.address).await.unwrap();
    client.set("a", "b", None).await.unwrap();
    server.stop.send(()).unwrap();
    time::timeout(Duration::from_secs(5), server.running).await.unwrap().unwrap();
    assert!(client.get("a").await.is_err());
}
