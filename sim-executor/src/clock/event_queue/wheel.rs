//! The order of an [`EventQueue`](super::EventQueue): a hierarchical timing wheel, as Varghese and Lauck describe it.
//!
//! While there are few entries they are one sorted list, and the wheel is not used.
//!
//! A due time is eight digits of 256. The wheel stands at a time, its base. An entry is in the level of the highest digit
//! in which its due time differs from the base, in the slot of that digit. So all of a level is due before all of the
//! levels above it, and a slot of level 0 is one nanosecond. Entries of equal due times are always in the same slot, and
//! keep the order in which they came.
//!
//! A slot above level 0 holds a span of time in no order, except that its earliest entry is the first of its ring. When
//! that one goes, a short ring is searched for the next, and a long one is spread over the levels below. An entry only
//! ever goes down, so it is moved seven times at most.

use std::collections::BTreeSet;

use super::level::{Level, SLOTS, SlotSet};
use super::ring::{Entry, NONE, Rings};

const DIGIT_BITS: u32 = SLOTS.ilog2();
const LEVELS: usize = u64::BITS.div_ceil(DIGIT_BITS) as usize;
const _: () = assert!(DIGIT_BITS.is_power_of_two());
/// How many entries are one sorted list.
const FEW: u32 = 16;
/// How many entries of a slot are searched for the earliest before the slot is spread.
const SEARCH_MAX: usize = 8;

/// Numbered entries in the order (due, sequence). The numbers are small, and are used again.
#[derive(Debug)]
pub(super) struct Wheel {
    rings: Rings,
    /// How many entries are not free.
    len: u32,
    /// Whether all entries are one list, sorted; so it is from when there is none until there are more than `FEW`.
    is_few: bool,
    /// The earliest entry, and its due time.
    first: u32,
    first_due: Option<u64>,
    /// Where the wheel stands: at or before the due times of all that is in the levels, or in the sorted list.
    base: u64,
    /// A bit for each level that is not empty.
    used: u32,
    /// A level is allocated when it is first needed.
    levels: [Option<Box<Level>>; LEVELS],
    /// What is due before the base: (due, sequence, number). It comes before all levels. Few queues ever have any.
    early: BTreeSet<(u64, u64, u32)>,
    /// How many entries were looked at or linked.
    #[cfg(test)]
    pub(super) steps: u64,
}

