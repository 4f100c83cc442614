//! What a Unix socket looks like from outside.

use super::{Kind, Name, State, UnixSocket};
use crate::tcp::SocketState;

/// The kind, the peer, the state, then what is to be received and what counts as sent.
pub(in crate::host) type Status = (Kind, Option<Name>, SocketState, (u64, u64));

impl UnixSocket {
    pub(in crate::host) fn name(&self) -> Name {
        self.name.clone()
    }

    pub(in crate::host) fn status(&self) -> Status {
        match &self.state {
            State::Idle => (Kind::Stream, None, SocketState::Close, (0, 0)),
            State::Listener(listener) => (Kind::Stream, None, SocketState::Listen, listener.queues()),
            State::Stream(end) => {
                // As in Linux, an end whose peer is gone stays as it is, until it is closed itself.
                let queues = (end.inbox.len() as u64, end.in_flight as u64);
                (Kind::Stream, Some(end.peer_name.clone()), SocketState::Established, queues)
            }
            State::Datagrams(datagrams) => {
                let peer = datagrams.peer_name();
                let state = if peer.is_some() { SocketState::Established } else { SocketState::Close };
                (Kind::Datagrams, peer, state, datagrams.queues())
            }
        }
    }
}
