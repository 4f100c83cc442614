//! The options of a TCP connection.

use std::io;
use std::time::Duration;

use super::stream::TcpStream;
use crate::tcp::TcpKeepalive;

impl TcpStream {
    /// Whether small segments are sent at once (`TCP_NODELAY`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn nodelay(&self) -> io::Result<bool> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).nodelay()))
    }

    /// Sets whether small segments are sent at once, or wait for the acknowledgement of those before.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_nodelay(&self, nodelay: bool) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_nodelay(socket, nodelay));
        Ok(())
    }

    /// Whether what arrives is acknowledged at once, rather than with data (`TCP_QUICKACK`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn quickack(&self) -> io::Result<bool> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).is_quick()))
    }

    /// Sets whether what arrives is acknowledged at once. It does not stay so: data that is sent soon after data has arrived
    /// makes acknowledgements wait for data again.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_quickack(&self, quickack: bool) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_quick(socket, quickack));
        Ok(())
    }

    /// What was set with [`TcpStream::set_linger`].
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn linger(&self) -> io::Result<Option<Duration>> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).linger()))
    }

    /// How long closing waits for what was written to arrive (`SO_LINGER`), in whole seconds. With less than one the
    /// connection is reset when it is dropped. Any other time is remembered and changes nothing: what was written is sent
    /// and repeated as without it, and a drop, which blocks its thread on a real machine, takes no time.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_linger(&self, dur: Option<Duration>) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_linger(socket, dur));
        Ok(())
    }

    /// Has the connection reset when it is dropped: [`TcpStream::set_linger`] with zero.
    ///
    /// # Errors
    /// As [`TcpStream::set_linger`].
    pub fn set_zero_linger(&self) -> io::Result<()> {
        self.set_linger(Some(Duration::ZERO))
    }

    /// The time to live of packets (`IP_TTL`).
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn ttl(&self) -> io::Result<u32> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_ttl(socket)).into())
    }

    /// Sets the time to live. No packet passes a router, so that it is remembered only.
    ///
    /// # Errors
    /// `InvalidInput` if it is not from 1 to 255.
    pub fn set_ttl(&self, ttl: u32) -> io::Result<()> {
        Ok(self.descriptor.with(|kernel, socket| kernel.tcp_set_ttl(socket, ttl))?)
    }

    /// Whether the peer is probed when nothing is heard of it (`SO_KEEPALIVE`); `socket2::SockRef::keepalive` of a real
    /// stream.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn keepalive(&self) -> io::Result<bool> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).keepalive()))
    }

    /// Sets whether the peer is probed when nothing is heard of it; `socket2::SockRef::set_keepalive` of a real stream.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn set_keepalive(&self, keepalive: bool) -> io::Result<()> {
        self.descriptor.with(|kernel, socket| kernel.tcp_set_keepalive(socket, keepalive));
        Ok(())
    }

    /// When the peer is probed.
    ///
    /// # Errors
    /// None that this network has; real ones have.
    pub fn tcp_keepalive(&self) -> io::Result<TcpKeepalive> {
        Ok(self.descriptor.with(|kernel, socket| kernel.connection(socket).keepalive_times()))
    }

    /// Has the peer probed at these times; `socket2::SockRef::set_tcp_keepalive` of a real stream.
    ///
    /// # Errors
    /// `InvalidInput` if a field is out of its bounds.
    pub fn set_tcp_keepalive(&self, times: &TcpKeepalive) -> io::Result<()> {
        times.check().map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        self.descriptor.with(|kernel, socket| kernel.tcp_set_keepalive_times(socket, *times));
        self.set_keepalive(true)
    }
}
