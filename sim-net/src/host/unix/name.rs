//! Names of Unix sockets.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::Path;
use std::rc::Rc;

use sim_executor::Reuse as _;

use crate::address::SocketId;
use crate::errno::Errno;

/// Bytes that a name has at most; those of a path end with a zero, which counts.
const NAME_BYTES_MAX: usize = 108;

/// What a Unix socket is called.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    /// It is bound to nothing.
    #[default]
    Unnamed,
    /// A path of the host's file system.
    Path(Rc<Path>),
    /// A name that vanishes with its socket.
    Abstract(Rc<[u8]>),
}

impl Name {
    /// The name that a program gives as a path; one that begins with a zero is an abstract name, as for tokio.
    ///
    /// # Errors
    /// `InvalidInput` if it is too long, or is a path with a zero in it.
    pub(crate) fn from_path(path: &Path) -> io::Result<Name> {
        let bytes = path.as_os_str().as_encoded_bytes();
        let refuse = |why| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        match bytes.split_first() {
            None => Ok(Name::Unnamed),
            Some((0, name)) if name.len() < NAME_BYTES_MAX => Ok(Name::Abstract(name.into())),
            Some((0, _)) => refuse("abstract socket name must be shorter than SUN_LEN"),
            Some(_) if bytes.contains(&0) => refuse("paths must not contain interior null bytes"),
            Some(_) if bytes.len() >= NAME_BYTES_MAX => refuse("path must be shorter than SUN_LEN"),
            Some(_) => Ok(Name::Path(path.into())),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Unnamed => out.write_str("unnamed"),
            Name::Path(path) => write!(out, "{}", path.display()),
            Name::Abstract(name) => write!(out, "@{}", name.escape_ascii()),
        }
    }
}

/// What a socket carries. Abstract names of the two kinds are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Stream,
    Datagrams,
}

/// The names that are taken on a host.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// The files, which stay when their sockets are closed.
    paths: BTreeMap<Rc<Path>, SocketId>,
    abstracts: BTreeMap<(Rc<[u8]>, Kind), SocketId>,
    /// How many names were given to sockets that asked for any.
    given: u32,
}

/// Names that are given to sockets which ask for any have five digits.
const GIVEN_MAX: u32 = 0xf_ffff;

impl Names {
    /// Makes it as new.
    pub(crate) fn renew(&mut self) {
        let Names { paths, abstracts, given } = self;
        paths.renew();
        abstracts.renew();
        *given = 0;
    }

    /// Gives a name to a socket, or any that is free if it asks for none.
    ///
    /// # Errors
    /// `AddrInUse` if it is taken, be it by a file that no socket has any more.
    pub(crate) fn bind(&mut self, name: Name, kind: Kind, socket: SocketId) -> Result<Name, Errno> {
        let is_free = match &name {
            Name::Unnamed => return self.bind_any(kind, socket),
            Name::Path(path) => !self.paths.contains_key(path),
            Name::Abstract(bytes) => !self.abstracts.contains_key(&(Rc::clone(bytes), kind)),
        };
        if !is_free {
            return Err(Errno::AddrInUse);
        }
        match &name {
            Name::Unnamed => {}
            Name::Path(path) => drop(self.paths.insert(Rc::clone(path), socket)),
            Name::Abstract(bytes) => drop(self.abstracts.insert((Rc::clone(bytes), kind), socket)),
        }
        Ok(name)
    }

    /// As Linux's automatic names: five hexadecimal digits. Which ones is not random here.
    fn bind_any(&mut self, kind: Kind, socket: SocketId) -> Result<Name, Errno> {
        for _ in 0..=GIVEN_MAX {
            self.given = (self.given + 1) & GIVEN_MAX;
            let name = Name::Abstract(format!("{:05x}", self.given).into_bytes().into());
            if let Ok(name) = self.bind(name, kind, socket) {
                return Ok(name);
            }
        }
        Err(Errno::AddrInUse)
    }

