//! A real socket with its readiness as tokio keeps it: from edges of epoll, until a call would block.

use std::cell::Cell;
use std::io::{self, ErrorKind};
use std::ops::Deref;
use std::os::fd::{AsFd, OwnedFd};

use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

/// A socket, and what epoll has said of it.
pub(crate) struct Edged<S> {
    socket: S,
    epoll: OwnedFd,
    reading: Cell<Direction>,
    writing: Cell<Direction>,
    has_error: Cell<bool>,
}

#[derive(Clone, Copy, Default)]
struct Direction {
    is_ready: bool,
    is_closed: bool,
}

impl<S: AsFd> Edged<S> {
    pub(crate) fn new(socket: S) -> io::Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let flags = EventFlags::IN | EventFlags::OUT | EventFlags::RDHUP | EventFlags::ET;
        epoll::add(&epoll, &socket, EventData::new_u64(0), flags)?;
        Ok(Edged {
            socket,
            epoll,
            reading: Cell::default(),
            writing: Cell::default(),
            has_error: Cell::default(),
        })
    }

    /// One that was accepted, which counts as ready from the beginning.
    pub(crate) fn accepted(socket: S) -> io::Result<Self> {
        let edged = Edged::new(socket)?;
        let ready = Direction { is_ready: true, is_closed: false };
        edged.reading.set(ready);
        edged.writing.set(ready);
        Ok(edged)
    }

    /// Takes note of what has come, in the words of the crate `mio`.
    fn look(&self) {
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let mut events = [Event { flags: EventFlags::empty(), data: EventData::new_u64(0) }; 4];
        let count = epoll::wait(&self.epoll, &mut events, Some(&at_once)).expect("epoll works");
        for event in &events[..count] {
            let flags = event.flags;
            self.has_error.set(self.has_error.get() || flags.contains(EventFlags::ERR));
            let is_hung_up = flags.contains(EventFlags::HUP);
            let (reading, writing) = (self.reading.get(), self.writing.get());
            self.reading.set(Direction {
                is_ready: reading.is_ready || flags.contains(EventFlags::IN),
                is_closed: reading.is_closed
                    || is_hung_up
                    || flags.contains(EventFlags::IN | EventFlags::RDHUP),
            });
            self.writing.set(Direction {
                is_ready: writing.is_ready || flags.contains(EventFlags::OUT),
                is_closed: writing.is_closed
                    || is_hung_up
                    || flags.contains(EventFlags::OUT | EventFlags::ERR),
            });
        }
    }

    /// Whether the socket counts as ready for a read.
    pub(crate) fn is_readable(&self) -> bool {
        self.look();
        self.reading.get().is_ready || self.reading.get().is_closed
    }

    /// Whether the socket counts as ready for a write.
    pub(crate) fn is_writable(&self) -> bool {
        self.look();
        self.writing.get().is_ready || self.writing.get().is_closed
    }

    /// Reads if the socket counts as ready for that.
    pub(crate) fn read<R>(&self, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        if self.is_readable() { self.note(&self.reading, call()) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    /// Reads if the socket counts as ready for that, or has an error, as `tokio::net::UdpSocket` does in its futures.
    pub(crate) fn read_or_fail<R>(&self, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        if !self.is_readable() && !self.has_error.get() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let result = self.note(&self.reading, call());
        if matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock) {
            self.has_error.set(false);
        }
        result
    }

    /// Whether there is an error to be told of.
    pub(crate) fn has_error(&self) -> bool {
        self.look();
        self.has_error.get()
    }

    /// Writes if the socket counts as ready for that.
    pub(crate) fn write<R>(&self, call: impl FnOnce() -> io::Result<R>) -> io::Result<R> {
        if self.is_writable() { self.note(&self.writing, call()) } else { Err(ErrorKind::WouldBlock.into()) }
    }

    fn note<R>(&self, direction: &Cell<Direction>, result: io::Result<R>) -> io::Result<R> {
        if matches!(&result, Err(error) if error.kind() == ErrorKind::WouldBlock) {
            self.look();
            direction.set(Direction { is_ready: false, ..direction.get() });
        }
        result
    }
}

impl<S> Deref for Edged<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.socket
    }
}
