//! Counts by hash: how many times something of one name was.

/// Counters that start at zero, one for each hash that was asked about.
#[derive(Debug, Default)]
pub(super) struct Counters {
    /// A few in the order in which they came; of more a table of a power of two places, at most three quarters in use, where
    /// each is in the first free place from that of its hash on, and a count of zero is a free place.
    places: Vec<Counter>,
    /// How many there are, once they are in a table; else zero.
    tabled: u32,
}

#[derive(Clone, Copy, Debug)]
struct Counter {
    hash: u64,
    count: u32,
}

const FREE: Counter = Counter { hash: 0, count: 0 };
const FEW: usize = 16;
const _: () = assert!(FEW.is_power_of_two());

impl Counters {
    /// Counts one more, and gives how many there were before.
    #[inline]
    pub(super) fn count(&mut self, hash: u64) -> u32 {
        if self.tabled > 0 {
            return self.count_in_table(hash);
        }
        for counter in &mut self.places {
            if counter.hash == hash {
                counter.count += 1;
                return counter.count - 1;
            }
        }
        if self.places.len() < FEW {
            self.places.push(Counter { hash, count: 1 });
            return 0;
        }
        self.grow();
        self.count_in_table(hash)
    }

    /// A count.
    pub(super) fn get(&self, hash: u64) -> u32 {
        if self.tabled > 0 {
            return self.places[self.place_of(hash)].count;
        }
        self.places.iter().find(|counter| counter.hash == hash).map_or(0, |counter| counter.count)
    }

    /// Sets a count, which is then above zero.
    pub(super) fn set(&mut self, hash: u64, count: u32) {
        if self.tabled == 0 {
            if let Some(counter) = self.places.iter_mut().find(|counter| counter.hash == hash) {
                counter.count = count;
                return;
            }
            if self.places.len() < FEW {
                self.places.push(Counter { hash, count });
                return;
            }
        }
        self.count(hash);
        let place = self.place_of(hash);
        self.places[place].count = count;
    }

    /// Whether they have memory for a few at most.
    pub(super) fn is_small(&self) -> bool {
        self.places.capacity() <= FEW
    }

    /// Forgets all, and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.places.clear();
        self.tabled = 0;
    }

    fn count_in_table(&mut self, hash: u64) -> u32 {
        let place = self.place_of(hash);
        let counter = &mut self.places[place];
        counter.count += 1;
        if counter.count > 1 {
            return counter.count - 1;
        }
        counter.hash = hash;
        self.tabled += 1;
        if self.tabled as usize > self.places.len() / 4 * 3 {
            self.grow();
        }
        0
    }

    /// Where the hash is, or where it is to be.
    fn place_of(&self, hash: u64) -> usize {
        let last = self.places.len() - 1;
        let mut place = hash as usize & last;
        while self.places[place].count > 0 && self.places[place].hash != hash {
            place = (place + 1) & last;
        }
        place
    }

    fn grow(&mut self) {
        let places = (2 * self.places.len()).next_power_of_two();
        let counters = std::mem::replace(&mut self.places, vec![FREE; places]);
        self.tabled = 0;
        for counter in counters.into_iter().filter(|counter| counter.count > 0) {
            let place = self.place_of(counter.hash);
            self.places[place] = counter;
            self.tabled += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn they_count_as_a_map_does(hashes in prop::collection::vec(0_u64..200, 0..1_000), step in 1_u64..1 << 60) {
            let mut counters = Counters::default();
            let mut model: BTreeMap<u64, u32> = BTreeMap::new();
            for hash in hashes {
                let hash = hash.wrapping_mul(step);
                let count = model.entry(hash).or_default();
                prop_assert_eq!(counters.get(hash), *count);
                prop_assert_eq!(counters.count(hash), *count);
                *count += 1;
            }
            for (hash, count) in &model {
                counters.set(*hash, count + 7);
            }
            for (hash, count) in &model {
                prop_assert_eq!(counters.count(*hash), count + 7);
            }
            counters.set(1_000, 3);
            prop_assert_eq!(counters.count(1_000), 3, "it was not counted before");
            counters.clear();
            prop_assert_eq!(counters.count(0), 0);
        }
    }
}
