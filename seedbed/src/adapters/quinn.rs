//! QUIC by quinn over simulated datagrams, with the time, the tasks and the randomness of the run.
//!
//! ```
//! use futures_rustls::rustls::RootCertStore;
//! use seedbed::adapters::quinn::{client_config, endpoint, server_config};
//! use seedbed::adapters::rustls::{self, Identity};
//! use seedbed::net::UdpSocket;
//! use seedbed::node;
//!
//! seedbed::sweep("one_stream", 5, || async {
//!     let Identity { certificate, key } = Identity::self_signed(&["server"]);
//!     let mut roots = RootCertStore::empty();
//!     roots.add(certificate.clone()).unwrap();
//!     let tls = rustls::server_config().with_no_client_auth().with_single_cert(vec![certificate], key);
//!     let config = server_config(tls.unwrap());
//!     let serving = node("server").spawn(async move {
//!         let endpoint = endpoint(UdpSocket::bind("0.0.0.0:443").await.unwrap(), Some(config)).unwrap();
//!         let connection = endpoint.accept().await.unwrap().await.unwrap();
//!         let mut stream = connection.accept_uni().await.unwrap();
//!         stream.read_to_end(100).await.unwrap()
//!     });
//!
//!     let client = endpoint(UdpSocket::bind("0.0.0.0:0").await.unwrap(), None).unwrap();
//!     let tls = rustls::client_config().with_root_certificates(roots).with_no_client_auth();
//!     let server = seedbed::net::lookup_host("server:443").await.unwrap().next().unwrap();
//!     let connecting = client.connect_with(client_config(tls), server, "server").unwrap();
//!     let connection = connecting.await.unwrap();
//!     let mut stream = connection.open_uni().await.unwrap();
//!     stream.write_all(b"hello").await.unwrap();
//!     stream.finish().unwrap();
//!     assert_eq!(serving.await.unwrap(), b"hello");
//! });
//! ```

use std::fmt;
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use ::quinn::udp::{RecvMeta, Transmit};
use ::quinn::{
    AsyncTimer, AsyncUdpSocket, ClientConfig, ConnectionId, ConnectionIdGenerator, Endpoint, EndpointConfig,
    ServerConfig, TimeSource, UdpPoller,
};
use futures_rustls::rustls;
use rand_core::Rng as _;
use ring::{hkdf, hmac};
use send_wrapper::SendWrapper;
use sim_executor::{Label, SimRng, spawn_named, time, unique_rng};
use sim_net::UdpSocket;

use super::std_time::{self, StdDate, StdInstant};

const ENDPOINT: Label = Label::new("quic:endpoint");
const CONNECTION_IDS: Label = Label::new("quic:connection-ids");
const FIRST_ID: Label = Label::new("quic:first-id");
const TOKEN_KEY: Label = Label::new("quic:token-key");

/// The length of the connection IDs that are drawn, in bytes, as quinn's own.
const ID_BYTES: usize = 8;
/// The length of the ID that a client makes up for a server, in bytes, as quinn's own.
const FIRST_ID_BYTES: usize = 20;

/// An endpoint of QUIC at a socket; with a configuration for servers it accepts connections.
///
/// # Errors
/// None that this network has.
///
/// # Panics
/// Outside a run.
pub fn endpoint(socket: UdpSocket, server: Option<ServerConfig>) -> io::Result<Endpoint> {
    let socket = Arc::new(Socket(SendWrapper::new(socket)));
    Endpoint::new_with_abstract_socket(endpoint_config(), server, socket, Arc::new(Runtime))
}

/// What [`endpoint`] uses: quinn's defaults with drawn keys and connection IDs.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn endpoint_config() -> EndpointConfig {
    let mut rng = unique_rng(ENDPOINT);
    let reset_key = hmac::Key::new(hmac::HMAC_SHA256, &bytes::<64>(&mut rng));
    let mut config = EndpointConfig::new(Arc::new(reset_key));
    config.rng_seed(Some(bytes(&mut rng))).cid_generator(|| Box::new(DrawnIds(unique_rng(CONNECTION_IDS))));
    config
}

