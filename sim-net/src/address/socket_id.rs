//! A socket of a host, by its descriptor.

/// A descriptor, with a generation that tells its uses apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

impl SocketId {
    /// No socket that is known.
    pub(crate) const UNKNOWN: SocketId = SocketId { index: u32::MAX, generation: 0 };
}
