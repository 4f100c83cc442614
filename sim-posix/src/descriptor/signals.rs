//! Signals that were sent to a process, and that no thread takes because all block them; signalfd reads them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::IoSliceMut;
use std::rc::Rc;

use super::waiting::Waiting;
use super::{Ready, Result};
use crate::signal::Signal;

/// A signal that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// The number of the process that has sent it; zero for the test.
    pub(crate) by: i32,
    /// Whether it was sent to one thread, which no other takes it for.
    pub(crate) is_for_thread: bool,
}

/// The signals that a process has been sent. One that comes again before it is taken is one.
#[derive(Default)]
pub(crate) struct Pending {
    signals: RefCell<BTreeMap<Signal, Sent>>,
    waiting: Waiting,
}

impl Pending {
    pub(crate) fn add(&self, signal: Signal, sent: Sent) {
        self.signals.borrow_mut().entry(signal).or_insert(sent);
        self.waiting.wake();
    }

    /// Takes the first one of a set.
    pub(crate) fn take(&self, set: u64) -> Option<(Signal, Sent)> {
        let mut signals = self.signals.borrow_mut();
        let first = *signals.keys().find(|signal| signal.bit() & set != 0)?;
        signals.remove_entry(&first)
    }

    /// All of them, as a set.
    pub(crate) fn set(&self) -> u64 {
        self.signals.borrow().keys().fold(0, |set, signal| set | signal.bit())
    }

    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }
}

/// A descriptor from which signals are read: signalfd.
pub(crate) struct SignalFd {
    pending: Rc<Pending>,
    pub(crate) set: Cell<u64>,
}

/// What one signal takes of a buffer (`struct signalfd_siginfo`).
const BYTES: usize = 128;

impl SignalFd {
    pub(crate) fn new(pending: Rc<Pending>, set: u64) -> Self {
        SignalFd { pending, set: Cell::new(set) }
    }

    pub(crate) fn waiting(&self) -> &Waiting {
        self.pending.waiting()
    }

    pub(crate) fn ready(&self) -> Ready {
        Ready::IN.when(self.pending.set() & self.set.get() != 0)
    }

    /// Takes as many as there is room for in the first buffer.
    pub(crate) fn read(&self, into: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let room = into.first_mut().map_or(&mut [][..], |buffer| &mut buffer[..]);
        if room.len() < BYTES {
            return Err(libc::EINVAL);
        }
        let mut bytes = 0;
        for one in room.chunks_exact_mut(BYTES) {
            let Some((signal, sent)) = self.pending.take(self.set.get()) else { break };
            one.fill(0);
            // `ssi_signo` is the first of its numbers, `ssi_pid` the fourth.
            one[..4].copy_from_slice(&signal.number().to_ne_bytes());
            one[12..16].copy_from_slice(&sent.by.to_ne_bytes());
            bytes += BYTES;
        }
        if bytes == 0 { Err(libc::EAGAIN) } else { Ok(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_signals_of_the_set_are_read_and_each_once() {
        let pending = Rc::new(Pending::default());
        let file = SignalFd::new(Rc::clone(&pending), Signal::INT.bit() | Signal::TERM.bit());
        let sent = Sent { by: 7, is_for_thread: false };
        for signal in [Signal::TERM, Signal::INT, Signal::USR1, Signal::INT] {
            pending.add(signal, sent);
        }
        let mut room = [1; 300];
        assert_eq!(file.read(&mut [IoSliceMut::new(&mut room[..127])]), Err(libc::EINVAL));
        assert_eq!(file.read(&mut [IoSliceMut::new(&mut room)]), Ok(256));
        let number = |at: usize| i32::from_ne_bytes(room[at..at + 4].try_into().unwrap());
        assert_eq!([0, 12, 128, 140, 252].map(number), [libc::SIGINT, 7, libc::SIGTERM, 7, 0]);
        assert_eq!(file.read(&mut [IoSliceMut::new(&mut [0; 128])]), Err(libc::EAGAIN));
        assert!(file.ready().is_empty() && pending.set() == Signal::USR1.bit());
    }
}
