//! What becomes of a Unix socket when its process is killed, or its host loses power.
//!
//! Both ends are of one process and die together, so nobody is told. Files stay, as they do on a disk.

use super::{Name, State};
use crate::address::SocketId;
use crate::errno::Errno;
use crate::host::Kernel;
use crate::waiters::Interest;

impl Kernel<'_> {
    /// Closes a Unix socket, and leaves something dead for its descriptor. It may be dead already, or gone with a listener.
    pub(in crate::host) fn kill_unix(&mut self, socket: SocketId) {
        let Some(unix) = self.host.sockets.find_unix(socket) else { return };
        let kind = unix.kind();
        let name = std::mem::replace(&mut unix.name, Name::Unnamed);
        if let State::Listener(_) = unix.state
            && let State::Listener(listener) = std::mem::replace(&mut unix.state, State::Idle)
        {
            self.close_unix_listener(listener);
        }
        self.host.unix_names.release(&name, kind, socket);
        self.purge(socket);
        let pool = &mut self.wire.pool;
        match &mut self.host.sockets.unix(socket).state {
            State::Idle | State::Listener(_) => {}
            State::Stream(end) => {
                end.inbox.clear(pool);
                end.peer = None;
                (end.is_read_closed, end.is_write_closed) = (true, true);
                end.failure = Some(Errno::BadDescriptor);
            }
            State::Datagrams(datagrams) => {
                datagrams.peer = None;
                (datagrams.is_read_closed, datagrams.is_write_closed) = (true, true);
                datagrams.failure = Some(Errno::BadDescriptor);
            }
        }
        self.wake_unix(socket, Interest::Read);
        self.wake_unix(socket, Interest::Write);
    }
}
