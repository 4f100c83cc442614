//! Logarithms of base 2 in fixed point, so that no machine rounds them in its own way.

/// Bits behind the point.
pub(super) const FRACTION_BITS: u32 = 32;
/// One, in fixed point.
pub(super) const ONE: u64 = 1 << FRACTION_BITS;

/// The logarithm of `x`, rounded down.
///
/// The whole part is the place of the highest bit. For each bit behind the point the rest is squared: if that is 2 or more, the
/// bit is 1 and the rest is halved. (C. S. Turner, "A Fast Binary Logarithm Algorithm", IEEE Signal Processing Magazine
/// 27(5), 2010.)
///
/// # Panics
/// If `x` is zero.
pub(super) fn log2(x: u64) -> u64 {
    let whole = x.ilog2();
    // In [1, 2), with 63 bits behind the point.
    let mut rest = x << (63 - whole);
    let mut fraction = 0;
    for _ in 0..FRACTION_BITS {
        let square = u128::from(rest) * u128::from(rest);
        let is_two_or_more = square >> 127 == 1;
        fraction = (fraction << 1) | u64::from(is_two_or_more);
        rest = if is_two_or_more { (square >> 64) as u64 } else { (square >> 63) as u64 };
    }
    (u64::from(whole) << FRACTION_BITS) | fraction
}

/// `factor` times two to the power of `exponent`, which is in fixed point; at most what 64 bits hold.
///
/// For each bit of the exponent behind the point, from the highest on, the result is multiplied with the root of the root … of
/// two. The roots are computed here.
pub(super) fn times_power_of_2(factor: u64, exponent: u64) -> u64 {
    let whole = exponent >> FRACTION_BITS;
    // In [1, 2), with 63 bits behind the point.
    let mut power: u128 = 1 << 63;
    let mut root: u128 = 2 << 63;
    for bit in (0..FRACTION_BITS).rev() {
        root = (root << 63).isqrt();
        if exponent >> bit & 1 == 1 {
            power = (power * root) >> 63;
        }
    }
    let product = u128::from(factor) * power;
    if whole > 64 {
        return if factor == 0 { 0 } else { u64::MAX };
    }
    // Shifted to the left by `whole`, to the right by 63.
    let shifted = if whole >= 63 {
        let left = (whole - 63) as u32;
        if product.leading_zeros() < left { u128::MAX } else { product << left }
    } else {
        product >> (63 - whole)
    };
    u64::try_from(shifted).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn powers_of_two_have_whole_logarithms() {
        for bit in 0_u32..64 {
            assert_eq!(log2(1 << bit), u64::from(bit) << FRACTION_BITS);
            assert_eq!(times_power_of_2(1, u64::from(bit) << FRACTION_BITS), 1 << bit);
        }
        assert_eq!(times_power_of_2(1, 64 << FRACTION_BITS), u64::MAX);
        assert_eq!(times_power_of_2(0, 99 << FRACTION_BITS), 0);
        assert_eq!(times_power_of_2(u64::MAX, 64 << FRACTION_BITS), u64::MAX);
    }

    #[test]
    fn known_logarithms() {
        // log2(3) = 1.58496250072115618145373894394781…, log2(10) = 3.32192809488736234787031942948939…
        assert_eq!(log2(3), 6_807_362_105);
        assert_eq!(log2(10), 14_267_572_527);
    }

    proptest! {
        #[test]
        fn the_power_undoes_the_logarithm(x in 1_u64..1 << 40) {
            let back = times_power_of_2(1 << 20, log2(x)) >> 20;
            prop_assert!(back.abs_diff(x) <= 1 + (x >> 30), "{x} became {back}");
        }

        #[test]
        fn both_grow(x in any::<u32>(), step in any::<u16>(), exponent in 0_u64..40 << 32) {
            let x = u64::from(x) + 1;
            prop_assert!(log2(x + u64::from(step)) >= log2(x));
            let less = times_power_of_2(x, exponent);
            prop_assert!(times_power_of_2(x, exponent + u64::from(step)) >= less);
        }
    }
}
