//! Pairs of connected sockets, which processes may share by a static.
//!
//! tokio makes one pair for the signals of a process, and keeps it in a static. In a program of its own each process has
//! such a static, while the processes of a run share one. So the numbers of pairs are given once, and a process that uses a
//! number which another one was given has a pair of its own there, as if the static were its own. So it is with a pair that was made outside of
//! runs; and who uses a number of a run outside gets a pair of the machine's.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicI32, Ordering};

use sim_net::syscall::RawSocket;

use super::{File, Object, Result};
use crate::real::{PairKind, pair_of, stand_in};

/// All descriptors from here on are of pairs, and no other is.
pub(crate) const PAIRS: i32 = 1 << 24;

/// Of a number the lowest bits say which end it is and what the pair was made with, so that another process can make one
/// that is equal.
const END: i32 = 1;
const DATAGRAMS: i32 = 2;
const NONBLOCKING: i32 = 4;
const STEP: i32 = 8;

/// The number of the next pair of the machine's process.
static NEXT: AtomicI32 = AtomicI32::new(PAIRS);

/// Whether a run has given this number to one end of a pair.
fn is_given(descriptor: i32) -> bool {
    (PAIRS..NEXT.load(Ordering::Relaxed)).contains(&descriptor)
}

fn kind_of(number: i32) -> PairKind {
    PairKind { of_datagrams: number & DATAGRAMS != 0, is_nonblocking: number & NONBLOCKING != 0 }
}

/// The descriptor of the machine that threads outside of runs use in place of one that a run has given to an end of a pair.
pub(crate) fn stand_in_for(descriptor: i32) -> Option<i32> {
    if !is_given(descriptor) {
        return None;
    }
    let number = (descriptor - PAIRS) / STEP;
    stand_in(number as usize, descriptor & END != 0, kind_of(descriptor))
}

/// The pairs of a process by their descriptors; nothing where one was closed.
#[derive(Default)]
pub(crate) struct Pairs(BTreeMap<i32, Option<Rc<File>>>);

impl Pairs {
    /// Makes a new pair.
    ///
    /// # Errors
    /// `EMFILE` if so many were made that there is no number left; those of sockets.
    pub(crate) fn add(&mut self, of_datagrams: bool, is_nonblocking: bool) -> Result<[i32; 2]> {
        let next = NEXT.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| next.checked_add(STEP));
        let first = next.map_err(|_| libc::EMFILE)?
            | if of_datagrams { DATAGRAMS } else { 0 }
            | if is_nonblocking { NONBLOCKING } else { 0 };
        let both = [first, first | END];
        self.make(both, kind_of(first))?;
        Ok(both)
    }

    /// Makes the pair of these numbers.
    fn make(&mut self, both: [i32; 2], kind: PairKind) -> Result<()> {
        let (one, other) = RawSocket::unix_pair(kind.of_datagrams)?;
        let file = |socket| Some(File::new(Object::Socket(socket), kind.is_nonblocking));
        self.0.insert(both[0], file(one));
        self.0.insert(both[1], file(other));
        Ok(())
    }

    /// What a descriptor leads to; if the pair is another process's, this one gets its own.
    ///
    /// # Errors
    /// `EBADF` if it is closed, or was never given.
    pub(crate) fn get(&mut self, descriptor: i32) -> Result<Rc<File>> {
        if !self.0.contains_key(&descriptor) {
            let first = descriptor & !END;
            let of_runs = || is_given(descriptor).then(|| ([first, first | END], kind_of(first)));
            let (both, kind) = pair_of(descriptor).or_else(of_runs).ok_or(libc::EBADF)?;
            self.make(both, kind)?;
        }
        self.0[&descriptor].clone().ok_or(libc::EBADF)
    }

    /// Closes one end; gives what it led to, to be dropped with nothing borrowed.
    ///
    /// # Errors
    /// `EBADF` if it is closed, or was never given.
    pub(crate) fn remove(&mut self, descriptor: i32) -> Result<Rc<File>> {
        let file = self.get(descriptor)?;
        self.0.insert(descriptor, None);
        Ok(file)
    }

    /// All that descriptors lead to, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<File>> {
        self.0.values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use sim_executor::{Executor, ProductionOrder};

    use super::*;

    #[test]
    fn a_number_of_another_process_leads_to_a_pair_that_is_equal() {
        let run = Executor::new(ProductionOrder).block_on(async {
            let (mut mine, mut other) = (Pairs::default(), Pairs::default());
            let [one, two] = mine.add(true, true).unwrap();
            assert!(other.get(two).unwrap().is_nonblocking.get());
            assert!(!Rc::ptr_eq(&other.get(one).unwrap(), &mine.get(one).unwrap()));
            assert_eq!(other.iter().count(), 2);
        });
        run.unwrap();
    }

    #[test]
    fn an_end_that_was_closed_or_never_given_leads_nowhere() {
        let run = Executor::new(ProductionOrder).block_on(async {
            let mut pairs = Pairs::default();
            let [one, two] = pairs.add(false, false).unwrap();
            pairs.remove(one).unwrap();
            assert_eq!(pairs.get(one).err(), Some(libc::EBADF));
            assert_eq!(pairs.remove(one).err(), Some(libc::EBADF));
            assert!(pairs.get(two).is_ok());
            assert_eq!(pairs.get(i32::MAX).err(), Some(libc::EBADF));
        });
        run.unwrap();
    }
}
