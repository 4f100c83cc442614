//! rustls whose randomness is drawn by the run, whose clock is the virtual one.
//!
//! ```
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use futures_rustls::{TlsAcceptor, TlsConnector};
//! use futures_rustls::rustls::RootCertStore;
//! use seedbed::adapters::rustls::{Identity, client_config, server_config};
//! use seedbed::net::{TcpListener, TcpStream};
//! use std::sync::Arc;
//!
//! seedbed::sweep("a_secret", 5, || async {
//!     let Identity { certificate, key } = Identity::self_signed(&["server"]);
//!     let mut roots = RootCertStore::empty();
//!     roots.add(certificate.clone()).unwrap();
//!     let server = server_config().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
//!     let client = client_config().with_root_certificates(roots).with_no_client_auth();
//!
//!     let listener = seedbed::node("server").spawn(TcpListener::bind("0.0.0.0:443")).await.unwrap().unwrap();
//!     seedbed::node("server").spawn(async move {
//!         let (stream, _) = listener.accept().await.unwrap();
//!         let mut stream = TlsAcceptor::from(Arc::new(server)).accept(stream).await.unwrap();
//!         stream.write_all(b"a secret").await.unwrap();
//!         stream.close().await.unwrap();
//!     });
//!     let stream = TcpStream::connect("server:443").await.unwrap();
//!     let name = "server".try_into().unwrap();
//!     let mut stream = TlsConnector::from(Arc::new(client)).connect(name, stream).await.unwrap();
//!     let mut secret = String::new();
//!     stream.read_to_string(&mut secret).await.unwrap();
//!     assert_eq!(secret, "a secret");
//! });
//! ```

use std::sync::Arc;

use futures_rustls::rustls::crypto::{
    ActiveKeyExchange, CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, SharedSecret,
    SupportedKxGroup, ring,
};
use futures_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, UnixTime};
use futures_rustls::rustls::sign::SigningKey;
use futures_rustls::rustls::time_provider::TimeProvider;
use futures_rustls::rustls::{
    ClientConfig, ConfigBuilder, Error, NamedGroup, PeerMisbehaved, ServerConfig, WantsVerifier,
};
use rand_core::Rng as _;
use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use sim_executor::{Label, context, time, unique_rng};
use x25519_dalek::{PublicKey, StaticSecret};

const RANDOM: Label = Label::new("tls:random");
const KEY: Label = Label::new("tls:key");

/// Begins the configuration of a client. Make it inside the run: what it remembers of sessions must not outlive that.
#[must_use]
pub fn client_config() -> ConfigBuilder<ClientConfig, WantsVerifier> {
    let builder = ClientConfig::builder_with_details(Arc::new(provider()), Arc::new(VirtualTime));
    builder.with_safe_default_protocol_versions().expect("ring has suites for all versions")
}

/// Begins the configuration of a server. Make it inside the run: what it remembers of sessions must not outlive that.
#[must_use]
pub fn server_config() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    let builder = ServerConfig::builder_with_details(Arc::new(provider()), Arc::new(VirtualTime));
    builder.with_safe_default_protocol_versions().expect("ring has suites for all versions")
}

/// The cryptography of `ring`, with all randomness from the run: what rustls draws itself is, keys are exchanged by X25519
/// with drawn secrets, and only Ed25519 keys sign, since the others draw from the system when they do. The same seed gives
/// the same bytes on the wire.
#[must_use]
pub fn provider() -> CryptoProvider {
    CryptoProvider {
        kx_groups: vec![&X25519],
        secure_random: &Drawn,
        key_provider: &Ed25519Only,
        ..ring::default_provider()
    }
}

/// The date on the wall clock of the current node: [`seedbed::time::system_now`](crate::time::system_now).
#[derive(Clone, Copy, Debug, Default)]
pub struct VirtualTime;

impl TimeProvider for VirtualTime {
    fn current_time(&self) -> Option<UnixTime> {
        context::in_run().then(|| UnixTime::since_unix_epoch(time::system_now()))
    }
}

/// Randomness of the run. Outside of a run there is none, rather than the system's.
#[derive(Debug)]
struct Drawn;

impl SecureRandom for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), GetRandomFailed> {
        if !context::in_run() {
            return Err(GetRandomFailed);
        }
        unique_rng(RANDOM).fill_bytes(bytes);
        Ok(())
    }
}

/// The key exchange of RFC 7748 with a drawn secret; that of `ring` draws from the system.
#[derive(Debug)]
struct X25519;

impl SupportedKxGroup for X25519 {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, Error> {
        let mut secret = [0; 32];
        Drawn.fill(&mut secret)?;
        let secret = StaticSecret::from(secret);
        let public = PublicKey::from(&secret);
        Ok(Box::new(Exchange { secret, public }))
    }

    fn name(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

struct Exchange {
    secret: StaticSecret,
    public: PublicKey,
}

impl ActiveKeyExchange for Exchange {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, Error> {
        let peer: [u8; 32] = peer.try_into().map_err(|_| PeerMisbehaved::InvalidKeyShare)?;
        let shared = self.secret.diffie_hellman(&PublicKey::from(peer));
        if !shared.was_contributory() {
            return Err(PeerMisbehaved::InvalidKeyShare.into());
        }
        Ok(shared.as_bytes().as_slice().into())
    }

    fn pub_key(&self) -> &[u8] {
        self.public.as_bytes()
    }

    fn group(&self) -> NamedGroup {
        NamedGroup::X25519
    }
}

#[derive(Debug)]
struct Ed25519Only;

impl KeyProvider for Ed25519Only {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        let signing = match &key {
            PrivateKeyDer::Pkcs8(key) => ring::sign::any_eddsa_type(key).ok(),
            _ => None,
        };
        signing.ok_or_else(|| {
            Error::General(
                "only an Ed25519 key in PKCS#8 signs the same twice: ECDSA and RSA draw from the system, and the \
                 length of an ECDSA signature differs from run to run"
                    .into(),
            )
        })
    }
}

/// Who a server or a client is: a certificate and its private key.
#[derive(Debug)]
pub struct Identity {
    /// What is shown to the other side, and what that must trust.
    pub certificate: CertificateDer<'static>,
    /// What proves it.
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    /// A certificate for these names (of hosts, or addresses), signed by itself, with a drawn key, valid for all time.
    ///
    /// # Panics
    /// If something is no name, or outside a run.
    #[must_use]
    pub fn self_signed(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
        let params = CertificateParams::new(names);
        Self::from_params(&params.unwrap_or_else(|error| panic!("the certificate cannot be made: {error}")))
    }

    /// A certificate as rcgen describes it, signed by itself, with a drawn key.
    ///
    /// # Panics
    /// If the parameters contradict each other, or outside a run.
    #[must_use]
    pub fn from_params(params: &CertificateParams) -> Self {
        let key = draw_key();
        let signer =
            KeyPair::from_pkcs8_der_and_sign_algo(&key, &PKCS_ED25519).expect("the key was just made");
        let certificate = params
            .self_signed(&signer)
            .unwrap_or_else(|error| panic!("the certificate cannot be made: {error}"));
        Identity { certificate: certificate.into(), key: key.into() }
    }
}

/// An Ed25519 key drawn by the run, in PKCS#8, as rcgen and rustls take it.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn draw_key() -> PrivatePkcs8KeyDer<'static> {
    // RFC 8410, section 7: version 0, the algorithm, and the key in two octet strings.
    let mut key =
        vec![0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let mut secret = [0; 32];
    unique_rng(KEY).fill_bytes(&mut secret);
    key.extend(secret);
    key.into()
}
