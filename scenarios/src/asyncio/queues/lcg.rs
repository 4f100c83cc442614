//! A small source of random numbers: any language can repeat them.

/// `x = x * 1103515245 + 12345 mod 2^31`; a draw uses all but the lowest eight bits.
pub(super) struct Lcg(u64);

impl Lcg {
    pub(super) fn new(seed: u64) -> Self {
        Lcg(seed)
    }

    /// A number from `least` to `most`.
    pub(super) fn between(&mut self, least: u64, most: u64) -> u64 {
        self.0 = (self.0 * 1_103_515_245 + 12_345) % (1 << 31);
        least + (self.0 >> 8) % (most - least + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_these_numbers() {
        let mut numbers = Lcg::new(12);
        assert_eq!([(); 5].map(|()| numbers.between(1, 42)), [18, 22, 41, 19, 38]);
    }
}