impl Wheel {
    pub(super) const fn new() -> Self {
        Wheel {
            rings: Rings::new(),
            len: 0,
            is_few: true,
            first: NONE,
            first_due: None,
            base: 0,
            used: 0,
            levels: [const { None }; LEVELS],
            early: BTreeSet::new(),
            #[cfg(test)]
            steps: 0,
        }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// When the first entry is due.
    #[inline]
    pub(super) fn first_due(&self) -> Option<u64> {
        self.first_due
    }

    /// When the entry of that number is due, which is not a free one.
    pub(super) fn due(&self, number: u32) -> u64 {
        self.rings.due(number)
    }

    /// Adds an entry, after those of the same due time, and gives its number: that of a free one, or the next.
    #[inline(always)]
    pub(super) fn insert(&mut self, due: u64, sequence: u64) -> u32 {
        let number = self.rings.take_free();
        self.len += 1;
        self.place(number, due, sequence);
        number
    }

    /// Takes an entry out, which then is free.
    #[inline]
    pub(super) fn remove(&mut self, number: u32, sequence: u64) {
        if self.is_few {
            self.unlink_few(number);
        } else {
            self.take(number, sequence);
            if number == self.first {
                self.find_first();
            }
        }
        self.rings.set_free(number);
        self.len -= 1;
    }

    /// Takes the first entry out, if it is due at `now` or before: its due time and number.
    #[inline]
    pub(super) fn pop_due(&mut self, now: u64) -> Option<(u64, u32)> {
        let due = self.first_due?;
        if due > now {
            return None;
        }
        let number = self.first;
        if self.is_few {
            self.base = block(due);
            self.unlink_few(number);
        } else if due < self.base {
            self.early.pop_first();
            self.find_first();
        } else {
            self.pop_first(number, due);
        }
        self.rings.set_free(number);
        self.len -= 1;
        Some((due, number))
    }

    /// Gives all entries other due times: (sequence, number, due) of each, in the order of the sequence.
    pub(super) fn replace(&mut self, entries: &[(u64, u32, u64)]) {
        self.empty();
        self.is_few = self.len <= FEW;
        self.base = entries.iter().fold(self.base, |base, entry| base.min(block(entry.2)));
        for &(_, number, due) in entries {
            if self.is_few { self.link_few(number, due) } else { self.link(number, due) }
        }
        if !self.is_few {
            self.find_first();
        }
    }

    /// Makes all entries free.
    pub(super) fn clear(&mut self) {
        self.empty();
        self.rings.clear();
        (self.base, self.len, self.is_few) = (0, 0, true);
    }

    /// Forgets where entries are.
    fn empty(&mut self) {
        for level in self.levels.iter_mut().flatten() {
            (level.occupied, level.unsure) = (SlotSet::default(), SlotSet::default());
        }
        (self.used, self.first, self.first_due) = (0, NONE, None);
        self.early.clear();
    }

    #[inline(always)]
    fn place(&mut self, number: u32, due: u64, sequence: u64) {
        if self.is_few {
            if self.len <= FEW {
                return self.link_few(number, due);
            }
            self.begin_levels();
        }
        if due < self.base {
            self.place_early(number, due, sequence);
        } else {
            self.link(number, due);
        }
        if self.first_due.is_none_or(|first_due| due < first_due) {
            (self.first, self.first_due) = (number, Some(due));
        }
    }

    /// Puts an entry into the sorted list, behind all that are not due later.
    #[inline]
    fn link_few(&mut self, number: u32, due: u64) {
        self.base = self.base.min(block(due));
        if self.first == NONE {
            self.rings.begin(number, due);
            (self.first, self.first_due) = (number, Some(due));
            return;
        }
        let mut after = self.first;
        if self.first_due.is_none_or(|first_due| due < first_due) {
            (self.first, self.first_due) = (number, Some(due));
        } else {
            let mut before = self.rings.entry(after).previous;
            while self.rings.due(before) > due {
                after = before;
                before = self.rings.entry(before).previous;
            }
        }
        self.rings.link_before(after, number, due);
    }

    /// Takes an entry out of the sorted list.
    #[inline]
    fn unlink_few(&mut self, number: u32) {
        let next = self.rings.unlink(number);
        if number != self.first {
            return;
        }
        self.first = next;
        self.first_due = if next == NONE { None } else { Some(self.rings.due(next)) };
    }

    /// Puts the sorted list into the levels.
    #[cold]
    fn begin_levels(&mut self) {
        self.is_few = false;
        self.link_all(self.first);
    }

    /// Links what is in a ring, which is no longer one.
    fn link_all(&mut self, first: u32) {
        let last = self.rings.entry(first).previous;
        let mut number = first;
        loop {
            let Entry { due, next, .. } = self.rings.entry(number);
            self.link(number, due);
            if number == last {
                return;
            }
            number = next;
        }
    }

    #[cold]
    fn place_early(&mut self, number: u32, due: u64, sequence: u64) {
        self.rings.begin(number, due);
        self.early.insert((due, sequence, number));
    }

    /// Puts an entry that is not due before the base into its slot.
    #[inline(always)]
    fn link(&mut self, number: u32, due: u64) {
        #[cfg(test)]
        {
            self.steps += 1;
        }
        let (level_number, slot) = self.position(due);
        let Some(level) = &mut self.levels[level_number] else {
            return self.begin_level(level_number, number, due);
        };
        if level.occupied.contains(slot) {
            let last = level.lasts[slot];
            let first = self.rings.entry(last).next;
            // What is earlier than all is the only one of its due time, so equal ones stay in order.
            if due >= self.rings.due(first) || level.unsure.contains(slot) {
                level.lasts[slot] = number;
            }
            self.rings.link_before(first, number, due);
        } else {
            level.occupied.insert(slot);
            level.lasts[slot] = number;
            self.used |= 1 << level_number;
            self.rings.begin(number, due);
        }
    }

    /// Links an entry as the first that there ever was in its level.
    #[cold]
    fn begin_level(&mut self, level_number: usize, number: u32, due: u64) {
        self.levels[level_number] = Some(Level::new());
        self.link(number, due);
    }

    /// Takes an entry out of where it is, beside the sorted list.
    #[inline]
    fn take(&mut self, number: u32, sequence: u64) {
        let Entry { due, next, previous } = self.rings.entry(number);
        if due < self.base {
            let was_there = self.early.remove(&(due, sequence, number));
            assert!(was_there, "entry {number} of the event queue is not where it should be");
            return;
        }
        let (level_number, slot) = self.position(due);
        if self.rings.unlink(number) == NONE {
            return self.vacate(level_number, slot);
        }
        let level = self.levels[level_number].as_mut().expect("an entry is in a level");
        let last = level.lasts[slot];
        if number == last {
            level.lasts[slot] = previous;
        } else if previous == last && self.rings.due(next) != due {
            level.unsure.insert(slot);
        }
    }

    /// Takes the first entry out of the levels.
    #[inline]
    fn pop_first(&mut self, number: u32, due: u64) {
        let next = self.rings.unlink(number);
        if next != NONE && self.rings.due(next) == due {
            self.first = next;
            return;
        }
        let (level_number, slot) = self.position(due);
        if next == NONE {
            self.vacate(level_number, slot);
            // The slot is empty, so the wheel may stand in it.
            self.base = self.base.max(block(due));
        } else {
            let level = self.levels[level_number].as_mut().expect("an entry is in a level");
            level.unsure.insert(slot);
        }
        self.find_first();
    }

    /// Notes that a slot is empty.
    #[inline]
    fn vacate(&mut self, level_number: usize, slot: usize) {
        let level = self.levels[level_number].as_mut().expect("a level in use is there");
        level.occupied.remove(slot);
        level.unsure.remove(slot);
        if level.occupied.is_empty() {
            self.used &= !(1 << level_number);
        }
    }

    /// The level and the slot of an entry that is not due before the base.
    #[inline]
    fn position(&self, due: u64) -> (usize, usize) {
        let shift = ((due ^ self.base) | 1).ilog2() & !(DIGIT_BITS - 1); // down to a multiple
        ((shift / DIGIT_BITS) as usize, (due >> shift) as usize % SLOTS)
    }

    /// Finds the earliest entry, after that has gone.
    #[inline]
    fn find_first(&mut self) {
        if !self.early.is_empty() {
            return self.find_first_early();
        }
        while self.used != 0 {
            let level_number = self.used.trailing_zeros() as usize;
            let level = self.levels[level_number].as_ref().expect("a level in use is there");
            let slot = level.occupied.first().expect("a level in use has an entry");
            if !level.unsure.contains(slot) {
                self.first = self.rings.entry(level.lasts[slot]).next;
                self.first_due = Some(self.rings.due(self.first));
                return;
            }
            self.make_sure(level_number, slot);
        }
        (self.first, self.first_due, self.is_few) = (NONE, None, true);
    }

    #[cold]
    fn find_first_early(&mut self) {
        if let Some(&(due, _, number)) = self.early.first() {
            (self.first, self.first_due) = (number, Some(due));
        }
    }

    /// Puts the earliest entry of a slot in front, or spreads the slot over lower levels if it has many.
    fn make_sure(&mut self, level_number: usize, slot: usize) {
        let level = self.levels[level_number].as_mut().expect("a level in use is there");
        level.unsure.remove(slot);
        let last = level.lasts[slot];
        let first = self.rings.entry(last).next;
        let Entry { due, next, .. } = self.rings.entry(first);
        let (mut earliest, mut earliest_due, mut number) = (first, due, next);
        for _ in 0..SEARCH_MAX {
            if number == first {
                if earliest == last {
                    level.lasts[slot] = self.rings.entry(last).previous;
                } else if earliest != first {
                    self.rings.unlink(earliest);
                    self.rings.link_before(first, earliest, earliest_due);
                }
                return;
            }
            #[cfg(test)]
            {
                self.steps += 1;
            }
            let entry = self.rings.entry(number);
            if entry.due < earliest_due {
                (earliest, earliest_due) = (number, entry.due);
            }
            number = entry.next;
        }
        self.spread(level_number, slot);
    }

    /// Moves the wheel to the beginning of a slot, which is the first, so that all its entries go to lower levels. It does
    /// not go further, since what is added later may be due before them.
    fn spread(&mut self, level_number: usize, slot: usize) {
        let level = self.levels[level_number].as_ref().expect("a level in use is there");
        let first = self.rings.entry(level.lasts[slot]).next;
        self.vacate(level_number, slot);
        let shift = level_number as u32 * DIGIT_BITS;
        self.base = self.rings.due(first) >> shift << shift;
        self.link_all(first);
    }
}

/// The time without its lowest digit: level 0 holds all of that in order, so the wheel may stand at its beginning.
#[inline]
const fn block(time: u64) -> u64 {
    time >> DIGIT_BITS << DIGIT_BITS
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u64 = 20_000;
    /// The beginning of a slot of level 4.
    const SECOND: u64 = 1 << 32;

    /// Steps for each of `COUNT` operations.
    fn steps_each(wheel: &Wheel) -> u64 {
        wheel.steps / COUNT
    }

    fn crowd() -> (Wheel, Vec<u32>) {
        let mut wheel = Wheel::new();
        // In no order, and no two equal.
        let numbers = (0..COUNT).map(|n| wheel.insert(SECOND + n * 7_919 % COUNT * 50_000, n)).collect();
        (wheel, numbers)
    }

    #[test]
    fn few_entries_need_no_level_and_more_need_those_they_are_in() {
        let mut wheel = Wheel::new();
        for n in 0..u64::from(FEW) {
            wheel.insert(SECOND + n, n);
        }
        assert!(wheel.levels.iter().all(Option::is_none));
        wheel.insert(SECOND + 20, 0);
        assert_eq!(wheel.levels.iter().flatten().count(), 1);
    }

    #[test]
    fn timeouts_of_one_slot_are_removed_in_order_without_quadratic_time() {
        let (mut wheel, numbers) = crowd();
        let mut by_due: Vec<(u64, u64)> = (0..COUNT).map(|n| (wheel.due(numbers[n as usize]), n)).collect();
        by_due.sort_unstable();
        for (due, n) in by_due {
            assert_eq!(wheel.first_due(), Some(due));
            wheel.remove(numbers[n as usize], n);
        }
        assert_eq!(wheel.first_due(), None);
        assert!(steps_each(&wheel) < 20, "{} steps for each", steps_each(&wheel));
    }

    #[test]
    fn short_timeouts_before_many_long_ones_look_at_no_long_one() {
        let (mut wheel, _) = crowd();
        let before = wheel.steps;
        for n in 0..COUNT {
            let short = wheel.insert(SECOND - 1, COUNT + n);
            assert_eq!(wheel.first_due(), Some(SECOND - 1));
            wheel.remove(short, COUNT + n);
            assert_eq!(wheel.first_due(), Some(SECOND));
        }
        assert!(wheel.steps - before < 2 * COUNT, "{} steps", wheel.steps - before);
    }

    #[test]
    fn timeouts_set_again_in_a_crowded_slot_take_no_quadratic_time() {
        let (mut wheel, _) = crowd();
        for n in 0..COUNT {
            let first = wheel.insert(SECOND + n % 1_000, COUNT + n);
            wheel.remove(first, COUNT + n);
        }
        assert!(steps_each(&wheel) < 20, "{} steps for each", steps_each(&wheel));
    }

    #[test]
    fn what_is_due_before_the_wheel_comes_first() {
        let mut wheel = Wheel::new();
        let late: Vec<u32> = (0..20).map(|n| wheel.insert(SECOND, n)).collect();
        let popped = wheel.insert(5_000, 20);
        assert_eq!(wheel.pop_due(5_000), Some((5_000, popped)));
        let [second, first, removed] = [(9, 22), (3, 23), (1, 24)].map(|(due, n)| wheel.insert(due, n));
        wheel.remove(removed, 24);
        assert_eq!(wheel.early.len(), 2);
        let mut expected = vec![(3, first), (9, second)];
        expected.extend(late.into_iter().map(|number| (SECOND, number)));
        let order = std::iter::from_fn(|| wheel.pop_due(u64::MAX));
        assert_eq!(order.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn equal_ones_stay_in_order_in_a_slot_whose_earliest_has_gone() {
        let mut wheel = Wheel::new();
        let before: Vec<u32> = (0..20).map(|n| wheel.insert(n, n)).collect();
        let [earliest, late, first] =
            [(10, 20), (100, 21), (50, 22)].map(|(due, n)| wheel.insert(SECOND + due, n));
        wheel.remove(earliest, 20);
        let second = wheel.insert(SECOND + 50, 23);
        let order: Vec<u32> =
            std::iter::from_fn(|| wheel.pop_due(u64::MAX)).map(|(_, number)| number).collect();
        assert_eq!(order, [before, vec![first, second, late]].concat());
    }
}
