//! Random numbers by key: each stream of decisions has a generator of its own, so that nobody's draw disturbs another's.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::key::Key;

/// Draws from ChaCha8 (Bernstein, "ChaCha, a variant of Salsa20", 2008): the seed is the key, a decision's stream the
/// stream number, its ordinal the position, 64 bits each.
///
/// A draw is a pure function of (seed, key), in whatever order draws are asked for; in order of the ordinals it is fast.
///
/// ```
/// use sim_executor::{Key, KeyedDraws};
///
/// let (mut one, mut other) = (KeyedDraws::new(7), KeyedDraws::new(7));
/// let (first, second) = (Key { stream: 1, ordinal: 0 }, Key { stream: 2, ordinal: 5 });
/// let forwards = (one.draw(first), one.draw(second));
/// let backwards = (other.draw(second), other.draw(first));
/// assert_eq!(forwards, (backwards.1, backwards.0));
/// ```
#[derive(Debug)]
pub struct KeyedDraws {
    seed: u64,
    fresh: ChaCha8Rng,
    /// Open addressing by the low bits of the stream, which is a good hash already. At most half full.
    slots: Vec<Option<Box<Stream>>>,
    used: usize,
}

#[derive(Debug)]
struct Stream {
    stream: u64,
    ordinal_next: u32,
    generator: ChaCha8Rng,
}

/// Words of 32 bits that a draw consumes.
const WORDS_PER_DRAW: u128 = 2;

impl KeyedDraws {
    /// The draws of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        KeyedDraws { seed, fresh: ChaCha8Rng::from_seed(key), slots: Vec::new(), used: 0 }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sixty-four bits for this decision.
    pub fn draw(&mut self, key: Key) -> u64 {
        let stream = self.stream_mut(key.stream);
        if stream.ordinal_next != key.ordinal {
            stream.generator.set_word_pos(u128::from(key.ordinal) * WORDS_PER_DRAW);
        }
        stream.ordinal_next = key.ordinal.wrapping_add(1);
        stream.generator.next_u64()
    }

    fn stream_mut(&mut self, stream: u64) -> &mut Stream {
        if self.used * 2 >= self.slots.len() {
            self.grow();
        }
        let position = self.position_of(stream);
        let used = &mut self.used;
        let fresh = &self.fresh;
        self.slots[position].get_or_insert_with(|| {
            *used += 1;
            let mut generator = fresh.clone();
            generator.set_stream(stream);
            Box::new(Stream { stream, ordinal_next: 0, generator })
        })
    }

    /// Where the stream is, or where it belongs.
    fn position_of(&self, stream: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut position = stream as usize & mask;
        while self.slots[position].as_ref().is_some_and(|found| found.stream != stream) {
            position = (position + 1) & mask;
        }
        position
    }

    fn grow(&mut self) {
        let larger = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, std::iter::repeat_with(|| None).take(larger).collect());
        for stream in old.into_iter().flatten() {
            let position = self.position_of(stream.stream);
            self.slots[position] = Some(stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn block_zero_of_stream_zero_is_the_published_vector() {
        // ChaCha8, all-zero 256-bit key and IV: TC1 of draft-strombergson-chacha-test-vectors-01.
        let expected =
            [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6, 0x7f, 0x5b, 0xb8, 0xe8, 0x1f, 0x09, 0xa5, 0xa1];
        let mut draws = KeyedDraws::new(0);
        let words = [0, 1].map(|ordinal| draws.draw(Key { stream: 0, ordinal }).to_le_bytes());
        assert_eq!(words.concat(), expected);
    }

    #[test]
    fn a_seed_keeps_its_meaning() {
        let mut draws = KeyedDraws::new(0x1f);
        let drawn = [(1, 0), (1, 1), (2, 0)].map(|(stream, ordinal)| draws.draw(Key { stream, ordinal }));
        assert_eq!(drawn, [7433643185509707346, 15904547368692214903, 17281385426406095803]);
    }

    proptest! {
        #[test]
        fn a_draw_depends_on_its_key_alone(
            keys in prop::collection::vec((0_u64..40, 0_u32..100), 1..100),
            seed in any::<u64>(),
        ) {
            let mut together = KeyedDraws::new(seed);
            for (stream, ordinal) in keys {
                let key = Key { stream, ordinal };
                prop_assert_eq!(together.draw(key), KeyedDraws::new(seed).draw(key));
            }
        }
    }
}