    /// The socket that has, or had, a name.
    ///
    /// # Errors
    /// If nobody has it.
    pub(crate) fn find(&self, name: &Name, kind: Kind) -> Result<SocketId, Errno> {
        match name {
            Name::Unnamed => Err(Errno::InvalidName),
            Name::Path(path) => self.paths.get(path).copied().ok_or(Errno::NotFound),
            Name::Abstract(bytes) => {
                self.abstracts.get(&(Rc::clone(bytes), kind)).copied().ok_or(Errno::ConnectionRefused)
            }
        }
    }

    /// A socket is closed: its abstract name is free.
    pub(crate) fn release(&mut self, name: &Name, kind: Kind, socket: SocketId) {
        if let Name::Abstract(bytes) = name {
            let key = (Rc::clone(bytes), kind);
            if self.abstracts.get(&key) == Some(&socket) {
                self.abstracts.remove(&key);
            }
        }
    }

    /// Whether there is a file.
    pub(crate) fn has_file(&self, path: &Path) -> bool {
        self.paths.contains_key(path)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    pub(crate) fn remove_file(&mut self, path: &Path) -> Result<(), Errno> {
        self.paths.remove(path).map(drop).ok_or(Errno::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: SocketId = SocketId { index: 1, generation: 0 };
    const OTHER: SocketId = SocketId { index: 2, generation: 0 };

    fn name(path: &str) -> Name {
        Name::from_path(Path::new(path)).unwrap()
    }

    #[test]
    fn a_file_stays_and_an_abstract_name_does_not() {
        let mut names = Names::default();
        for path in ["/run/a", "\0a"] {
            assert_eq!(names.bind(name(path), Kind::Stream, ONE), Ok(name(path)));
            assert_eq!(names.bind(name(path), Kind::Stream, OTHER), Err(Errno::AddrInUse));
            names.release(&name(path), Kind::Stream, ONE);
        }
        assert_eq!(names.bind(name("/run/a"), Kind::Stream, OTHER), Err(Errno::AddrInUse));
        assert_eq!(names.bind(name("\0a"), Kind::Stream, OTHER), Ok(name("\0a")));
        assert_eq!(names.remove_file(Path::new("/run/a")), Ok(()));
        assert_eq!(names.remove_file(Path::new("/run/a")), Err(Errno::NotFound));
        assert_eq!(names.find(&name("/run/a"), Kind::Stream), Err(Errno::NotFound));
        assert_eq!(names.find(&name("\0b"), Kind::Stream), Err(Errno::ConnectionRefused));
    }

    #[test]
    fn an_abstract_name_is_of_one_kind_of_socket_and_a_file_is_not() {
        let mut names = Names::default();
        for path in ["/run/a", "\0a"] {
            names.bind(name(path), Kind::Stream, ONE).unwrap();
        }
        assert_eq!(names.bind(name("/run/a"), Kind::Datagrams, OTHER), Err(Errno::AddrInUse));
        assert_eq!(names.bind(name("\0a"), Kind::Datagrams, OTHER), Ok(name("\0a")));
        assert_eq!(names.find(&name("\0a"), Kind::Stream), Ok(ONE));
        assert_eq!(names.find(&name("\0a"), Kind::Datagrams), Ok(OTHER));
    }

    #[test]
    fn who_asks_for_any_name_gets_one_that_is_free() {
        let mut names = Names::default();
        names.bind(name("\0"), Kind::Stream, ONE).unwrap();
        names.bind(name("\x0000001"), Kind::Stream, ONE).unwrap();
        assert_eq!(names.bind(Name::Unnamed, Kind::Stream, OTHER), Ok(name("\x0000002")));
    }

    #[test]
    fn a_name_has_the_bounds_of_the_real_ones() {
        let refused = |path: &str| Name::from_path(Path::new(path)).unwrap_err().to_string();
        assert_eq!(refused(&"x".repeat(108)), "path must be shorter than SUN_LEN");
        assert_eq!(name(&"x".repeat(107)).to_string().len(), 107);
        assert_eq!(
            refused(&format!("\0{}", "x".repeat(108))),
            "abstract socket name must be shorter than SUN_LEN"
        );
        assert_eq!(refused("a\0b"), "paths must not contain interior null bytes");
        assert_eq!(name("\0a\n").to_string(), "@a\\n");
    }
}
