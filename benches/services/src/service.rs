//! The services, by name.

use crate::{
    actix, axum_http, axum_websocket, blocking_threads, hyper_keep_alive, mini_redis_server, mqtt,
    quinn_echo, redis_client, rustls_echo, smol_echo, sqlite, tonic_health,
};

/// A server and its client, each the whole of a program.
#[derive(Clone, Copy, Debug)]
pub struct Service {
    /// What the command line calls it.
    pub name: &'static str,
    /// Listens at an address, `0.0.0.0:80` for one, until its process ends.
    pub server: fn(&str),
    /// Talks with the server at an address, `server:80` for one, however often it has to begin again, and panics if an
    /// answer is wrong.
    pub client: fn(&str),
    /// Whether each run needs a process of the machine to itself, as a static of the program leads to a thread of the run before.
    pub isolated: bool,
}

/// All of them.
pub const SERVICES: &[Service] = &[
    Service { name: "axum+reqwest", server: axum_http::server, client: axum_http::client, isolated: false },
    Service {
        name: "axum-websocket",
        server: axum_websocket::server,
        client: axum_websocket::client,
        isolated: false,
    },
    Service { name: "tonic", server: tonic_health::server, client: tonic_health::client, isolated: false },
    Service {
        name: "hyper",
        server: hyper_keep_alive::server,
        client: hyper_keep_alive::client,
        isolated: false,
    },
    Service { name: "redis", server: redis_client::server, client: redis_client::client, isolated: false },
    Service { name: "rumqttd+rumqttc", server: mqtt::server, client: mqtt::client, isolated: false },
    Service { name: "quinn", server: quinn_echo::server, client: quinn_echo::client, isolated: false },
    Service {
        name: "tokio-rustls",
        server: rustls_echo::server,
        client: rustls_echo::client,
        isolated: false,
    },
    Service { name: "actix-web", server: actix::server, client: actix::client, isolated: false },
    Service { name: "rusqlite", server: sqlite::server, client: sqlite::client, isolated: false },
    Service { name: "smol", server: smol_echo::server, client: smol_echo::client, isolated: true },
    Service {
        name: "std",
        server: blocking_threads::server,
        client: blocking_threads::client,
        isolated: false,
    },
    Service {
        name: "mini-redis",
        server: mini_redis_server::server,
        client: mini_redis_server::client,
        isolated: false,
    },
];
