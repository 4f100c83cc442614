//! The address of a Unix socket.

use std::fmt;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net;
use std::path::Path;

use super::name::Name;

/// What a Unix socket is bound to, as `tokio::net::unix::SocketAddr`. It is made of the standard library's, and becomes one.
///
/// ```
/// use sim_executor::{Executor, ProductionOrder};
/// use sim_net::{UnixDatagram, UnixListener};
///
/// let mut executor = Executor::new(ProductionOrder);
/// executor.enter(|| {
///     let listener = UnixListener::bind("/run/a.sock").unwrap();
///     assert_eq!(listener.local_addr().unwrap().as_pathname(), Some("/run/a.sock".as_ref()));
///     let hidden = UnixListener::bind("\0a").unwrap();
///     assert_eq!(hidden.local_addr().unwrap().as_abstract_name(), Some(b"a".as_slice()));
///     assert!(UnixDatagram::unbound().unwrap().local_addr().unwrap().is_unnamed());
/// });
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SocketAddr {
    pub(crate) name: Name,
}

impl SocketAddr {
    /// Whether the socket is bound to nothing.
    #[must_use]
    pub fn is_unnamed(&self) -> bool {
        self.name == Name::Unnamed
    }

    /// The path, if it is bound to one.
    #[must_use]
    pub fn as_pathname(&self) -> Option<&Path> {
        match &self.name {
            Name::Path(path) => Some(path),
            Name::Unnamed | Name::Abstract(_) => None,
        }
    }

    /// The abstract name, without the zero before it, if it is bound to one.
    #[must_use]
    pub fn as_abstract_name(&self) -> Option<&[u8]> {
        match &self.name {
            Name::Abstract(name) => Some(name),
            Name::Unnamed | Name::Path(_) => None,
        }
    }
}

impl From<Name> for SocketAddr {
    fn from(name: Name) -> Self {
        SocketAddr { name }
    }
}

impl From<net::SocketAddr> for SocketAddr {
    fn from(address: net::SocketAddr) -> Self {
        let name = match (address.as_pathname(), address.as_abstract_name()) {
            (Some(path), _) => Name::Path(path.into()),
            (None, Some(name)) => Name::Abstract(name.into()),
            (None, None) => Name::Unnamed,
        };
        SocketAddr { name }
    }
}

impl From<SocketAddr> for net::SocketAddr {
    fn from(address: SocketAddr) -> Self {
        let same = match &address.name {
            Name::Unnamed => net::SocketAddr::from_pathname(""),
            Name::Path(path) => net::SocketAddr::from_pathname(path),
            Name::Abstract(name) => net::SocketAddr::from_abstract_name(name),
        };
        same.expect("a name that was made has the bounds of the standard library's")
    }
}

impl fmt::Debug for SocketAddr {
    /// As the standard library's: `"/run/a.sock" (pathname)`, `"a" (abstract)`, `(unnamed)`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Name::Unnamed => out.write_str("(unnamed)"),
            Name::Path(path) => write!(out, "{path:?} (pathname)"),
            Name::Abstract(name) => write!(out, "\"{}\" (abstract)", name.escape_ascii()),
        }
    }
}
