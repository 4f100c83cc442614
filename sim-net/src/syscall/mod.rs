//! The calls of a host's kernel as they are: they never wait, and their errors are numbers of Linux.
//!
//! This is for who answers a program's own system calls. Programs that are written for the simulation use
//! [`TcpStream`](crate::TcpStream) and the other async types, which stand on the same sockets.
//!
//! ```
//! use sim_executor::{Executor, ProductionOrder, time};
//! use sim_net::syscall::{Address, RawSocket};
//! use std::{io::IoSlice, time::Duration};
//!
//! Executor::new(ProductionOrder).block_on(async {
//!     let listener = RawSocket::tcp(false).unwrap();
//!     listener.bind(&Address::Inet("127.0.0.1:7".parse().unwrap())).unwrap();
//!     listener.listen(8).unwrap();
//!     let client = RawSocket::tcp(false).unwrap();
//!     assert_eq!(client.connect(&listener.local_address()), Err(115), "EINPROGRESS");
//!     time::sleep(Duration::from_millis(1)).await;
//!     assert!(client.poll().is_writable);
//!     let (served, _) = listener.accept().unwrap();
//!     assert_eq!(client.send(&[IoSlice::new(b"hello")], None), Ok(5));
//!     time::sleep(Duration::from_millis(1)).await;
//!     assert_eq!(served.bytes_to_read(), 5);
//! }).unwrap();
//! ```

mod address;
mod connecting;
mod opened;
mod options;
mod transfer;

use std::cell::{Cell, RefCell};
use std::net::{IpAddr, Ipv4Addr};
use std::task::Waker;

use sim_executor::Access;

use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::{Kernel, Shape};
use crate::network::{Descriptor, Network};
use crate::resolver::Failure;
use crate::waiters::{Interest, WaitId};

pub use crate::host::Polled;
pub use address::Address;
pub use options::SocketOption;

use address::{name_of, somewhere, unspecified};
use opened::Opened;

const EINVAL: i32 = Errno::InvalidInput.number();
const EAFNOSUPPORT: i32 = Errno::FamilyNotSupported.number();
const EOPNOTSUPP: i32 = Errno::NotSupported.number();
const ENOTCONN: i32 = Errno::NotConnected.number();
// Only calls that never wait give these.
const EISCONN: i32 = 106;
const EALREADY: i32 = 114;
const EINPROGRESS: i32 = 115;

/// Who waits at sockets; waiting again replaces what was waited for before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaiterId(WaitId);

impl WaiterId {
    /// A new one.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn new() -> Self {
        WaiterId(Network::current().new_wait())
    }
}

impl Default for WaiterId {
    fn default() -> Self {
        WaiterId::new()
    }
}

/// What kind of socket it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketKind {
    /// TCP, over IPv4 or IPv6.
    Tcp {
        /// Whether it is of IPv6.
        is_v6: bool,
    },
    /// UDP, over IPv4 or IPv6.
    Udp {
        /// Whether it is of IPv6.
        is_v6: bool,
    },
    /// A stream between Unix sockets.
    UnixStream,
    /// Datagrams between Unix sockets.
    UnixDatagrams,
}

/// A socket of the current node's host. Dropping it closes it.
///
/// Its calls never wait: what would have to gives `EAGAIN`, and [`RawSocket::wait`] says when it is worth trying again.
pub struct RawSocket {
    kind: SocketKind,
    opened: RefCell<Opened>,
    is_read_shut: Cell<bool>,
}

type Result<T> = std::result::Result<T, i32>;

fn number<T>(result: std::result::Result<T, Errno>) -> Result<T> {
    result.map_err(Errno::number)
}

impl RawSocket {
    /// Opens a TCP socket.
    ///
    /// # Errors
    /// `EMFILE` if the host has too many.
    ///
    /// # Panics
    /// Outside a run.
    pub fn tcp(is_v6: bool) -> Result<Self> {
        let here = Ipv4Addr::LOCALHOST.into();
        let opened = Network::current().open(here, |kernel| kernel.tcp_socket(is_v6));
        Ok(RawSocket::new(SocketKind::Tcp { is_v6 }, number(opened)?))
    }

    /// Opens a UDP socket.
    ///
    /// # Panics
    /// Outside a run.
    #[must_use]
    pub fn udp(is_v6: bool) -> Self {
        let opened = RefCell::new(Opened::NotYet(Vec::new()));
        RawSocket { kind: SocketKind::Udp { is_v6 }, opened, is_read_shut: Cell::new(false) }
    }

    /// Opens a Unix socket, for datagrams or for a stream.
    ///
    /// # Errors
    /// `EMFILE` if the host has too many.
    ///
    /// # Panics
    /// Outside a run.
    pub fn unix(of_datagrams: bool) -> Result<Self> {
        let network = Network::current();
        let socket = network.with_host(|kernel| match of_datagrams {
            true => kernel.unix_datagrams(),
            false => kernel.unix_open(),
        });
        Ok(RawSocket::new(unix_kind(of_datagrams), network.descriptor(number(socket)?)))
    }

