//! A TCP socket that neither listens nor connects yet.

use super::bindings::Sharing;
use crate::address::Bound;
use crate::errno::Errno;
use crate::tcp::Options;

/// What a socket was told, and hands down to what it accepts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) options: Options,
    pub(crate) sharing: Sharing,
    pub(crate) ttl: u8,
    /// Whether it is of IPv6, so that it shows addresses of IPv4 mapped into it.
    pub(crate) is_v6: bool,
}

impl Settings {
    /// Those of a new socket.
    pub(crate) fn new(options: Options, is_v6: bool) -> Self {
        Settings { options, sharing: Sharing::default(), ttl: 64, is_v6 }
    }
}

/// A socket that neither listens nor connects yet.
#[derive(Debug)]
pub(crate) struct Fresh {
    /// Where it is, once it was given an address.
    pub(super) bound: Option<(Bound, u16)>,
    pub(crate) settings: Settings,
    /// Type of service, or traffic class. It is remembered only.
    pub(crate) service: u32,
    /// What is left of a socket whose process is dead.
    pub(super) is_dead: bool,
}

impl Fresh {
    /// One of which nothing is left but the descriptor.
    pub(super) fn dead(&self) -> Fresh {
        Fresh { bound: None, settings: self.settings, service: self.service, is_dead: true }
    }

    /// Where it is, once it was given an address.
    pub(super) fn address(&self) -> Option<(Bound, u16)> {
        self.bound
    }

    /// This, if anybody can still use it.
    ///
    /// # Errors
    /// If its process is dead.
    pub(super) fn living(&self) -> Result<&Fresh, Errno> {
        if self.is_dead { Err(Errno::BadDescriptor) } else { Ok(self) }
    }
}
