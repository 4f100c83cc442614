//! gRPC over HTTP/2 with tonic: its own health service is asked.

use std::error::Error;

use tokio::net::lookup_host;
use tonic::transport::{Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::retry::until_ok;

#[tokio::main]
pub(crate) async fn server(address: &str) {
    let (reporter, service) = tonic_health::server::health_reporter();
    reporter.set_service_status("shop", tonic_health::ServingStatus::Serving).await;
    let address = lookup_host(address).await.unwrap().next().unwrap();
    Server::builder().add_service(service).serve(address).await.unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let url = format!("http://{address}");
    let status = until_ok("health", || async {
        let channel = Endpoint::new(url.clone())?.connect().await?;
        let mut client = HealthClient::new(channel);
        let mut status = ServingStatus::Unknown;
        for _ in 0..5 {
            let answer = client.check(HealthCheckRequest { service: "shop".into() }).await?;
            status = answer.into_inner().status();
        }
        Ok::<_, Box<dyn Error>>(status)
    });
    assert_eq!(status.await, ServingStatus::Serving);
}
