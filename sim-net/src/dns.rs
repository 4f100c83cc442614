//! What can be connected or bound to: names, addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use sim_executor::context;

use crate::network::Network;

/// What names one or more socket addresses: `"server:7"`, `("server", 7)`, a [`SocketAddr`], `(IpAddr, u16)`. The name of
/// a node is that of its host; `localhost` is the host itself.
///
/// It has the shape of tokio's trait of the same name. Only the types here implement it.
pub trait ToSocketAddrs: sealed::Resolve {}

impl<T: sealed::Resolve + ?Sized> ToSocketAddrs for T {}

/// The addresses that something names; nearly always one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    One(SocketAddr),
    Many(Vec<SocketAddr>),
}

impl Addresses {
    pub(crate) fn as_slice(&self) -> &[SocketAddr] {
        match self {
            Addresses::One(address) => std::slice::from_ref(address),
            Addresses::Many(addresses) => addresses,
        }
    }
}

pub(crate) mod sealed {
    /// What the trait does, out of reach of others.
    pub trait Resolve {
        /// The addresses.
        ///
        /// # Errors
        /// If it is malformed, or a name that no node has.
        #[expect(
            private_interfaces,
            reason = "only this crate calls it, and only its own types implement it"
        )]
        fn resolve(&self) -> std::io::Result<super::Addresses>;
    }
}

/// Looks a name up, as `tokio::net::lookup_host` does.
///
/// # Errors
/// If `host` is malformed, or a name that no node has.
///
/// # Panics
/// Outside a run.
pub async fn lookup_host<T: ToSocketAddrs>(host: T) -> io::Result<impl Iterator<Item = SocketAddr>> {
    Ok(host.resolve()?.as_slice().to_vec().into_iter())
}

/// The address of a host by its name.
fn lookup(name: &str) -> io::Result<IpAddr> {
    if let Ok(ip) = name.parse() {
        return Ok(ip);
    }
    if name.eq_ignore_ascii_case("localhost") {
        return Ok(Ipv4Addr::LOCALHOST.into());
    }
    let network = Network::current();
    match context::node_by_name(name) {
        Some(node) => Ok(network.host_of(node).ip().into()),
        None => {
            let names = network.host_names();
            Err(io::Error::new(io::ErrorKind::NotFound, LookupError { name: name.to_string(), names }))
        }
    }
}

/// No node has the name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "failed to lookup address information: no node is called {name:?}; those that have used the network are: {}",
    names.join(", ")
)]
struct LookupError {
    name: String,
    names: Vec<String>,
}

fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[expect(private_interfaces, reason = "as in the trait")]
mod implementations {
    use super::*;

    macro_rules! resolve_by_into {
        ($($type:ty),*) => {$(
            impl sealed::Resolve for $type {
                fn resolve(&self) -> io::Result<Addresses> {
                    Ok(Addresses::One(SocketAddr::from(*self)))
                }
            }
        )*};
    }

    resolve_by_into!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

    impl sealed::Resolve for str {
        fn resolve(&self) -> io::Result<Addresses> {
            if let Ok(address) = self.parse() {
                return Ok(Addresses::One(address));
            }
            let (name, port) = self.rsplit_once(':').ok_or_else(|| malformed("invalid socket address"))?;
            let port = port.parse().map_err(|_| malformed("invalid port value"))?;
            (name, port).resolve()
        }
    }

    impl sealed::Resolve for String {
        fn resolve(&self) -> io::Result<Addresses> {
            self.as_str().resolve()
        }
    }

    impl sealed::Resolve for (&str, u16) {
        fn resolve(&self) -> io::Result<Addresses> {
            let (name, port) = *self;
            Ok(Addresses::One(SocketAddr::new(lookup(name)?, port)))
        }
    }

    impl sealed::Resolve for (String, u16) {
        fn resolve(&self) -> io::Result<Addresses> {
            (self.0.as_str(), self.1).resolve()
        }
    }

    impl sealed::Resolve for [SocketAddr] {
        fn resolve(&self) -> io::Result<Addresses> {
            Ok(Addresses::Many(self.to_vec()))
        }
    }

    impl<T: sealed::Resolve + ?Sized> sealed::Resolve for &T {
        fn resolve(&self) -> io::Result<Addresses> {
            (**self).resolve()
        }
    }
}

/// Calls with each address until one succeeds; the last error if none does.
pub(crate) fn first_of<R>(
    addresses: &Addresses,
    mut call: impl FnMut(SocketAddr) -> io::Result<R>,
) -> io::Result<R> {
    let mut last = malformed("could not resolve to any address");
    for &address in addresses.as_slice() {
        match call(address) {
            Ok(result) => return Ok(result),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use super::sealed::Resolve;
    use super::*;

    #[test]
    fn addresses_resolve_to_themselves() {
        let address = SocketAddr::from(([10, 0, 0, 2], 7));
        assert_eq!("10.0.0.2:7".resolve().unwrap(), Addresses::One(address));
        assert_eq!(("10.0.0.2", 7).resolve().unwrap(), Addresses::One(address));
        assert_eq!("localhost:7".resolve().unwrap(), Addresses::One(SocketAddr::from(([127, 0, 0, 1], 7))));
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for (text, message) in [("server", "invalid socket address"), ("server:x", "invalid port value")] {
            let error = text.resolve().unwrap_err();
            assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, message.to_string()));
        }
    }
}
