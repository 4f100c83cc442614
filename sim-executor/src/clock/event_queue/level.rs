//! A level of the wheel: its slots, of which each holds a ring of entries or nothing.

/// How many slots a level has.
pub(super) const SLOTS: usize = 256;

#[derive(Debug)]
pub(super) struct Level {
    /// The slots that are not empty.
    pub(super) occupied: SlotSet,
    /// The slots whose earliest entry has gone, so that the first of the ring may not be the earliest.
    pub(super) unsure: SlotSet,
    /// The last entry of each slot that is not empty, after which stands the first.
    pub(super) lasts: [u32; SLOTS],
}

impl Level {
    pub(super) fn new() -> Box<Self> {
        Box::new(Level { occupied: SlotSet::default(), unsure: SlotSet::default(), lasts: [0; SLOTS] })
    }
}

/// Some slots of a level: a bit for each.
#[derive(Debug, Default)]
pub(super) struct SlotSet([u64; SLOTS / 64]);

impl SlotSet {
    #[inline]
    pub(super) fn contains(&self, slot: usize) -> bool {
        self.0[slot / 64] & (1 << (slot % 64)) != 0
    }

    #[inline]
    pub(super) fn insert(&mut self, slot: usize) {
        self.0[slot / 64] |= 1 << (slot % 64);
    }

    #[inline]
    pub(super) fn remove(&mut self, slot: usize) {
        self.0[slot / 64] &= !(1 << (slot % 64));
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.0.iter().fold(0, |all, word| all | word) == 0
    }

    #[inline]
    pub(super) fn first(&self) -> Option<usize> {
        let (word, bits) = self.0.iter().enumerate().find(|(_, bits)| **bits != 0)?;
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}
