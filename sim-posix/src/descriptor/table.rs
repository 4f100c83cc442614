//! The descriptors of a process.

use std::rc::Rc;

use super::pairs::{PAIRS, Pairs};
use super::{File, Result};
use crate::real::pair_of;

/// The descriptors that the run answers begin here, so that nobody takes one for a descriptor of the machine.
pub(crate) const FIRST: i32 = 1 << 20;
/// Descriptors that a process has at most (`RLIMIT_NOFILE`).
const COUNT_MAX: usize = 65_536;

/// Whether a descriptor is the machine's for a process too: neither the run has given it, nor does it lead to a pair that a static may keep.
pub(crate) fn is_of_machine(descriptor: i32) -> bool {
    descriptor < FIRST && pair_of(descriptor).is_none()
}

fn is_of_pair(descriptor: i32) -> bool {
    descriptor >= PAIRS || pair_of(descriptor).is_some()
}

#[derive(Default)]
pub(crate) struct Table {
    /// All but pairs, by their numbers behind [`FIRST`].
    files: Vec<Option<Rc<File>>>,
    pairs: Pairs,
}

impl Table {
    /// Gives something the lowest descriptor that is free, from `least` on.
    ///
    /// # Errors
    /// `EMFILE` if there is none.
    pub(crate) fn add(&mut self, file: Rc<File>, least: i32) -> Result<i32> {
        let from = usize::try_from(least - FIRST).unwrap_or(0);
        let free = (from..self.files.len()).find(|&place| self.files[place].is_none());
        let place = free.unwrap_or(self.files.len().max(from));
        if place >= COUNT_MAX {
            return Err(libc::EMFILE);
        }
        self.put(place, file);
        Ok(FIRST + place as i32)
    }

    fn put(&mut self, place: usize, file: Rc<File>) -> Option<Rc<File>> {
        if self.files.len() <= place {
            self.files.resize_with(place + 1, || None);
        }
        self.files[place].replace(file)
    }

    /// Makes a descriptor lead to something; gives what it led to.
    ///
    /// # Errors
    /// `EBADF` if it is none that the run answers.
    pub(crate) fn set(&mut self, descriptor: i32, file: Rc<File>) -> Result<Option<Rc<File>>> {
        match usize::try_from(descriptor.wrapping_sub(FIRST)) {
            Ok(place) if place < COUNT_MAX => Ok(self.put(place, file)),
            _ => Err(libc::EBADF),
        }
    }

    /// What a descriptor leads to.
    ///
    /// # Errors
    /// `EBADF` if that is nothing.
    pub(crate) fn get(&mut self, descriptor: i32) -> Result<Rc<File>> {
        if is_of_pair(descriptor) {
            return self.pairs.get(descriptor);
        }
        let place = usize::try_from(descriptor.wrapping_sub(FIRST)).map_err(|_| libc::EBADF)?;
        self.files.get(place).and_then(Option::clone).ok_or(libc::EBADF)
    }

    /// Takes a descriptor back; gives what it led to, to be dropped with nothing borrowed.
    ///
    /// # Errors
    /// `EBADF` if that is nothing.
    pub(crate) fn remove(&mut self, descriptor: i32) -> Result<Rc<File>> {
        if is_of_pair(descriptor) {
            return self.pairs.remove(descriptor);
        }
        let place = usize::try_from(descriptor.wrapping_sub(FIRST)).map_err(|_| libc::EBADF)?;
        self.files.get_mut(place).and_then(Option::take).ok_or(libc::EBADF)
    }

    /// Gives a new pair of Unix sockets two descriptors.
    ///
    /// # Errors
    /// `EMFILE` if there are none.
    pub(crate) fn add_pair(&mut self, of_datagrams: bool, is_nonblocking: bool) -> Result<[i32; 2]> {
        self.pairs.add(of_datagrams, is_nonblocking)
    }

    /// All that descriptors lead to, in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<File>> {
        self.files.iter().flatten().chain(self.pairs.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Event, Object};
    use super::*;

    #[test]
    fn the_lowest_free_descriptor_is_given() {
        let mut table = Table::default();
        let file = || File::new(Object::Event(Event::new(0, false)), false);
        let all = [(); 3].map(|()| table.add(file(), FIRST).unwrap());
        assert_eq!(all, [FIRST, FIRST + 1, FIRST + 2]);
        table.remove(FIRST + 1).unwrap();
        assert_eq!(table.get(FIRST + 1).err(), Some(libc::EBADF));
        assert_eq!(table.add(file(), FIRST), Ok(FIRST + 1));
        assert_eq!(table.add(file(), FIRST + 7), Ok(FIRST + 7));
        for none in [FIRST - 1, FIRST + 8, -1, i32::MIN] {
            assert_eq!(table.get(none).err(), Some(libc::EBADF), "{none}");
        }
    }
}
