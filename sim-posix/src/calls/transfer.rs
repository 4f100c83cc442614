//! Reading or writing through descriptors.

use std::io::{IoSlice, IoSliceMut};

use sim_executor::Label;
use sim_net::syscall::{Address, SocketKind};

use super::{Caller, Direction};
use crate::descriptor::{Object, Result};
use crate::signal::Signal;

const READ: Label = Label::new("posix.read");
const WRITE: Label = Label::new("posix.write");
const SEND: Label = Label::new("posix.send");
const RECEIVE: Label = Label::new("posix.recv");

impl Caller<'_> {
    /// `read(2)`, `readv(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn read(&self, descriptor: i32, into: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.enter(READ);
        let file = self.process.file(descriptor)?;
        self.until_done(&file, (READ, Direction::Reading), true, || file.read(into))
    }

    /// `write(2)`, `writev(2)`. One that may wait goes on until all is written.
    ///
    /// # Errors
    /// As the call; what was written before an error is told instead of it.
    pub(crate) fn write(&self, descriptor: i32, data: &[IoSlice<'_>]) -> Result<usize> {
        self.enter(WRITE);
        self.or_broken_pipe(0, self.write_all(descriptor, data, (WRITE, true), None))
    }

    /// `sendto(2)`, `sendmsg(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn send(
        &self,
        descriptor: i32,
        data: &[IoSlice<'_>],
        flags: i32,
        to: Option<&Address>,
    ) -> Result<usize> {
        self.enter(SEND);
        let sent = self.write_all(descriptor, data, (SEND, flags & libc::MSG_DONTWAIT == 0), to);
        self.or_broken_pipe(flags, sent)
    }

    /// Who writes what nobody reads gets a signal, unless it is ignored, as it is if the program has set nothing.
    fn or_broken_pipe(&self, flags: i32, written: Result<usize>) -> Result<usize> {
        let is_signalled = written == Err(libc::EPIPE) && flags & libc::MSG_NOSIGNAL == 0;
        if is_signalled && !self.process.signals.is_ignored(Signal::PIPE) {
            self.kill_thread(self.thread, Some(Signal::PIPE))?;
        }
        written
    }

    fn write_all(
        &self,
        descriptor: i32,
        data: &[IoSlice<'_>],
        (operation, may_wait): (Label, bool),
        to: Option<&Address>,
    ) -> Result<usize> {
        let file = self.process.file(descriptor)?;
        let mut data: Vec<IoSlice<'_>> = data.to_vec();
        let mut rest = &mut data[..];
        let mut written = 0;
        let is_stream = match &file.object {
            Object::Socket(socket) => {
                matches!(socket.kind(), SocketKind::Tcp { .. } | SocketKind::UnixStream)
            }
            Object::Pipe(_) => true,
            _ => false,
        };
        loop {
            let result =
                self.until_done(&file, (operation, Direction::Writing), may_wait, || match &file.object {
                    Object::Socket(socket) => socket.send(rest, to),
                    _ => file.write(rest),
                });
            match result {
                Ok(bytes) => {
                    written += bytes;
                    IoSlice::advance_slices(&mut rest, if is_stream { bytes } else { 0 });
                    let is_over = rest.iter().all(|part| part.is_empty()) || bytes == 0;
                    if is_over || !is_stream || !may_wait || file.is_nonblocking.get() {
                        return Ok(written);
                    }
                }
                Err(_) if written > 0 => return Ok(written),
                Err(errno) => return Err(errno),
            }
        }
    }

    /// `recvfrom(2)`, `recvmsg(2)`
    ///
    /// # Errors
    /// As the call.
    pub(crate) fn receive(
        &self,
        descriptor: i32,
        into: &mut [IoSliceMut<'_>],
        flags: i32,
    ) -> Result<(usize, Option<Address>)> {
        self.enter(RECEIVE);
        let file = self.process.file(descriptor)?;
        let Object::Socket(socket) = &file.object else { return Err(libc::ENOTSOCK) };
        let (leaves, may_wait) = (flags & libc::MSG_PEEK != 0, flags & libc::MSG_DONTWAIT == 0);
        let once = |into: &mut [IoSliceMut<'_>]| {
            self.until_done(&file, (RECEIVE, Direction::Reading), may_wait, || socket.receive(into, leaves))
        };
        let is_stream = matches!(socket.kind(), SocketKind::Tcp { .. } | SocketKind::UnixStream);
        if flags & libc::MSG_WAITALL == 0 || leaves || !is_stream || file.is_nonblocking.get() {
            return once(into);
        }
        let [only] = into else { return once(into) };
        let (mut read, room) = (0, only.len());
        while read < room {
            match once(&mut [IoSliceMut::new(&mut only[read..])]) {
                Ok((0, _)) => break,
                Ok((bytes, _)) => read += bytes,
                Err(_) if read > 0 => break,
                Err(errno) => return Err(errno),
            }
        }
        Ok((read, None))
    }
}
