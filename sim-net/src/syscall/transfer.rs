//! Sending or receiving through a socket, without waiting.

use std::io::{IoSlice, IoSliceMut};

use super::{Address, EAFNOSUPPORT, ENOTCONN, EOPNOTSUPP, RawSocket, Result, SocketKind, name_of, somewhere};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::{Kernel, Shape};
use crate::waiters::Interest;

const EPIPE: i32 = 32;

impl RawSocket {
    /// Sends what is in these buffers, one after the other: as much of it as there is room for, or all as one datagram.
    ///
    /// # Errors
    /// As `sendmsg(2)` of a socket that does not block.
    pub fn send(&self, data: &[IoSlice<'_>], to: Option<&Address>) -> Result<usize> {
        self.touch(Interest::Write);
        match self.kind {
            SocketKind::Tcp { .. } => match self.shape() {
                Shape::Stream => self.call(|kernel, socket| match data {
                    [only] => kernel.tcp_write(socket, only),
                    _ => kernel.tcp_write_vectored(socket, data),
                }),
                Shape::Fresh => Err(EPIPE),
                _ => Err(ENOTCONN),
            },
            SocketKind::UnixStream => {
                if self.peer_address().is_err() {
                    return Err(ENOTCONN);
                }
                self.call(|kernel, socket| kernel.unix_write_vectored(socket, data))
            }
            SocketKind::Udp { .. } => with_whole(data, |data| self.send_datagram(data, to)),
            SocketKind::UnixDatagrams => with_whole(data, |data| match to {
                None => self.call(|kernel, socket| kernel.unix_send(socket, data, None)),
                Some(Address::Unix(name)) => {
                    let name = name_of(name)?;
                    self.call(|kernel, socket| kernel.unix_send(socket, data, Some(&name)))
                }
                Some(Address::Inet(_)) => Err(EAFNOSUPPORT),
            }),
        }
    }

    fn send_datagram(&self, data: &[u8], to: Option<&Address>) -> Result<usize> {
        let attempt = |kernel: &mut Kernel<'_>, socket: SocketId, result| {
            if result == Err(Errno::WouldBlock) {
                kernel.blocks(socket, Interest::Write);
            }
            result
        };
        match to {
            None => self.call(|kernel, socket| {
                let result = kernel.udp_send(socket, data);
                attempt(kernel, socket, result)
            }),
            Some(&Address::Inet(to)) => {
                let to = somewhere(to);
                self.call_at(to.ip(), |kernel, socket| {
                    let result = kernel.udp_send_to(socket, data, to);
                    attempt(kernel, socket, result)
                })
            }
            Some(Address::Unix(_)) => Err(EAFNOSUPPORT),
        }
    }

    /// Receives into these buffers, one after the other, from whom it is told for a datagram; `leaves` what was received to be
    /// received again.
    ///
    /// # Errors
    /// As `recvmsg(2)` of a socket that does not block; `EOPNOTSUPP` if something of a Unix socket is to be left.
    pub fn receive(&self, into: &mut [IoSliceMut<'_>], leaves: bool) -> Result<(usize, Option<Address>)> {
        self.touch(Interest::Read);
        if self.is_read_shut.get() && !self.poll_is_full() {
            return Ok((0, None));
        }
        match self.kind {
            SocketKind::Tcp { .. } => match self.shape() {
                Shape::Stream if leaves => {
                    let Some(first) = into.first_mut() else { return Ok((0, None)) };
                    self.call(|kernel, socket| kernel.tcp_peek(socket, first)).map(|bytes| (bytes, None))
                }
                Shape::Stream => self
                    .call(|kernel, socket| match into {
                        [only] => kernel.tcp_read(socket, only),
                        _ => kernel.tcp_read_vectored(socket, into),
                    })
                    .map(|bytes| (bytes, None)),
                _ => Err(ENOTCONN),
            },
            SocketKind::Udp { .. } => {
                let (bytes, from) = into_whole(into, |room| {
                    self.call(|kernel, socket| match leaves {
                        true => kernel.udp_peek_from(socket, room),
                        false => kernel.udp_recv_from(socket, room),
                    })
                })?;
                Ok((bytes, Some(Address::Inet(from))))
            }
            SocketKind::UnixStream | SocketKind::UnixDatagrams if leaves => Err(EOPNOTSUPP),
            SocketKind::UnixStream => {
                self.call(|kernel, socket| kernel.unix_read_vectored(socket, into)).map(|bytes| (bytes, None))
            }
            SocketKind::UnixDatagrams => {
                let (bytes, from) =
                    into_whole(into, |room| self.call(|kernel, socket| kernel.unix_recv_from(socket, room)))?;
                Ok((bytes, Some(Address::of_name(&from))))
            }
        }
    }

    /// Whether something is left to be read, although the reading half was shut down.
    fn poll_is_full(&self) -> bool {
        self.bytes_to_read() > 0
    }
}

/// Calls with all that the buffers have, as one.
fn with_whole<R>(data: &[IoSlice<'_>], call: impl FnOnce(&[u8]) -> R) -> R {
    match data {
        [only] => call(only),
        _ => call(&data.iter().flat_map(|buffer| buffer.iter().copied()).collect::<Vec<u8>>()),
    }
}

/// Calls with room as the buffers have it together, and fills them.
fn into_whole<A>(
    into: &mut [IoSliceMut<'_>],
    call: impl FnOnce(&mut [u8]) -> Result<(usize, A)>,
) -> Result<(usize, A)> {
    if let [only] = into {
        return call(only);
    }
    let mut whole = vec![0; into.iter().map(|buffer| buffer.len()).sum()];
    let (bytes, from) = call(&mut whole)?;
    let mut rest = &whole[..bytes];
    for buffer in into {
        let taken = rest.len().min(buffer.len());
        buffer[..taken].copy_from_slice(&rest[..taken]);
        rest = &rest[taken..];
    }
    Ok((bytes, from))
}
