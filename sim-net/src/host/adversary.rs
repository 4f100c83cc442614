//! Calls that read or write less than they could, as a kernel's may: drawn, if the configuration asks for it.

use sim_executor::{Label, LineageId, Ratio, context};

use super::Kernel;
use crate::address::SocketId;

const SHORT_READ: Label = Label::new("tcp.short_read");
const SHORT_WRITE: Label = Label::new("tcp.short_write");
const BYTES: Label = Label::new("tcp.short_bytes");
const HELD_WRITE: Label = Label::new("tcp.held_write");

impl Kernel<'_> {
    /// The part of a buffer that a read is given.
    #[cold]
    pub(super) fn shorten_read<'b>(&mut self, socket: SocketId, out: &'b mut [u8]) -> &'b mut [u8] {
        let readable = self.host.sockets.stream(socket).connection.readable().min(out.len());
        match self.shorten(socket, SHORT_READ, self.wire.config.tcp.short_reads, readable) {
            Some(bytes) => &mut out[..bytes],
            None => out,
        }
    }

    /// The part of what is to be written that a write takes; what fills no segment may be held back.
    #[cold]
    pub(super) fn shorten_write<'b>(&mut self, socket: SocketId, data: &'b [u8]) -> &'b [u8] {
        let room = self.host.sockets.stream(socket).connection.room().min(data.len());
        if room == 0 {
            return data;
        }
        let short = self.shorten(socket, SHORT_WRITE, self.wire.config.tcp.short_writes, room);
        let held_writes = self.wire.config.tcp.held_writes;
        let is_held = !held_writes.is_never() && {
            let actor = self.actor_of(socket);
            context::ask_flag(actor, HELD_WRITE, held_writes)
        };
        let connection = &mut self.host.sockets.stream(socket).connection;
        if is_held {
            connection.hold_back();
        } else {
            connection.release();
        }
        short.map_or(data, |bytes| &data[..bytes])
    }

    /// How many bytes of those that are possible, if fewer.
    fn shorten(&mut self, socket: SocketId, label: Label, one_of: Ratio, possible: usize) -> Option<usize> {
        if possible <= 1 || one_of.is_never() {
            return None;
        }
        let actor = self.actor_of(socket);
        if !context::ask_flag(actor, label, one_of) {
            return None;
        }
        let longest = possible as u64 - 1;
        let bytes = if longest == 1 { 1 } else { context::ask_int(actor, BYTES, 1, longest, longest) };
        Some(bytes as usize)
    }

    /// Who draws for a stream: its two ends.
    fn actor_of(&mut self, socket: SocketId) -> LineageId {
        let stream = self.host.sockets.stream(socket);
        if let Some(actor) = stream.actor {
            return actor;
        }
        let (local, remote) = (self.wire.show(stream.pair.local), self.wire.show(stream.pair.remote));
        let actor = context::actor(format!("tcp:{local}->{remote}"));
        stream.actor = Some(actor);
        actor
    }
}
