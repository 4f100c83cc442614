//! How a task looks a name up.

use std::io;
use std::net::{IpAddr, SocketAddr};

use sim_executor::{context, time};

use super::names::{Addresses, Question, ToSocketAddrs, malformed};
use crate::network::Network;
use crate::resolver::{Answer, DnsConfig, Failure, Record};

/// Looks a name up, as `tokio::net::lookup_host` does.
///
/// # Errors
/// `InvalidInput` if `host` is malformed; `NotFound` if it is a name that stands for nothing; `Other` if the lookup fails for
/// now. The real ones of the last two have no kind that a program can name; their texts are these.
///
/// # Panics
/// Outside a run.
pub async fn lookup_host<T: ToSocketAddrs>(host: T) -> io::Result<impl Iterator<Item = SocketAddr>> {
    Ok(resolve(&host).await?.as_slice().to_vec().into_iter())
}

/// Gives a name these addresses, from the next lookup on. It need not be that of a node. A lookup
/// that is under way gives what was so when it was asked for.
///
/// # Panics
/// Outside a run, or if a field of the record is out of its bounds.
pub fn set(name: &str, record: impl Into<Record>) {
    let record = record.into();
    record.check().unwrap_or_else(|error| panic!("{name:?} cannot be set: {error}"));
    let network = Network::current();
    network.note(|| format!("dns {name} {:?}", record.addresses));
    network.with_resolver(|resolver| resolver.set(name, record));
}

/// Takes from a name what [`set`] gave it. The name of a node then stands for its host again.
///
/// # Panics
/// Outside a run.
pub fn remove(name: &str) {
    let network = Network::current();
    network.note(|| format!("dns {name} removed"));
    network.with_resolver(|resolver| resolver.remove(name));
}

/// How the resolver answers now.
///
/// # Panics
/// Outside a run.
#[must_use]
pub fn current_config() -> DnsConfig {
    Network::current().with_resolver(|resolver| resolver.config)
}

/// Sets how the resolver answers from the next lookup on.
///
/// # Panics
/// Outside a run, or if a field is out of its bounds.
pub fn configure(config: DnsConfig) {
    config.check().unwrap_or_else(|error| panic!("the resolver cannot be set: {error}"));
    Network::current().with_resolver(|resolver| resolver.config = config);
}

/// The addresses that something names.
pub(crate) async fn resolve<T: ToSocketAddrs + ?Sized>(host: &T) -> io::Result<Addresses> {
    let (name, port) = match host.question()? {
        Question::Known(addresses) => {
            context::count_call();
            return Ok(addresses);
        }
        Question::Name(name, port) => (name, port),
    };
    let network = Network::current();
    let answer = network.ask_resolver(name);
    if !answer.after.is_zero() {
        time::sleep(answer.after).await;
    }
    match answer.result {
        Ok(ips) => Ok(with_port(&ips, port)),
        Err(Failure::Temporary) => Err(io::Error::other(LookupError::Temporary)),
        Err(Failure::NoSuchName) => {
            let (name, nodes) = (name.to_string(), network.host_names());
            Err(io::Error::new(io::ErrorKind::NotFound, LookupError::NoSuchName { name, nodes }))
        }
    }
}

fn with_port(ips: &[IpAddr], port: u16) -> Addresses {
    match *ips {
        [ip] => Addresses::One(SocketAddr::new(ip, port)),
        _ => Addresses::Many(ips.iter().map(|&ip| SocketAddr::new(ip, port)).collect()),
    }
}

/// Why a lookup has failed; it begins as glibc says it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum LookupError {
    #[error(
        "failed to lookup address information: Name or service not known: no node is called {name:?}, and it was not set; \
         the nodes that have used the network are: {}",
        nodes.join(", ")
    )]
    NoSuchName { name: String, nodes: Vec<String> },
    #[error("failed to lookup address information: Temporary failure in name resolution")]
    Temporary,
}

impl Network {
    pub(crate) fn ask_resolver(&self, name: &str) -> Answer {
        let node = || {
            let host = self.host_of(context::node_by_name(name)?);
            Some([host.ip().into(), host.ip_v6().into()])
        };
        self.with_resolver(|resolver| resolver.answer(name, node))
    }
}

/// Calls with each address until one succeeds; the last error if none does.
pub(crate) fn first_of<R>(
    addresses: &Addresses,
    mut call: impl FnMut(SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = None;
    for &address in addresses.as_slice() {
        match call(address) {
            Ok(result) => return Ok(result),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| malformed("could not resolve to any address")))
}
