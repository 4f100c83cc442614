//! A pipe between two descriptors of one process.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::rc::Rc;
use std::task::Waker;

use sim_net::syscall::WaiterId;

use super::waiting::Waiting;
use super::{Ready, Result};

/// Bytes that a pipe holds, as in Linux.
const CAPACITY_BYTES: usize = 65_536;
/// A write of so many bytes is whole or not at all (`PIPE_BUF`).
const WHOLE_BYTES: usize = 4_096;

/// One end of a pipe.
pub(crate) struct Pipe {
    shared: Rc<Shared>,
    is_writer: bool,
}

struct Shared {
    bytes: RefCell<VecDeque<u8>>,
    waiting: Waiting,
    /// Whether the end is open that reads, and the one that writes.
    are_open: [Cell<bool>; 2],
}

/// The end that reads, and the one that writes.
pub(crate) fn pipe() -> (Pipe, Pipe) {
    let shared = Rc::new(Shared {
        bytes: RefCell::default(),
        waiting: Waiting::default(),
        are_open: [Cell::new(true), Cell::new(true)],
    });
    (Pipe { shared: Rc::clone(&shared), is_writer: false }, Pipe { shared, is_writer: true })
}

impl Pipe {
    fn has_other(&self) -> bool {
        self.shared.are_open[usize::from(!self.is_writer)].get()
    }

    fn room(&self) -> usize {
        CAPACITY_BYTES - self.shared.bytes.borrow().len()
    }

    pub(crate) fn ready(&self) -> Ready {
        if self.is_writer {
            let is_roomy = self.room() >= WHOLE_BYTES;
            return Ready::OUT.when(is_roomy) | Ready::ERROR.when(!self.has_other());
        }
        let has_bytes = !self.shared.bytes.borrow().is_empty();
        Ready::IN.when(has_bytes) | Ready::HUNG_UP.when(!self.has_other())
    }

    pub(crate) fn wait(&self, who: WaiterId, waker: &Waker) {
        self.shared.waiting.add(who, waker);
    }

    pub(crate) fn wait_no_more(&self, who: WaiterId) {
        self.shared.waiting.remove(who);
    }

    pub(crate) fn read(&self, into: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if self.is_writer {
            return Err(libc::EBADF);
        }
        let mut bytes = self.shared.bytes.borrow_mut();
        if bytes.is_empty() {
            return if self.has_other() { Err(libc::EAGAIN) } else { Ok(0) };
        }
        let mut read = 0;
        for place in into.iter_mut().flat_map(|buffer| buffer.iter_mut()) {
            let Some(byte) = bytes.pop_front() else { break };
            *place = byte;
            read += 1;
        }
        drop(bytes);
        self.shared.waiting.wake();
        Ok(read)
    }

    pub(crate) fn write(&self, data: &[IoSlice<'_>]) -> Result<usize> {
        if !self.is_writer {
            return Err(libc::EBADF);
        }
        if !self.has_other() {
            return Err(libc::EPIPE);
        }
        let asked: usize = data.iter().map(|part| part.len()).sum();
        let room = self.room();
        if asked > 0 && (room == 0 || (asked <= WHOLE_BYTES && room < asked)) {
            return Err(libc::EAGAIN);
        }
        let written = asked.min(room);
        let all = data.iter().flat_map(|part| part.iter().copied());
        self.shared.bytes.borrow_mut().extend(all.take(written));
        self.shared.waiting.wake();
        Ok(written)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.shared.are_open[usize::from(self.is_writer)].set(false);
        self.shared.waiting.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(end: &Pipe, room: &mut [u8]) -> Result<usize> {
        end.read(&mut [IoSliceMut::new(room)])
    }

    #[test]
    fn what_is_written_is_read_and_then_the_end() {
        let (reader, writer) = pipe();
        assert_eq!(read(&reader, &mut [0; 4]), Err(libc::EAGAIN));
        assert_eq!(writer.write(&[IoSlice::new(b"ab"), IoSlice::new(b"c")]), Ok(3));
        let mut room = [0; 2];
        assert_eq!((read(&reader, &mut room), &room), (Ok(2), b"ab"));
        drop(writer);
        assert_eq!((read(&reader, &mut room), room[0]), (Ok(1), b'c'));
        assert_eq!(read(&reader, &mut room), Ok(0));
    }

    #[test]
    fn a_small_write_is_whole_or_not_at_all() {
        let (reader, writer) = pipe();
        assert_eq!(writer.write(&[IoSlice::new(&[0; CAPACITY_BYTES - 10])]), Ok(CAPACITY_BYTES - 10));
        assert_eq!(writer.write(&[IoSlice::new(&[0; 11])]), Err(libc::EAGAIN));
        assert_eq!(writer.write(&[IoSlice::new(&[0; 5_000])]), Ok(10));
        drop(reader);
        assert_eq!(writer.write(&[IoSlice::new(&[0])]), Err(libc::EPIPE));
    }
}
