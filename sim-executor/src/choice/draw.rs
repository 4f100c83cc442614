//! Random numbers by key: a draw is a pure function of the seed and of the decision's name.

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng as _, SeedableRng as _};

use super::hash::{GOLDEN, finish};
use super::key::Key;

/// Draws by key, without any state for each stream of decisions.
///
/// The seed goes through ChaCha8 (Bernstein, "ChaCha, a variant of Salsa20", 2008) once, which gives a secret of 192 bits.
/// A draw is then counter-based (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011): the
/// mixer of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) is applied three times,
/// over the stream, over the ordinal, and over the result, with a part of the secret each time. So a draw costs some thirty
/// instructions in whatever order draws are asked for, and no stream leaves anything behind.
///
/// ```
/// use sim_executor::{Key, KeyedDraws};
///
/// let draws = KeyedDraws::new(7);
/// let (first, second) = (Key { stream: 1, ordinal: 0 }, Key { stream: 2, ordinal: 5 });
/// assert_ne!(draws.draw(first), draws.draw(second));
/// assert_eq!(draws.draw(first), KeyedDraws::new(7).draw(first));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyedDraws {
    seed: u64,
    secret: [u64; 3],
}

impl KeyedDraws {
    /// The draws of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        KeyedDraws { seed, secret: [(); 3].map(|()| generator.next_u64()) }
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Sixty-four bits for this decision.
    #[inline]
    #[must_use]
    pub fn draw(&self, key: Key) -> u64 {
        self.draw_from(self.start_of(key.stream), key.ordinal)
    }

    /// Where the draws of a stream start: who draws from one stream again and again keeps it.
    #[inline]
    #[must_use]
    pub fn start_of(&self, stream: u64) -> u64 {
        finish(stream ^ self.secret[0])
    }

    /// As [`KeyedDraws::draw`], for the stream that starts there.
    ///
    /// ```
    /// use sim_executor::{Key, KeyedDraws};
    ///
    /// let draws = KeyedDraws::new(7);
    /// let start = draws.start_of(1);
    /// assert_eq!(draws.draw_from(start, 5), draws.draw(Key { stream: 1, ordinal: 5 }));
    /// ```
    #[inline]
    #[must_use]
    pub fn draw_from(&self, start: u64, ordinal: u32) -> u64 {
        let [_, of_ordinal, of_result] = self.secret;
        let step = start.wrapping_add(u64::from(ordinal).wrapping_mul(GOLDEN));
        finish(finish(step ^ of_ordinal) ^ of_result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_secret_of_seed_zero_is_the_published_vector() {
        // ChaCha8, all-zero 256-bit key and IV: TC1 of draft-strombergson-chacha-test-vectors-01.
        let expected = [
            0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6, 0x7f, 0x5b, 0xb8, 0xe8, 0x1f, 0x09, 0xa5, 0xa1,
            0x2c, 0x84, 0x0e, 0xc3, 0xce, 0x9a, 0x7f, 0x3b,
        ];
        assert_eq!(KeyedDraws::new(0).secret.map(u64::to_le_bytes).concat(), expected);
    }

    #[test]
    fn the_mixer_is_that_of_splitmix64() {
        // The first three outputs of splitmix64 with the seed 1234567, as its authors publish them.
        let outputs = [1, 2, 3].map(|step: u64| finish(step.wrapping_mul(GOLDEN).wrapping_add(1_234_567)));
        assert_eq!(
            outputs,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn a_seed_keeps_its_meaning() {
        let draws = KeyedDraws::new(0x1f);
        let drawn = [(1, 0), (1, 1), (2, 0)].map(|(stream, ordinal)| draws.draw(Key { stream, ordinal }));
        assert_eq!(drawn, [18_440_964_666_700_543_892, 9_585_991_126_762_008_974, 7_273_669_929_988_997_643]);
    }

    proptest! {
        #[test]
        fn a_draw_depends_on_all_of_its_name(seed in any::<u64>(), stream in any::<u64>(), ordinal in any::<u32>()) {
            let drawn = KeyedDraws::new(seed).draw(Key { stream, ordinal });
            prop_assert_ne!(drawn, KeyedDraws::new(seed ^ 1).draw(Key { stream, ordinal }));
            prop_assert_ne!(drawn, KeyedDraws::new(seed).draw(Key { stream: stream ^ 1, ordinal }));
            prop_assert_ne!(drawn, KeyedDraws::new(seed).draw(Key { stream, ordinal: ordinal ^ 1 }));
        }
    }
}
