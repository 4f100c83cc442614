//! Unix sockets of a host: what one of them writes is at once with the other.

mod address;
mod calls;
mod connect;
mod datagram_calls;
mod datagrams;
mod dead;
mod end;
mod inbox;
mod listener;
mod name;
mod poll;
mod status;
mod stream;

use crate::address::SocketId;
use crate::waiters::{Interest, Waiters};

pub use address::SocketAddr;
pub(crate) use name::{Kind, Name, Names};

use datagrams::Datagrams;
use end::End;
use listener::Listener;

/// A Unix socket of a host.
pub(crate) struct UnixSocket {
    name: Name,
    state: State,
    readers: Waiters,
    writers: Waiters,
}

enum State {
    /// A stream socket that neither listens nor is connected.
    Idle,
    Listener(Listener),
    Stream(End),
    Datagrams(Datagrams),
}

impl UnixSocket {
    fn new(state: State) -> Box<Self> {
        let (readers, writers) = (Waiters::default(), Waiters::ready());
        Box::new(UnixSocket { name: Name::Unnamed, state, readers, writers })
    }

    fn kind(&self) -> Kind {
        match self.state {
            State::Datagrams(_) => Kind::Datagrams,
            State::Idle | State::Listener(_) | State::Stream(_) => Kind::Stream,
        }
    }

    /// The socket at its other end, if it has one.
    pub(super) fn peer(&self) -> Option<SocketId> {
        match &self.state {
            State::Stream(end) => end.peer,
            State::Datagrams(datagrams) => datagrams.peer(),
            State::Idle | State::Listener(_) => None,
        }
    }

    pub(super) fn waiters(&mut self, interest: Interest) -> &mut Waiters {
        match interest {
            Interest::Read => &mut self.readers,
            Interest::Write | Interest::Error => &mut self.writers,
        }
    }
}
