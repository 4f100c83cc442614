//! A counter that wakes who waits for it: eventfd.

use std::cell::Cell;
use std::io::{IoSlice, IoSliceMut};

use super::waiting::Waiting;
use super::{Ready, Result, give_number};

pub(crate) struct Event {
    count: Cell<u64>,
    /// Whether a read takes one (`EFD_SEMAPHORE`), and not all.
    is_semaphore: bool,
    waiting: Waiting,
}

impl Event {
    pub(crate) fn new(count: u64, is_semaphore: bool) -> Self {
        Event { count: Cell::new(count), is_semaphore, waiting: Waiting::default() }
    }

    pub(crate) fn waiting(&self) -> &Waiting {
        &self.waiting
    }

    pub(crate) fn ready(&self) -> Ready {
        let count = self.count.get();
        Ready::IN.when(count > 0) | Ready::OUT.when(count < u64::MAX - 1)
    }

    pub(crate) fn read(&self, into: &mut [IoSliceMut<'_>]) -> Result<usize> {
        let count = self.count.get();
        if count == 0 {
            return Err(libc::EAGAIN);
        }
        let taken = if self.is_semaphore { 1 } else { count };
        let bytes = give_number(into, taken)?;
        self.count.set(count - taken);
        self.waiting.wake();
        Ok(bytes)
    }

    pub(crate) fn write(&self, data: &[IoSlice<'_>]) -> Result<usize> {
        let number = data.first().and_then(|part| part.first_chunk::<8>()).ok_or(libc::EINVAL)?;
        let added = u64::from_ne_bytes(*number);
        if added == u64::MAX {
            return Err(libc::EINVAL);
        }
        let count = self.count.get().checked_add(added).filter(|&count| count < u64::MAX);
        self.count.set(count.ok_or(libc::EAGAIN)?);
        self.waiting.wake();
        Ok(8)
    }
}
