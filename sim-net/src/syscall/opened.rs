//! Whether a socket is known to its host: one for datagrams is from its first use on.

use std::net::SocketAddr;

use super::options::SocketOption;
use super::{EINVAL, RawSocket, Result, SocketKind, number, unspecified};
use crate::network::{Descriptor, Network};

pub(super) enum Opened {
    /// The host knows datagram sockets by their addresses, and it has none yet; what it was told is kept until it has.
    NotYet(Vec<(SocketOption, u32)>),
    At(Descriptor),
}

impl RawSocket {
    /// Gives a datagram socket any free port, if it has none.
    pub(super) fn open(&self) -> Result<()> {
        match (&*self.opened.borrow(), self.kind) {
            (Opened::NotYet(_), SocketKind::Udp { .. }) => {}
            _ => return Ok(()),
        }
        let SocketKind::Udp { is_v6 } = self.kind else { return Err(EINVAL) };
        self.open_at(SocketAddr::new(unspecified(is_v6), 0))
    }

    /// Gives a datagram socket its address.
    pub(super) fn open_at(&self, address: SocketAddr) -> Result<()> {
        let options = match &*self.opened.borrow() {
            Opened::NotYet(options) => options.clone(),
            Opened::At(_) => return Err(EINVAL),
        };
        if matches!(self.kind, SocketKind::Udp { is_v6 } if is_v6 != address.is_ipv6()) {
            return Err(EINVAL);
        }
        let opened = Network::current().open(address.ip(), |kernel| kernel.udp_bind(address));
        *self.opened.borrow_mut() = Opened::At(number(opened)?);
        options.into_iter().try_for_each(|(option, value)| self.set_option(option, value))
    }
}
