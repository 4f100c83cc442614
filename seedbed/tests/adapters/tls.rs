//! TLS by futures-rustls.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use futures_rustls::rustls::pki_types::CertificateDer;
use futures_rustls::rustls::version::{TLS12, TLS13};
use futures_rustls::rustls::{
    CertificateError, ClientConfig, Error, HandshakeKind, RootCertStore, ServerConfig,
    SupportedProtocolVersion,
};
use futures_rustls::{TlsAcceptor, TlsConnector, client, server};
use rcgen::{CertificateParams, KeyPair};
use seedbed::adapters::rustls::{Identity, VirtualTime, client_config, provider, server_config};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{event, join, node, spawn, time};

use crate::networks::{listen, on_every_network, pattern};
use crate::tap::tap_tcp;

pub(crate) fn trust(certificate: &CertificateDer<'static>) -> RootCertStore {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    roots
}

pub(crate) fn server_of(identity: Identity) -> ServerConfig {
    let Identity { certificate, key } = identity;
    server_config().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()
}

pub(crate) fn client_that_trusts(certificate: &CertificateDer<'static>) -> ClientConfig {
    client_config().with_root_certificates(trust(certificate)).with_no_client_auth()
}

/// Sends back what it gets until the client says that this was all.
async fn echo(mut stream: server::TlsStream<TcpStream>) -> io::Result<()> {
    let mut buffer = [0; 4_096];
    loop {
        let length = stream.read(&mut buffer).await?;
        if length == 0 {
            return stream.close().await;
        }
        stream.write_all(&buffer[..length]).await?;
    }
}

async fn serve(listener: TcpListener, config: ServerConfig) {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let acceptor = acceptor.clone();
        spawn(async move {
            match acceptor.accept(stream).await {
                Ok(stream) => echo(stream).await.unwrap(),
                Err(error) => event!("handshake failed: {error}"),
            }
        });
    }
}

async fn connect(config: ClientConfig, name: &'static str) -> io::Result<client::TlsStream<TcpStream>> {
    let stream = TcpStream::connect((name, 443)).await?;
    TlsConnector::from(Arc::new(config)).connect(name.try_into().unwrap(), stream).await
}

/// Sends, and has it back; then both say that this was all.
async fn talk(stream: client::TlsStream<TcpStream>, length: usize) {
    let data = pattern(length);
    let (mut reader, mut writer) = stream.split();
    let write = async {
        writer.write_all(&data).await.unwrap();
        writer.close().await.unwrap();
    };
    let mut back = Vec::new();
    let (_, read) = join!(write, reader.read_to_end(&mut back));
    assert_eq!(read.unwrap(), length, "its end was told by a close_notify");
    assert_eq!(back, data);
}

fn refusal(error: &io::Error) -> &CertificateError {
    match error.get_ref().unwrap().downcast_ref() {
        Some(Error::InvalidCertificate(refusal)) => refusal,
        _ => panic!("{error:?}"),
    }
}

#[test]
fn what_is_sent_comes_back_and_both_say_that_it_was_all() {
    on_every_network("tls", || async {
        let identity = Identity::self_signed(&["server"]);
        let client = client_that_trusts(&identity.certificate);
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        talk(connect(client, "server").await.unwrap(), 100_000).await;
    });
}

#[test]
fn a_session_is_resumed() {
    on_every_network("tls", || async {
        let identity = Identity::self_signed(&["server"]);
        let client = client_that_trusts(&identity.certificate);
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let stream = connect(client.clone(), "server").await.unwrap();
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(kind));
            talk(stream, 100).await;
        }
    });
}

#[test]
fn a_certificate_that_is_not_trusted_is_refused() {
    on_every_network("tls", || async {
        let [identity, other] = [(); 2].map(|()| Identity::self_signed(&["server"]));
        assert_ne!(identity.certificate, other.certificate, "keys differ, in production order too");
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        let error = connect(client_that_trusts(&other.certificate), "server").await.unwrap_err();
        let expected = [CertificateError::UnknownIssuer, CertificateError::BadSignature];
        assert!(expected.contains(refusal(&error)), "{error:?}");
    });
}

