//! What can be connected or bound to: names, addresses.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use sim_executor::context;

/// What names one or more socket addresses: `"server:7"`, `("server", 7)`, a [`SocketAddr`], `(IpAddr, u16)`. Names are
/// resolved as [`dns`](crate::dns) says: the name of a node is that of its host, `localhost` is the host itself.
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

/// What has to be done to know the addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Question<'a> {
    /// Nothing.
    Known(Addresses),
    /// A name is to be looked up, for this port.
    Name(&'a str, u16),
}

impl<'a> Question<'a> {
    /// About a name, or what is an address already.
    fn of(name: &'a str, port: u16) -> Self {
        match context::address_of(name) {
            Some(ip) => Question::Known(Addresses::One(SocketAddr::new(ip, port))),
            None => Question::Name(name, port),
        }
    }
}

pub(crate) mod sealed {
    /// What the trait does, out of reach of others.
    pub trait Resolve {
        /// What is to be looked up.
        ///
        /// # Errors
        /// If it is malformed.
        #[expect(
            private_interfaces,
            reason = "only this crate calls it, and only its own types implement it"
        )]
        fn question(&self) -> std::io::Result<super::Question<'_>>;

        /// The address, where there is nothing to ask and only one.
        fn known(&self) -> Option<std::net::SocketAddr> {
            None
        }
    }
}

pub(super) fn malformed(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, what)
}

#[expect(private_interfaces, reason = "as in the trait")]
mod implementations {
    use super::*;

    macro_rules! resolve_by_into {
        ($($type:ty),*) => {$(
            impl sealed::Resolve for $type {
                fn question(&self) -> io::Result<Question<'_>> {
                    Ok(Question::Known(Addresses::One(SocketAddr::from(*self))))
                }

                #[inline]
                fn known(&self) -> Option<SocketAddr> {
                    Some(SocketAddr::from(*self))
                }
            }
        )*};
    }

    resolve_by_into!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

    impl sealed::Resolve for str {
        fn question(&self) -> io::Result<Question<'_>> {
            // Any other address is one before the last colon.
            if self.starts_with('[')
                && let Ok(address) = self.parse()
            {
                return Ok(Question::Known(Addresses::One(address)));
            }
            let (name, port) = self.rsplit_once(':').ok_or_else(|| malformed("invalid socket address"))?;
            let port = port.parse().map_err(|_| malformed("invalid port value"))?;
            Ok(Question::of(name, port))
        }
    }

    impl sealed::Resolve for String {
        fn question(&self) -> io::Result<Question<'_>> {
            self.as_str().question()
        }
    }

    impl sealed::Resolve for (&str, u16) {
        fn question(&self) -> io::Result<Question<'_>> {
            let (name, port) = *self;
            Ok(Question::of(name, port))
        }
    }

    impl sealed::Resolve for (String, u16) {
        fn question(&self) -> io::Result<Question<'_>> {
            Ok(Question::of(&self.0, self.1))
        }
    }

    impl sealed::Resolve for [SocketAddr] {
        fn question(&self) -> io::Result<Question<'_>> {
            Ok(Question::Known(Addresses::Many(self.to_vec())))
        }
    }

    impl<T: sealed::Resolve + ?Sized> sealed::Resolve for &T {
        fn question(&self) -> io::Result<Question<'_>> {
            (**self).question()
        }

        fn known(&self) -> Option<SocketAddr> {
            (**self).known()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::sealed::Resolve;
    use super::*;

    fn known(address: impl Into<SocketAddr>) -> Question<'static> {
        Question::Known(Addresses::One(address.into()))
    }

    #[test]
    fn addresses_need_no_lookup() {
        let address = ([10, 0, 0, 2], 7);
        assert_eq!("10.0.0.2:7".question().unwrap(), known(address));
        assert_eq!(("10.0.0.2", 7).question().unwrap(), known(address));
        assert_eq!(("::1", 7).question().unwrap(), known((Ipv6Addr::LOCALHOST, 7)));
        assert_eq!("[::1]:7".question().unwrap(), known((Ipv6Addr::LOCALHOST, 7)));
        assert_eq!("LocalHost:7".question().unwrap(), known(([127, 0, 0, 1], 7)));
    }

    #[test]
    fn names_do() {
        assert_eq!("server:7".question().unwrap(), Question::Name("server", 7));
        assert_eq!(("server".to_string(), 7).question().unwrap(), Question::Name("server", 7));
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for (text, message) in [("server", "invalid socket address"), ("server:x", "invalid port value")] {
            let error = text.question().unwrap_err();
            assert_eq!((error.kind(), error.to_string()), (io::ErrorKind::InvalidInput, message.to_string()));
        }
    }
}
