//! Numbered entries in rings: of each, which stands before it in its ring, which after it, when it is due.

/// No entry.
pub(super) const NONE: u32 = u32::MAX;

/// Entries, each in a ring or free. The numbers are small, and are used again.
#[derive(Debug)]
pub(super) struct Rings {
    entries: Vec<Entry>,
    /// The entry that was freed last, from which the other free ones are linked.
    free: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) due: u64,
    /// The next in the ring, or of the free ones.
    pub(super) next: u32,
    /// The one before in the ring.
    pub(super) previous: u32,
}

impl Rings {
    pub(super) const fn new() -> Self {
        Rings { entries: Vec::new(), free: NONE }
    }

    #[inline]
    pub(super) fn entry(&self, number: u32) -> Entry {
        self.entries[number as usize]
    }

    #[inline]
    pub(super) fn due(&self, number: u32) -> u64 {
        self.entries[number as usize].due
    }

    /// A free entry, or a new one of the next number, to be put somewhere.
    #[inline]
    pub(super) fn take_free(&mut self) -> u32 {
        let number = self.free;
        match self.entries.get(number as usize) {
            Some(entry) => self.free = entry.next,
            None => return self.add(),
        }
        number
    }

    #[cold]
    fn add(&mut self) -> u32 {
        let number = self.entries.len() as u32;
        self.entries.push(Entry { due: 0, next: number, previous: number });
        number
    }

    /// Makes an entry free that is in no ring.
    #[inline]
    pub(super) fn set_free(&mut self, number: u32) {
        self.entries[number as usize].next = self.free;
        self.free = number;
    }

    /// Makes all entries free.
    pub(super) fn clear(&mut self) {
        self.free = NONE;
        // From the last on, so that the first is given out first, as in a new queue.
        for number in (0..self.entries.len() as u32).rev() {
            self.set_free(number);
        }
    }

    /// Makes an entry a ring of its own.
    #[inline]
    pub(super) fn begin(&mut self, number: u32, due: u64) {
        self.entries[number as usize] = Entry { due, next: number, previous: number };
    }

    /// Puts an entry into a ring, before that of the number `next`: so it is the last, if that is the first.
    #[inline(always)]
    pub(super) fn link_before(&mut self, next: u32, number: u32, due: u64) {
        let previous = std::mem::replace(&mut self.entries[next as usize].previous, number);
        self.entries[previous as usize].next = number;
        self.entries[number as usize] = Entry { due, next, previous };
    }

    /// Takes an entry out of its ring, and gives the next, or `NONE` if it was the only one.
    #[inline]
    pub(super) fn unlink(&mut self, number: u32) -> u32 {
        let Entry { next, previous, .. } = self.entries[number as usize];
        if next == number {
            return NONE;
        }
        self.entries[previous as usize].next = next;
        self.entries[next as usize].previous = previous;
        next
    }
}
