//! The sockets of a host by their descriptors.

use std::collections::VecDeque;

use sim_executor::{EventId, Instant, LineageId, Reuse as _};

use super::bindings::Sharing;
use super::fresh::{Fresh, Settings};
use super::udp::Datagrams;
use super::unix::UnixSocket;
use crate::address::{Bound, Pair, SocketId};
use crate::errno::Errno;
use crate::link::LinkId;
use crate::tcp::{Connection, Ending};
use crate::waiters::{Interest, Waiters};

pub(crate) enum Socket {
    /// It neither listens nor connects yet.
    Fresh(Box<Fresh>),
    Stream(Box<Stream>),
    Listener(Box<Listener>),
    Datagrams(Box<Datagrams>),
    Unix(Box<UnixSocket>),
}

/// A connection and who has it. Its fields lie in the order in which they are declared, so that what each segment needs is side by
/// side.
#[repr(C)]
pub(crate) struct Stream {
    pub(crate) owner: Owner,
    /// The socket of the peer, once it is known.
    pub(crate) peer: SocketId,
    pub(crate) pair: Pair,
    pub(crate) link: LinkId,
    /// When the network will look at it. That may be too early: the connection's timer often moves later.
    /// [`Instant::MAX`] is never.
    pub(crate) timer: Instant,
    pub(crate) readers: Waiters,
    pub(crate) writers: Waiters,
    pub(crate) connection: Connection,
    pub(crate) timer_event: Option<EventId>,
    /// What is left of the connection, from its end until it is forgotten.
    pub(crate) ending: Ending,
    /// By which descriptor the peer may know it still, since its process died.
    pub(crate) former: SocketId,
    /// Who draws how much it reads and writes at a time, once something was drawn.
    pub(crate) actor: Option<LineageId>,
    /// With whom it shares its port.
    pub(crate) sharing: Sharing,
    pub(crate) ttl: u8,
    /// Whether it shows addresses of IPv4 mapped into IPv6.
    pub(crate) is_v6: bool,
    /// Whether packets find it by its addresses.
    pub(crate) is_registered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A descriptor that is in use.
    User,
    /// A listener, while the handshake is under way.
    Handshake(SocketId),
    /// A listener, until it is accepted.
    Backlog,
    /// Nobody: it goes on until all is sent.
    Nobody,
}

pub(crate) struct Listener {
    pub(crate) bound: Bound,
    /// What is left of a listener whose process is dead.
    pub(crate) is_dead: bool,
    pub(crate) port: u16,
    /// What accepted connections begin with.
    pub(crate) settings: Settings,
    /// Connections to be accepted.
    pub(crate) backlog: VecDeque<SocketId>,
    /// Beyond so many, no more are taken.
    pub(crate) backlog_max: u32,
    pub(crate) readers: Waiters,
}

#[derive(Default)]
pub(crate) struct Sockets {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

struct Slot {
    generation: u32,
    socket: Option<Socket>,
}

impl Sockets {
    /// Makes it as new, and keeps memory for the next run.
    pub(super) fn renew(&mut self) {
        let Sockets { slots, free } = self;
        slots.renew();
        free.renew();
    }

    /// Adds a socket.
    ///
    /// # Errors
    /// If there are `sockets_max` already.
    pub(crate) fn insert(&mut self, sockets_max: u32, socket: Socket) -> Result<SocketId, Errno> {
        if let Some(index) = self.free.pop() {
            let slot = &mut self.slots[index as usize];
            slot.socket = Some(socket);
            return Ok(SocketId { index, generation: slot.generation });
        }
        if self.slots.len() >= sockets_max as usize {
            return Err(Errno::TooManySockets);
        }
        self.slots.push(Slot { generation: 0, socket: Some(socket) });
        Ok(SocketId { index: (self.slots.len() - 1) as u32, generation: 0 })
    }

    /// Makes another socket of an open descriptor.
    pub(crate) fn replace(&mut self, id: SocketId, socket: Socket) {
        *self.get_mut(id).expect("the descriptor is open") = socket;
    }

    pub(crate) fn remove(&mut self, id: SocketId) -> Option<Socket> {
        let slot = self.slots.get_mut(id.index as usize).filter(|slot| slot.generation == id.generation)?;
        let socket = slot.socket.take()?;
        slot.generation = slot.generation.wrapping_add(1);
        self.free.push(id.index);
        Some(socket)
    }

    #[inline]
    pub(crate) fn get(&self, id: SocketId) -> Option<&Socket> {
        let slot = self.slots.get(id.index as usize)?;
        if slot.generation == id.generation { slot.socket.as_ref() } else { None }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, id: SocketId) -> Option<&mut Socket> {
        let slot = self.slots.get_mut(id.index as usize)?;
        if slot.generation == id.generation { slot.socket.as_mut() } else { None }
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.slots.iter_mut().filter_map(|slot| slot.socket.as_mut())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.slots.iter().filter_map(|slot| slot.socket.as_ref())
    }

