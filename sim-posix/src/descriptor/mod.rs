//! What the descriptors of a process lead to.

mod epoll;
mod event;
mod pairs;
mod pipe;
mod ready;
mod signals;
mod table;
mod timer;
mod waiting;

use std::cell::Cell;
use std::io::{IoSlice, IoSliceMut};
use std::rc::Rc;
use std::task::Waker;

use sim_net::syscall::{RawSocket, WaiterId};

pub(crate) use epoll::{Epoll, Interest, Occurred};
pub(crate) use event::Event;
pub(crate) use pairs::stand_in_for;
pub(crate) use pipe::{Pipe, pipe};
pub(crate) use ready::Ready;
pub(crate) use signals::{Pending, Sent, SignalFd};
pub(crate) use table::{FIRST, Table, is_of_machine};
pub(crate) use timer::Timer;

/// What a call gives: a number of bytes or a descriptor, or the number of an error.
pub(crate) type Result<T> = std::result::Result<T, i32>;

/// What a descriptor leads to, and whether its calls wait. Descriptors that were duplicated share it.
pub(crate) struct File {
    pub(crate) object: Object,
    pub(crate) is_nonblocking: Cell<bool>,
    /// After how many nanoseconds a read gives up (`SO_RCVTIMEO`), and a write (`SO_SNDTIMEO`); zero is never.
    pub(crate) timeouts: Cell<[u64; 2]>,
}

pub(crate) enum Object {
    Socket(RawSocket),
    Epoll(Epoll),
    Event(Event),
    Pipe(Pipe),
    Timer(Timer),
    Signals(SignalFd),
    /// `/dev/urandom`
    Entropy,
}

impl File {
    pub(crate) fn new(object: Object, is_nonblocking: bool) -> Rc<Self> {
        Rc::new(File { object, is_nonblocking: Cell::new(is_nonblocking), timeouts: Cell::new([0; 2]) })
    }

    /// What can be done with it now.
    pub(crate) fn ready(&self) -> Ready {
        match &self.object {
            Object::Socket(socket) => Ready::of_socket(socket.poll()),
            Object::Epoll(epoll) => epoll.ready(),
            Object::Event(event) => event.ready(),
            Object::Pipe(pipe) => pipe.ready(),
            Object::Timer(timer) => timer.ready(),
            Object::Signals(signals) => signals.ready(),
            Object::Entropy => Ready::IN,
        }
    }

    /// Wakes once when something has changed in one of these directions.
    pub(crate) fn wait(&self, who: WaiterId, waker: &Waker, reading: bool, writing: bool) {
        match &self.object {
            Object::Socket(socket) => socket.wait(who, waker, reading, writing),
            Object::Epoll(epoll) => epoll.wait(who, waker),
            Object::Event(event) => event.waiting().add(who, waker),
            Object::Pipe(pipe) => pipe.wait(who, waker),
            Object::Timer(timer) => timer.waiting().add(who, waker),
            Object::Signals(signals) => signals.waiting().add(who, waker),
            Object::Entropy => {}
        }
    }

    /// Waits no more.
    pub(crate) fn wait_no_more(&self, who: WaiterId) {
        match &self.object {
            Object::Socket(socket) => socket.wait_no_more(who),
            Object::Epoll(epoll) => epoll.wait_no_more(who),
            Object::Event(event) => event.waiting().remove(who),
            Object::Pipe(pipe) => pipe.wait_no_more(who),
            Object::Timer(timer) => timer.waiting().remove(who),
            Object::Signals(signals) => signals.waiting().remove(who),
            Object::Entropy => {}
        }
    }

    /// Reads what is there.
    ///
    /// # Errors
    /// `EAGAIN` if that is nothing yet.
    pub(crate) fn read(&self, into: &mut [IoSliceMut<'_>]) -> Result<usize> {
        match &self.object {
            Object::Socket(socket) => socket.receive(into, false).map(|(bytes, _)| bytes),
            Object::Event(event) => event.read(into),
            Object::Pipe(pipe) => pipe.read(into),
            Object::Timer(timer) => timer.read(into),
            Object::Signals(signals) => signals.read(into),
            Object::Entropy => Ok(into.iter_mut().map(|part| crate::entropy::fill(part)).sum()),
            Object::Epoll(_) => Err(libc::EINVAL),
        }
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// `EAGAIN` if there is none yet.
    pub(crate) fn write(&self, data: &[IoSlice<'_>]) -> Result<usize> {
        match &self.object {
            Object::Socket(socket) => socket.send(data, None),
            Object::Event(event) => event.write(data),
            Object::Pipe(pipe) => pipe.write(data),
            Object::Entropy => Ok(data.iter().map(|part| part.len()).sum()),
            Object::Epoll(_) | Object::Timer(_) | Object::Signals(_) => Err(libc::EINVAL),
        }
    }

    /// One word for what it is.
    pub(crate) fn kind(&self) -> &'static str {
        match &self.object {
            Object::Socket(_) => "socket",
            Object::Epoll(_) => "epoll",
            Object::Event(_) => "eventfd",
            Object::Pipe(_) => "pipe",
            Object::Timer(_) => "timerfd",
            Object::Signals(_) => "signalfd",
            Object::Entropy => "/dev/urandom",
        }
    }
}

/// Takes the only whole number that a buffer of eight bytes or more begins with.
fn give_number(into: &mut [IoSliceMut<'_>], number: u64) -> Result<usize> {
    match into.first_mut().and_then(|buffer| buffer.first_chunk_mut::<8>()) {
        Some(room) => {
            *room = number.to_ne_bytes();
            Ok(8)
        }
        None => Err(libc::EINVAL),
    }
}