/// quinn's configuration of a client, made of that of TLS (see [`client_config`](super::rustls::client_config)).
///
/// # Panics
/// If the configuration of TLS excludes TLS 1.3.
#[must_use]
pub fn client_config(tls: rustls::ClientConfig) -> ClientConfig {
    let tls = QuicClientConfig::try_from(tls).expect("QUIC needs TLS 1.3 with AES-128");
    let mut config = ClientConfig::new(Arc::new(tls));
    config.initial_dst_cid_provider(Arc::new(|| {
        ConnectionId::new(&bytes::<FIRST_ID_BYTES>(&mut unique_rng(FIRST_ID)))
    }));
    config
}

/// quinn's configuration of a server, made of that of TLS (see [`server_config`](super::rustls::server_config)).
///
/// # Panics
/// If the configuration of TLS excludes TLS 1.3; outside a run.
#[must_use]
pub fn server_config(tls: rustls::ServerConfig) -> ServerConfig {
    let tls = QuicServerConfig::try_from(tls).expect("QUIC needs TLS 1.3 with AES-128");
    let key = bytes::<64>(&mut unique_rng(TOKEN_KEY));
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(&key);
    let mut config = ServerConfig::new(Arc::new(tls), Arc::new(key));
    config.time_source(Arc::new(VirtualDate));
    config
}

fn bytes<const N: usize>(rng: &mut SimRng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

struct DrawnIds(SimRng);

impl ConnectionIdGenerator for DrawnIds {
    fn generate_cid(&mut self) -> ConnectionId {
        ConnectionId::new(&bytes::<ID_BYTES>(&mut self.0))
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<std::time::Duration> {
        None
    }
}

struct VirtualDate;

impl TimeSource for VirtualDate {
    fn now(&self) -> StdDate {
        std_time::date()
    }
}

/// The run as quinn's runtime: its tasks, named `quinn`, are spawned on the node of the task that asks, and time is that of
/// this node's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Runtime;

impl ::quinn::Runtime for Runtime {
    fn new_timer(&self, at: StdInstant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer(time::sleep_until(std_time::to_virtual(at))))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        drop(spawn_named("quinn", future));
    }

    fn wrap_udp_socket(&self, _: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "a real socket has no place in a run: use `endpoint`"))
    }

    fn now(&self) -> StdInstant {
        std_time::now()
    }
}

#[derive(Debug)]
struct Timer(time::Sleep);

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, at: StdInstant) {
        Pin::new(&mut self.0).reset(std_time::to_virtual(at));
    }

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(context)
    }
}

/// A simulated socket as quinn uses it: a datagram a call, without notification of congestion.
struct Socket(SendWrapper<UdpSocket>);

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(Poller(self))
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        match self.0.try_send_to(transmit.contents, transmit.destination) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(error),
            // As quinn-udp on Linux: what cannot be sent is as good as lost.
            Ok(_) | Err(_) => Ok(()),
        }
    }

    fn poll_recv(
        &self,
        context: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_recv_ready(context))?;
            match self.0.try_recv_from(&mut buffers[0]) {
                Ok((len, addr)) => {
                    let local = self.0.local_addr()?.ip();
                    let dst_ip = (!local.is_unspecified()).then_some(local);
                    meta[0] = RecvMeta { addr, len, stride: len, ecn: None, dst_ip };
                    return Poll::Ready(Ok(1));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    /// The network takes a long datagram apart, as routers do, so there is nothing for quinn to find out.
    fn may_fragment(&self) -> bool {
        true
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[derive(Debug)]
struct Poller(Arc<Socket>);

impl UdpPoller for Poller {
    fn poll_writable(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.0.poll_send_ready(context)
    }
}
