//! Sending datagrams.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use sim_executor::Label;

use super::UdpSocket;
use crate::dns::{Addresses, ToSocketAddrs, resolve};
use crate::errno::Errno;
use crate::host::Kernel;
use crate::socket::wait::Wait;
use crate::waiters::Interest as Direction;

pub(super) const SEND: Label = Label::new("udp.send");

impl UdpSocket {
    /// Sends a datagram to an address. It waits while the send buffer is full, which happens only where a link has a
    /// bandwidth.
    ///
    /// # Errors
    /// `EMSGSIZE` if it has more than 65,507 bytes (65,527 over IPv6), or is longer than a packet may be and must not be cut
    /// ([`UdpSocket::set_may_fragment`]); `InvalidInput` if the port is 0, or the socket is at a loopback address and the
    /// target is not; `PermissionDenied` if it is a broadcast, and that is not allowed; `EAFNOSUPPORT` if the socket is of the
    /// other family; if there is no way to the address, or the name stands for nothing. Once, `ConnectionRefused`, as
    /// [`UdpSocket::send`].
    pub async fn send_to<A: ToSocketAddrs>(&self, buf: &[u8], target: A) -> io::Result<usize> {
        let address = match target.known() {
            Some(address) => address,
            None => first_address(resolve(&target).await?)?,
        };
        let send = |kernel: &mut Kernel<'_>, socket| kernel.udp_send_on_known_way(socket, buf, &address);
        match self.descriptor.at_once(Direction::Write, send) {
            Err(Errno::WouldBlock) => self.send_or_wait(buf, address).await,
            sent => Ok(sent?),
        }
    }

    /// Looks for the way to an address, or waits until there is room, and sends.
    async fn send_or_wait(&self, buf: &[u8], address: SocketAddr) -> io::Result<usize> {
        let mut wait = Wait::new(&self.descriptor);
        poll_fn(|context| {
            let id = wait.id;
            wait.poll_at(context, address.ip(), SEND, |kernel, socket| {
                let sent = kernel.udp_send_to(socket, buf, address);
                if let Err(Errno::WouldBlock) = sent {
                    kernel.blocks(socket, Direction::Write);
                    kernel.enlist(socket, Direction::Write, id, context.waker());
                }
                sent
            })
        })
        .await
    }

    /// [`UdpSocket::send_to`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::send_to`].
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        let sent = self.descriptor.poll_call_at(cx, target.ip(), SEND, |kernel, socket| {
            let sent = kernel.udp_send_to(socket, buf, target);
            if let Err(Errno::WouldBlock) = sent {
                kernel.blocks(socket, Direction::Write);
                kernel.wait(socket, Direction::Write, cx.waker());
            }
            sent
        });
        sent.map_err(io::Error::from)
    }

    /// [`UdpSocket::send_to`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if the send buffer is full; else as [`UdpSocket::send_to`].
    pub fn try_send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.descriptor.cover(target.ip());
        self.descriptor.try_call(Direction::Write, |kernel, socket| kernel.udp_send_to(socket, buf, target))
    }

    /// Sends a datagram to the address that the socket is connected to.
    ///
    /// # Errors
    /// If it is connected to none; `ConnectionRefused` once, if nobody takes the datagrams there; and as
    /// [`UdpSocket::send_to`].
    pub async fn send(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.wait(Direction::Write, SEND, |kernel, socket| kernel.udp_send(socket, buf)).await
    }

    /// [`UdpSocket::send`] for a hand-made future.
    ///
    /// # Errors
    /// As [`UdpSocket::send`].
    pub fn poll_send(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.descriptor.poll(cx, Direction::Write, SEND, |kernel, socket| kernel.udp_send(socket, buf))
    }

    /// [`UdpSocket::send`] if that does not block.
    ///
    /// # Errors
    /// `WouldBlock` if the send buffer is full; else as [`UdpSocket::send`].
    pub fn try_send(&self, buf: &[u8]) -> io::Result<usize> {
        self.descriptor.try_call(Direction::Write, |kernel, socket| kernel.udp_send(socket, buf))
    }
}

fn first_address(addresses: Addresses) -> io::Result<SocketAddr> {
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "no addresses to send data to");
    addresses.as_slice().first().copied().ok_or_else(none)
}