    pub(crate) fn streams(&self) -> impl Iterator<Item = &Stream> {
        self.slots.iter().filter_map(|slot| match &slot.socket {
            Some(Socket::Stream(stream)) => Some(&**stream),
            _ => None,
        })
    }

    /// The sockets that a process has, in the order of their descriptors.
    pub(crate) fn of_process(&self) -> Vec<SocketId> {
        self.all(Socket::is_of_process)
    }

    /// The sockets that no process has, but for dead ones.
    pub(crate) fn of_kernel(&self) -> Vec<SocketId> {
        self.all(|socket| !socket.is_of_process() && !socket.is_dead())
    }

    fn all(&self, is_wanted: impl Fn(&Socket) -> bool) -> Vec<SocketId> {
        (0..)
            .zip(&self.slots)
            .filter(|(_, slot)| slot.socket.as_ref().is_some_and(&is_wanted))
            .map(|(index, slot)| SocketId { index, generation: slot.generation })
            .collect()
    }

    /// The stream with that descriptor, if it is one.
    #[inline]
    pub(crate) fn find_stream(&mut self, id: SocketId) -> Option<&mut Stream> {
        match self.get_mut(id)? {
            Socket::Stream(stream) => Some(stream),
            _ => None,
        }
    }

    pub(crate) fn find_listener(&mut self, id: SocketId) -> Option<&mut Listener> {
        match self.get_mut(id)? {
            Socket::Listener(listener) => Some(&mut **listener),
            _ => None,
        }
    }

    #[inline]
    pub(crate) fn find_datagrams(&mut self, id: SocketId) -> Option<&mut Datagrams> {
        match self.get_mut(id)? {
            Socket::Datagrams(datagrams) => Some(datagrams),
            _ => None,
        }
    }

    pub(crate) fn find_unix(&mut self, id: SocketId) -> Option<&mut UnixSocket> {
        match self.get_mut(id)? {
            Socket::Unix(unix) => Some(unix),
            _ => None,
        }
    }

    /// The streams with their descriptors.
    pub(crate) fn streams_by_id(&self) -> impl Iterator<Item = (SocketId, &Stream)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| match &slot.socket {
            Some(Socket::Stream(stream)) => {
                Some((SocketId { index: index as u32, generation: slot.generation }, &**stream))
            }
            _ => None,
        })
    }

    /// The socket of an open descriptor that neither listens nor connects yet.
    pub(crate) fn fresh(&mut self, id: SocketId) -> &mut Fresh {
        match self.get_mut(id) {
            Some(Socket::Fresh(fresh)) => fresh,
            _ => panic!("the descriptor is not an open socket's that neither listens nor connects"),
        }
    }

    /// The stream of an open descriptor.
    #[inline]
    pub(crate) fn stream(&mut self, id: SocketId) -> &mut Stream {
        self.find_stream(id).expect("the descriptor is an open stream's")
    }

    /// The listener of an open descriptor.
    pub(crate) fn listener(&mut self, id: SocketId) -> &mut Listener {
        self.find_listener(id).expect("the descriptor is an open listener's")
    }

    /// The datagram socket of an open descriptor.
    #[inline]
    pub(crate) fn datagrams(&mut self, id: SocketId) -> &mut Datagrams {
        self.find_datagrams(id).expect("the descriptor is an open datagram socket's")
    }

    /// The Unix socket of an open descriptor.
    pub(crate) fn unix(&mut self, id: SocketId) -> &mut UnixSocket {
        self.find_unix(id).expect("the descriptor is an open Unix socket's")
    }

    /// Those who wait at a socket.
    #[inline]
    pub(crate) fn waiters(&mut self, id: SocketId, interest: Interest) -> Option<&mut Waiters> {
        match (self.get_mut(id)?, interest) {
            (Socket::Stream(stream), Interest::Read) => Some(&mut stream.readers),
            (Socket::Stream(stream), Interest::Write | Interest::Error) => Some(&mut stream.writers),
            (Socket::Listener(listener), _) => Some(&mut listener.readers),
            (Socket::Datagrams(datagrams), Interest::Read | Interest::Error) => Some(&mut datagrams.readers),
            (Socket::Datagrams(datagrams), Interest::Write) => Some(&mut datagrams.writers),
            (Socket::Unix(unix), interest) => Some(unix.waiters(interest)),
            (Socket::Fresh(_), _) => None,
        }
    }
}
