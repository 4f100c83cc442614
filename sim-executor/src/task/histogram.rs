//! How often numbers were how great, by powers of two.

use std::fmt;

/// How often numbers were how great: those with as many binary digits are counted together.
///
/// ```
/// use sim_executor::Histogram;
///
/// let mut waits = Histogram::default();
/// for polls in [0, 0, 1, 2, 3, 90] {
///     waits.add(polls);
/// }
/// assert_eq!(waits.to_string(), "0: 2, 1: 1, 2-3: 2, 64-127: 1");
/// assert_eq!((waits.count(), waits.greatest()), (6, 90));
/// assert_eq!(waits.percentile(50), 1, "half of them are not above");
/// assert_eq!(waits.percentile(100), 90);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// By the number of binary digits; as many as were needed.
    counts: Vec<u64>,
    greatest: u64,
}

impl Histogram {
    /// Counts a number.
    pub fn add(&mut self, number: u64) {
        let digits = (u64::BITS - number.leading_zeros()) as usize;
        if digits >= self.counts.len() {
            self.counts.resize(digits + 1, 0);
        }
        self.counts[digits] += 1;
        self.greatest = self.greatest.max(number);
    }

    /// How many numbers there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The greatest of them; zero if there were none.
    #[must_use]
    pub fn greatest(&self) -> u64 {
        self.greatest
    }

    /// A number that is not below `percent` percent of them: the greatest of its class, or the greatest of all. Zero if there were none.
    ///
    /// # Panics
    /// If `percent` is above 100.
    #[must_use]
    pub fn percentile(&self, percent: u32) -> u64 {
        assert!(percent <= 100, "there are no {percent} percent");
        let wanted = (u128::from(self.count()) * u128::from(percent)).div_ceil(100);
        let mut seen = 0;
        for (digits, count) in self.counts.iter().enumerate() {
            seen += u128::from(*count);
            if *count > 0 && seen >= wanted {
                return greatest_of(digits).min(self.greatest);
            }
        }
        self.greatest
    }

    /// For each class that has numbers, the least and the greatest number that it could have, and how many it has.
    pub fn classes(&self) -> impl Iterator<Item = (u64, u64, u64)> {
        let class = |(digits, &count): (usize, &u64)| (least_of(digits), greatest_of(digits), count);
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(class)
    }
}

fn least_of(digits: usize) -> u64 {
    if digits == 0 { 0 } else { 1 << (digits - 1) }
}

fn greatest_of(digits: usize) -> u64 {
    u64::MAX.checked_shr(u64::BITS - digits as u32).unwrap_or(0)
}

impl fmt::Display for Histogram {
    /// `0: 2, 1: 1, 2-3: 2`.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (least, greatest, count)) in self.classes().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            if least == greatest {
                write!(out, "{comma}{least}: {count}")?;
            } else {
                write!(out, "{comma}{least}-{greatest}: {count}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_greatest_number_has_a_class() {
        let mut all = Histogram::default();
        all.add(u64::MAX);
        assert_eq!(all.classes().collect::<Vec<_>>(), [(1 << 63, u64::MAX, 1)]);
        assert_eq!(all.percentile(1), u64::MAX);
        assert_eq!(Histogram::default().percentile(99), 0);
    }

    proptest! {
        #[test]
        fn a_percentile_is_within_a_factor_of_two(
            mut numbers in prop::collection::vec(0_u64..5_000, 1..60),
            percent in 1_u32..=100,
        ) {
            let mut all = Histogram::default();
            numbers.iter().for_each(|number| all.add(*number));
            numbers.sort_unstable();
            let exact = numbers[(numbers.len() * percent as usize).div_ceil(100) - 1];
            let shown = all.percentile(percent);
            prop_assert!(exact <= shown && shown <= exact * 2, "{exact} {shown}");
        }
    }
}
