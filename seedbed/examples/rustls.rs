//! A server whose certificate is renewed every day, and the clients that meet it a moment too early. A week takes no time.
//!
//! `cargo run -p seedbed --features rustls --example rustls`

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures::io::{AsyncReadExt, AsyncWriteExt};
use futures_rustls::rustls::{RootCertStore, ServerConfig};
use futures_rustls::{TlsAcceptor, TlsConnector};
use rcgen::CertificateParams;
use seedbed::adapters::rustls::{Identity, client_config, server_config};
use seedbed::net::{TcpListener, TcpStream};
use seedbed::{Limits, Sweep, choose_between, event, node, spawn, time};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// What the server shows, and what the clients trust.
type Current = Rc<RefCell<(Arc<ServerConfig>, RootCertStore)>>;

/// A certificate until the end of a day of January 2025, with which every run begins.
fn certificate_until_the_end_of(day: u8) -> (Arc<ServerConfig>, RootCertStore) {
    let mut params = CertificateParams::new(["shop".to_string()]).unwrap();
    params.not_after = rcgen::date_time_ymd(2025, 1, day + 1);
    let Identity { certificate, key } = Identity::from_params(&params);
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = server_config().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    (Arc::new(config), roots)
}

async fn renew_every_day(current: Current) {
    for day in 2.. {
        // The mistake: it is renewed at midnight, when it has expired, and that takes up to a minute.
        time::sleep_until(time::Instant::START + DAY * (u32::from(day) - 1)).await;
        time::sleep(Duration::from_secs(choose_between(1, 60))).await;
        *current.borrow_mut() = certificate_until_the_end_of(day);
        event!("has a certificate for day {day}");
    }
}

async fn serve(listener: TcpListener, current: Current) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = TlsAcceptor::from(Arc::clone(&current.borrow().0));
        spawn(async move {
            let mut stream = acceptor.accept(stream).await?;
            stream.write_all(b"open").await?;
            stream.close().await
        });
    }
}

async fn ask(current: &Current) -> io::Result<String> {
    let roots = current.borrow().1.clone();
    let client = client_config().with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect("shop:443").await?;
    let connector = TlsConnector::from(Arc::new(client));
    let mut stream = connector.connect("shop".try_into().expect("it is a name"), stream).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

async fn is_always_open() -> io::Result<()> {
    let current: Current = Rc::new(RefCell::new(certificate_until_the_end_of(1)));
    let listener = node("shop").spawn(TcpListener::bind("0.0.0.0:443")).await.unwrap()?;
    node("shop").spawn(serve(listener, Rc::clone(&current)));
    node("shop").spawn(renew_every_day(Rc::clone(&current)));
    while time::elapsed() < 7 * DAY {
        time::sleep(Duration::from_secs(choose_between(3_000, 4_000))).await;
        assert_eq!(ask(&current).await?, "open");
    }
    Ok(())
}

fn main() {
    let limits = Limits { virtual_time_max: 8 * DAY, ..Limits::default() };
    match (Sweep { limits, ..Sweep::default() }).try_run("is_always_open", is_always_open) {
        Ok(passed) => println!("{} runs of a week each, and nothing was found", passed.runs),
        Err(failure) => println!("{failure}"),
    }
}
