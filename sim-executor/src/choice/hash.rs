//! Hashes that mean the same for ever: of names, and of a whole run.

use std::fmt;

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;
/// The golden ratio times 2^64, odd: what splitmix64 adds at each step.
pub(super) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// FNV-1a over 64 bits, finished by splitmix64's mixer, so that short names differ in all bits.
#[must_use]
pub const fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = FNV_OFFSET;
    let mut position = 0;
    while position < bytes.len() {
        hash = (hash ^ bytes[position] as u64).wrapping_mul(FNV_PRIME);
        position += 1;
    }
    finish(hash)
}

/// [`hash_bytes`] of the text's UTF-8.
#[must_use]
pub const fn hash_str(text: &str) -> u64 {
    hash_bytes(text.as_bytes())
}

/// One hash of two words, in which their order matters.
#[inline]
#[must_use]
pub const fn mix(left: u64, right: u64) -> u64 {
    let product = (left ^ GOLDEN) as u128 * (right.wrapping_add(GOLDEN) | 1) as u128;
    ((product >> 64) as u64 ^ product as u64).wrapping_add(right.rotate_left(32))
}

/// The mixer of splitmix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[inline]
pub(super) const fn finish(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// The rolling hash of a run: of every poll, decision and event in order. Always on, and a few instructions each.
///
/// Two runs with the same hash went the same way; with text (through [`fmt::Write`]) as with numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunHash(u64);

impl RunHash {
    /// The hash of a run in which nothing has happened.
    pub const EMPTY: RunHash = RunHash(FNV_OFFSET);

    /// Adds one word.
    #[inline]
    pub fn add(&mut self, word: u64) {
        self.0 = mix(self.0, word);
    }

    /// The hash so far.
    #[must_use]
    pub fn value(self) -> u64 {
        finish(self.0)
    }
}

impl fmt::Write for RunHash {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Byte by byte, so that it does not matter into which pieces a formatter cuts the text.
        for &byte in text.as_bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(FNV_PRIME);
        }
        Ok(())
    }
}

impl fmt::Display for RunHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:016x}", self.value())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    #[test]
    fn names_hash_as_they_always_did() {
        // Golden: were one of these to change, every seed in a bug report would lose its meaning.
        assert_eq!(hash_str(""), 0xf52a_15e9_a9b5_e89b);
        assert_eq!(hash_str("main"), 0xb137_5cb6_f94d_9218);
        assert_eq!(mix(1, 2), 0x1cb3_209c_cd27_5625);
    }

    #[test]
    fn the_order_of_two_words_matters() {
        assert_ne!(mix(1, 2), mix(2, 1));
        assert_ne!(mix(0, 0), mix(0, 1));
    }

    #[test]
    fn text_hashes_the_same_however_it_is_cut() {
        let (mut whole, mut pieces) = (RunHash::EMPTY, RunHash::EMPTY);
        whole.write_str("got 12").unwrap();
        pieces.write_str("got ").unwrap();
        pieces.write_str("12").unwrap();
        assert_eq!(whole, pieces);
    }
}
