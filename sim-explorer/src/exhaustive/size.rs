//! How large a tree of schedules is, about.

use std::fmt;

/// So many schedules are drawn for an estimate.
pub(super) const PROBES: u32 = 32;

/// The mean, rounded down; as much as fits, if the sum does not.
pub(super) fn mean(products: &[u128]) -> u128 {
    let sum = products.iter().fold(0_u128, |sum, product| sum.saturating_add(*product));
    sum.checked_div(products.len() as u128).unwrap_or(0)
}

/// A number of which only the magnitude counts: `about 3400000`, `about 10^23`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rough(pub(super) u128);

impl fmt::Display for Rough {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.max(1).ilog10();
        if self.0 == u128::MAX {
            return write!(out, "more than 10^{digits}");
        }
        if digits >= 9 {
            return write!(out, "about 10^{digits}");
        }
        // Two digits are more than it knows.
        let unit = 10_u128.pow(digits.saturating_sub(1));
        write!(out, "about {}", self.0 / unit * unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_is_shown_by_its_magnitude() {
        let shown = |number| Rough(number).to_string();
        assert_eq!(shown(0), "about 0");
        assert_eq!(shown(70), "about 70");
        assert_eq!(shown(3_456_789), "about 3400000");
        assert_eq!(shown(3_456_789_000), "about 10^9");
        assert_eq!(shown(u128::MAX), "more than 10^38");
    }

    #[test]
    fn a_mean_that_is_too_large_is_as_much_as_fits() {
        assert_eq!(mean(&[2, 4, 5]), 3);
        assert_eq!(mean(&[]), 0);
        assert_eq!(mean(&[u128::MAX, u128::MAX]), u128::MAX / 2);
    }
}
