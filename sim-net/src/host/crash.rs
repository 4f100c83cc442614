//! What becomes of a host's sockets when its process is killed, or the host loses power.
//!
//! A socket whose process is dead can still have a descriptor that somebody holds: a future that is about to be dropped, or
//! a task of another node. In its place is left one that is closed already, so that nothing which is done with it reaches
//! the network.

use std::collections::VecDeque;

use sim_executor::Instant;

use super::sockets::{Listener, Owner, Socket, Stream};
use super::{Host, Kernel, Known};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::tcp::{Connection, Context, Ending, Options};
use crate::waiters::Waiters;
use crate::wire::Wire;

impl Kernel<'_> {
    /// The process is dead: the kernel closes its sockets in the order of their descriptors, as it does at any process's end.
    pub(crate) fn kill_process(&mut self) {
        self.host.is_process_dead = true;
        for socket in self.host.sockets.of_process() {
            if let Some(orphan) = self.orphan(socket) {
                self.close(orphan);
            }
        }
    }

    /// Whether there is a process that can open a socket, or use a file.
    ///
    /// # Errors
    /// If it is dead, and something of it is still being dropped.
    pub(crate) fn process_is_alive(&self) -> Result<(), Errno> {
        if self.host.is_process_dead { Err(Errno::BadDescriptor) } else { Ok(()) }
    }

    /// A process begins.
    pub(crate) fn start_process(&mut self) {
        self.host.is_process_dead = false;
    }

    /// All that the kernel knew is gone. Nothing is sent.
    pub(crate) fn lose_power(&mut self) {
        self.host.is_process_dead = true;
        for socket in self.host.sockets.of_process() {
            if let Some(orphan) = self.orphan(socket) {
                self.erase(orphan);
            }
        }
        for socket in self.host.sockets.of_kernel() {
            self.erase(socket);
        }
        self.host.connections.clear();
        self.host.expiring.clear();
    }

    /// Moves what a descriptor leads to out of its reach, and leaves something dead in its place. A Unix socket dies there,
    /// since its peer does so as well.
    fn orphan(&mut self, socket: SocketId) -> Option<SocketId> {
        let now = self.now();
        let Kernel { host, wire, .. } = self;
        let living = host.sockets.get_mut(socket)?;
        let Some(dead) = living.dead(wire, now) else {
            self.kill_unix(socket);
            return None;
        };
        let mut living = std::mem::replace(living, dead);
        living.abandon(wire);
        let orphan = host.sockets.insert(u32::MAX, living).ok()?;
        host.rename(socket, orphan);
        Some(orphan)
    }

    /// Takes a socket out of all tables, and tells nobody.
    fn erase(&mut self, socket: SocketId) {
        match self.host.sockets.get(socket) {
            Some(Socket::Fresh(_)) => self.close_fresh(socket),
            Some(Socket::Stream(_)) => self.remove_stream(socket),
            Some(Socket::Listener(_)) => {
                self.host.sockets.remove(socket);
                self.host.bindings.forget(socket);
            }
            Some(Socket::Datagrams(_)) => self.close_datagrams(socket),
            Some(Socket::Unix(_)) | None => {}
        }
    }
}

impl Host {
    /// A socket has got another descriptor.
    fn rename(&mut self, from: SocketId, to: SocketId) {
        self.bindings.rename(from, to);
        if let Some(Socket::Listener(_)) = self.sockets.get(to) {
            for socket in self.sockets.iter_mut() {
                if let Socket::Stream(stream) = socket
                    && stream.owner == Owner::Handshake(from)
                {
                    stream.owner = Owner::Handshake(to);
                }
            }
        }
        if let Some(Socket::Stream(stream)) = self.sockets.get_mut(to) {
            stream.owner = Owner::Nobody;
            stream.former = from;
            if stream.is_registered {
                self.connections.insert(stream.pair, Known::Connection(to));
            }
        }
    }
}

impl Socket {
    /// Whether a descriptor of the process leads to it.
    pub(super) fn is_of_process(&self) -> bool {
        match self {
            Socket::Fresh(fresh) => !fresh.is_dead,
            Socket::Stream(stream) => stream.owner == Owner::User && stream.is_registered,
            Socket::Listener(listener) => !listener.is_dead,
            Socket::Datagrams(datagrams) => !datagrams.is_dead(),
            Socket::Unix(_) => true,
        }
    }

    /// Whether it is something dead that was left for a descriptor.
    pub(super) fn is_dead(&self) -> bool {
        match self {
            Socket::Fresh(fresh) => fresh.is_dead,
            Socket::Stream(stream) => stream.owner == Owner::User && !stream.is_registered,
            Socket::Listener(listener) => listener.is_dead,
            Socket::Datagrams(datagrams) => datagrams.is_dead(),
            Socket::Unix(_) => false,
        }
    }

    /// One of the same kind that does nothing and gives errors; `None` for a Unix socket.
    fn dead(&self, wire: &mut Wire, now: Instant) -> Option<Socket> {
        Some(match self {
            Socket::Fresh(fresh) => Socket::Fresh(Box::new(fresh.dead())),
            Socket::Stream(stream) => Socket::Stream(Box::new(stream.dead(wire, now))),
            Socket::Listener(listener) => Socket::Listener(Box::new(listener.dead())),
            Socket::Datagrams(datagrams) => Socket::Datagrams(Box::new(datagrams.dead())),
            Socket::Unix(_) => return None,
        })
    }

    /// Wakes who waits for it, and takes its timer back.
    fn abandon(&mut self, wire: &mut Wire) {
        match self {
            Socket::Stream(stream) => {
                stream.readers.wake_into(&mut wire.wakes);
                stream.writers.wake_into(&mut wire.wakes);
                stream.timer = Instant::MAX;
                if let Some(event) = stream.timer_event.take() {
                    wire.cancel(event);
                }
            }
            Socket::Listener(listener) => listener.readers.wake_into(&mut wire.wakes),
            Socket::Datagrams(datagrams) => {
                datagrams.readers.wake_into(&mut wire.wakes);
                datagrams.writers.wake_into(&mut wire.wakes);
                datagrams.readers.wake_for_error_into(&mut wire.wakes);
            }
            Socket::Fresh(_) | Socket::Unix(_) => {}
        }
    }
}

impl Stream {
    /// One whose connection has failed.
    fn dead(&self, wire: &mut Wire, now: Instant) -> Stream {
        let mut connection = Connection::connect(&wire.tcp, &Options::new(&wire.config.tcp));
        let mut context = Context { now, pool: &mut wire.pool, rules: &wire.tcp };
        connection.fail(&mut context, Errno::BadDescriptor);
        Stream {
            connection,
            pair: self.pair,
            is_v6: self.is_v6,
            link: self.link,
            peer: SocketId::UNKNOWN,
            former: SocketId::UNKNOWN,
            owner: Owner::User,
            sharing: self.sharing,
            ttl: self.ttl,
            actor: None,
            is_registered: false,
            timer: Instant::MAX,
            timer_event: None,
            ending: Ending::NotYet,
            readers: Waiters::ready(),
            writers: Waiters::ready(),
        }
    }
}

impl Listener {
    /// One to which nobody can connect.
    fn dead(&self) -> Listener {
        Listener {
            bound: self.bound,
            is_dead: true,
            port: self.port,
            settings: self.settings,
            backlog: VecDeque::new(),
            backlog_max: 0,
            readers: Waiters::ready(),
        }
    }
}
