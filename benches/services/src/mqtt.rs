//! The MQTT broker rumqttd with rumqttc: a client hears all that it has published.

use std::collections::BTreeSet;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use rumqttd::Broker;
use tokio::time;

pub(crate) fn server(address: &str) {
    let config = format!(
        r#"
        id = 0
        [router]
        id = 0
        max_connections = 100
        max_outgoing_packet_count = 200
        max_segment_size = 1048576
        max_segment_count = 10
        [v4.1]
        name = "v4"
        listen = "{address}"
        next_connection_delay_ms = 1
        [v4.1.connections]
        connection_timeout_ms = 60000
        max_payload_size = 20480
        max_inflight_count = 100
        dynamic_filters = true
        "#
    );
    let source = config::File::from_str(&config, config::FileFormat::Toml);
    let config = config::Config::builder().add_source(source).build().unwrap().try_deserialize().unwrap();
    Broker::new(config).start().unwrap();
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn client(address: &str) {
    let (host, port) = address.rsplit_once(':').unwrap();
    let mut options = MqttOptions::new("shop", host, port.parse().unwrap());
    options.set_keep_alive(Duration::from_secs(5));
    let (client, mut events) = AsyncClient::new(options, 20);
    let mut missing: BTreeSet<u8> = (0..5).collect();
    while !missing.is_empty() {
        match events.poll().await {
            // A broker that was restarted knows no subscription any more, and messages may be lost with it.
            Ok(Event::Incoming(Packet::ConnAck(_))) => {
                client.subscribe("orders", QoS::AtLeastOnce).await.unwrap();
            }
            Ok(Event::Incoming(Packet::SubAck(_))) => {
                for n in &missing {
                    client.publish("orders", QoS::AtLeastOnce, false, [*n]).await.unwrap();
                }
            }
            Ok(Event::Incoming(Packet::Publish(message))) => {
                missing.remove(&message.payload[0]);
            }
            Ok(_) => {}
            Err(error) => {
                println!("broker: {error}");
                time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