    /// Opens two Unix sockets that are connected.
    ///
    /// # Errors
    /// `EMFILE` if the host has too many.
    ///
    /// # Panics
    /// Outside a run.
    pub fn unix_pair(of_datagrams: bool) -> Result<(Self, Self)> {
        let network = Network::current();
        let pair = network.with_host(|kernel| match of_datagrams {
            true => kernel.unix_datagrams_pair(),
            false => kernel.unix_pair(),
        });
        let (one, other) = number(pair)?;
        let socket = |socket| RawSocket::new(unix_kind(of_datagrams), network.descriptor(socket));
        Ok((socket(one), socket(other)))
    }

    fn new(kind: SocketKind, descriptor: Descriptor) -> Self {
        RawSocket { kind, opened: RefCell::new(Opened::At(descriptor)), is_read_shut: Cell::new(false) }
    }

    /// What kind of socket it is.
    #[must_use]
    pub fn kind(&self) -> SocketKind {
        self.kind
    }

    /// Calls the kernel; a UDP socket without an address gets one.
    fn call<R>(
        &self,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> std::result::Result<R, Errno>,
    ) -> Result<R> {
        self.open()?;
        match &*self.opened.borrow() {
            Opened::At(descriptor) => {
                let result = number(descriptor.with(call));
                descriptor.charge();
                result
            }
            Opened::NotYet(_) => Err(EINVAL),
        }
    }

    /// Calls the kernel about an address.
    fn call_at<R>(
        &self,
        ip: IpAddr,
        call: impl FnOnce(&mut Kernel<'_>, SocketId) -> std::result::Result<R, Errno>,
    ) -> Result<R> {
        self.open()?;
        match &*self.opened.borrow() {
            Opened::At(descriptor) => number(descriptor.with_address(ip, call)),
            Opened::NotYet(_) => Err(EINVAL),
        }
    }

    fn shape(&self) -> Shape {
        match &*self.opened.borrow() {
            Opened::At(descriptor) => descriptor.with(|kernel, socket| kernel.shape(socket)),
            Opened::NotYet(_) => Shape::Datagrams,
        }
    }

    /// What can be done now.
    #[must_use]
    pub fn poll(&self) -> Polled {
        let polled = match &*self.opened.borrow() {
            Opened::At(descriptor) => descriptor.with(|kernel, socket| kernel.poll_socket(socket)),
            Opened::NotYet(_) => Polled { is_writable: true, ..Polled::default() },
        };
        if !self.is_read_shut.get() {
            return polled;
        }
        Polled { is_readable: true, is_read_closed: true, ..polled }
    }

    /// Wakes once when something has changed in one of these directions. A socket that neither listens nor connects yet wakes
    /// nobody.
    pub fn wait(&self, who: WaiterId, waker: &Waker, reading: bool, writing: bool) {
        let WaiterId(id) = who;
        if let Opened::At(descriptor) = &*self.opened.borrow() {
            descriptor.with(|kernel, socket| {
                if reading {
                    kernel.enlist_reader(socket, (id, waker));
                }
                if writing {
                    kernel.enlist(socket, Interest::Write, id, waker);
                }
            });
        }
    }

    /// Waits no more.
    pub fn wait_no_more(&self, who: WaiterId) {
        let WaiterId(id) = who;
        if let Opened::At(descriptor) = &*self.opened.borrow()
            && descriptor.is_in_its_run()
        {
            descriptor.with_uncounted(|kernel, socket| kernel.delist(socket, id));
        }
    }

    /// Bytes that can be read, or that the next datagram has.
    #[must_use]
    pub fn bytes_to_read(&self) -> usize {
        match &*self.opened.borrow() {
            Opened::At(descriptor) => descriptor.with(|kernel, socket| kernel.bytes_to_read(socket)),
            Opened::NotYet(_) => 0,
        }
    }

    /// What it is for people: `10.0.0.2:80 from client:49152`.
    #[must_use]
    pub fn describe(&self) -> String {
        match &*self.opened.borrow() {
            Opened::At(descriptor) => {
                descriptor.with(|kernel, socket| kernel.describe(socket, Interest::Read))
            }
            Opened::NotYet(_) => "a socket".to_string(),
        }
    }

    /// Says to sources that want to know that the current task uses it.
    fn touch(&self, interest: Interest) {
        if let Opened::At(descriptor) = &*self.opened.borrow() {
            descriptor.touch(interest, Access::Write);
        }
    }
}

fn unix_kind(of_datagrams: bool) -> SocketKind {
    if of_datagrams { SocketKind::UnixDatagrams } else { SocketKind::UnixStream }
}

/// What the resolver of the run says of a name, and after which time: the addresses, or as the error whether there is no such name. If that
/// is `false`, the resolver has failed, and may answer when it is asked again.
///
/// # Panics
/// Outside a run.
pub fn look_up(name: &str) -> (std::time::Duration, std::result::Result<Vec<IpAddr>, bool>) {
    let answer = Network::current().ask_resolver(name);
    (answer.after, answer.result.map_err(|failure| failure == Failure::NoSuchName))
}
