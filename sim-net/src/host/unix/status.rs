//! What a Unix socket looks like from outside.

use super::{Name, State, UnixSocket};
use crate::netstat::Protocol;
use crate::tcp::SocketState;

/// The protocol, the peer, the state, then what is to be received and what counts as sent.
pub(in crate::host) type Status = (Protocol, Option<Name>, SocketState, (u64, u64));

impl UnixSocket {
    pub(in crate::host) fn name(&self) -> Name {
        self.name.clone()
    }

    pub(in crate::host) fn status(&self) -> Status {
        match &self.state {
            State::Idle => (Protocol::UnixStream, None, SocketState::Close, (0, 0)),
            State::Listener(listener) => (Protocol::UnixStream, None, SocketState::Listen, listener.queues()),
            State::Stream(end) => {
                // As in Linux, an end whose peer is gone stays as it is, until it is closed itself.
                let queues = (end.inbox.len() as u64, end.in_flight as u64);
                (Protocol::UnixStream, Some(end.peer_name.clone()), SocketState::Established, queues)
            }
            State::Datagrams(datagrams) => {
                let peer = datagrams.peer_name();
                let state = if peer.is_some() { SocketState::Established } else { SocketState::Close };
                (Protocol::UnixDatagram, peer, state, datagrams.queues())
            }
        }
    }
}