#[test]
fn a_certificate_of_another_name_is_refused() {
    on_every_network("tls", || async {
        let identity = Identity::self_signed(&["elsewhere"]);
        let client = client_that_trusts(&identity.certificate);
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        let error = connect(client, "server").await.unwrap_err();
        assert!(matches!(refusal(&error), CertificateError::NotValidForNameContext { .. }), "{error:?}");
    });
}

#[test]
fn a_certificate_expires_by_the_virtual_clock() {
    on_every_network("tls", || async {
        let mut params = CertificateParams::new(["server".to_string()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2025, 1, 1) + Duration::from_secs(3_600);
        let identity = Identity::from_params(&params);
        let client = client_that_trusts(&identity.certificate);
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        time::sleep(Duration::from_secs(3_500)).await;
        talk(connect(client.clone(), "server").await.unwrap(), 1).await;
        // A resumed session would not show the certificate again.
        let mut client = client;
        client.resumption = futures_rustls::rustls::client::Resumption::disabled();
        time::sleep(Duration::from_secs(200)).await;
        let error = connect(client, "server").await.unwrap_err();
        assert!(matches!(refusal(&error), CertificateError::ExpiredContext { .. }), "{error:?}");
    });
}

#[test]
fn a_client_whose_clock_is_wrong_refuses_a_good_certificate() {
    on_every_network("tls", || async {
        let mut params = CertificateParams::new(["server".to_string()]).unwrap();
        params.not_after = rcgen::date_time_ymd(2026, 1, 1);
        let identity = Identity::from_params(&params);
        let client = client_that_trusts(&identity.certificate);
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        let two_years_ns = 2 * 365 * 24 * 3_600 * 1_000_000_000;
        node("main").step_clock(two_years_ns);
        let error = connect(client.clone(), "server").await.unwrap_err();
        assert!(matches!(refusal(&error), CertificateError::ExpiredContext { .. }), "{error:?}");
        node("main").step_clock(-two_years_ns);
        talk(connect(client, "server").await.unwrap(), 1).await;
    });
}

#[test]
fn an_end_that_was_not_announced_is_an_error() {
    on_every_network("tls", || async {
        let identity = Identity::self_signed(&["server"]);
        let client = client_that_trusts(&identity.certificate);
        let listener = listen("0.0.0.0:443").await;
        node("server").spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let acceptor = TlsAcceptor::from(Arc::new(server_of(identity)));
            let mut stream = acceptor.accept(stream).await.unwrap();
            stream.write_all(b"half").await.unwrap();
            stream.flush().await.unwrap();
        });
        let mut stream = connect(client, "server").await.unwrap();
        let mut text = String::new();
        let error = stream.read_to_string(&mut text).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    });
}

fn every_byte_is_repeated(version: &'static SupportedProtocolVersion) {
    on_every_network("tls", move || async move {
        let identity = Identity::self_signed(&["tap"]);
        let client = ClientConfig::builder_with_details(Arc::new(provider()), Arc::new(VirtualTime))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(trust(&identity.certificate))
            .with_no_client_auth();
        node("server").spawn(serve(listen("0.0.0.0:443").await, server_of(identity)));
        tap_tcp("server:443").await;
        let stream = connect(client, "tap").await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
        talk(stream, 10_000).await;
    });
}

#[test]
fn every_byte_of_tls_1_3_is_repeated() {
    every_byte_is_repeated(&TLS13);
}

#[test]
fn every_byte_of_tls_1_2_is_repeated() {
    every_byte_is_repeated(&TLS12);
}

#[test]
fn a_key_that_would_sign_with_randomness_of_the_system_is_refused() {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["server".to_string()]).unwrap().self_signed(&key).unwrap();
    let config = server_config().with_no_client_auth().with_single_cert(vec![certificate.into()], key.into());
    assert!(config.unwrap_err().to_string().contains("only an Ed25519 key in PKCS#8"));
}

#[test]
fn outside_of_a_run_there_is_no_randomness() {
    assert!(provider().secure_random.fill(&mut [0; 8]).is_err());
}
