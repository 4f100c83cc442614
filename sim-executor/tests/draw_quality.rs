//! The draws are as good as random numbers are, along each part of their names: a seed, a stream, an ordinal.
//!
//! The seeds are fixed, so each of these either always passes or always fails. What is heavier was done once: see
//! `docs/draws.md`.

use sim_executor::{Key, KeyedDraws};

/// Draws in some order: numbered from zero, of a sequence that has a number itself.
type Axis = (&'static str, fn(sequence: u64, number: u64) -> u64);

fn draw(seed: u64, stream: u64, ordinal: u64) -> u64 {
    KeyedDraws::new(seed).draw(Key { stream, ordinal: ordinal as u32 })
}

const AXES: [Axis; 6] = [
    ("the ordinals of one stream", |sequence, number| draw(sequence, 7, number)),
    ("streams with adjacent numbers", |sequence, number| draw(sequence, number, 0)),
    ("streams that differ in their high bits", |sequence, number| draw(sequence, number << 40, 3)),
    ("adjacent seeds", |sequence, number| draw(number, sequence, 0)),
    ("seeds that differ in their high bits", |sequence, number| draw(number << 40, sequence, 1)),
    ("two streams in turn", |sequence, number| draw(sequence, number % 2, number / 2)),
];

/// Pearson's statistic for counts that should be equal, in thousandths.
fn chi_square(counts: &[u64]) -> u64 {
    let total: u64 = counts.iter().sum();
    let cells = counts.len() as u64;
    let squares: u64 = counts.iter().map(|count| count * count).sum();
    (squares * cells * 1_000 / total).saturating_sub(total * 1_000)
}

/// The bounds of chi-square with 255 degrees of freedom beyond which one of a million lies, either side, in thousandths
/// (by the approximation of Wilson and Hilferty).
const CHI_255: std::ops::Range<u64> = 156_000..372_000;

fn assert_uniform(counts: &[u64], what: &str) {
    let chi = chi_square(counts);
    assert!(CHI_255.contains(&chi), "{what}: chi-square is {chi}/1000 for {} cells", counts.len());
}

#[test]
fn each_byte_is_uniform_along_each_part_of_a_name() {
    for (axis, draw) in AXES {
        for byte in 0..8 {
            let mut counts = [0; 256];
            for number in 0..65_536 {
                counts[(draw(1, number) >> (8 * byte)) as usize & 0xff] += 1;
            }
            assert_uniform(&counts, &format!("byte {byte} of {axis}"));
        }
    }
}

#[test]
fn a_draw_tells_nothing_of_the_next_one() {
    for (axis, draw) in AXES {
        for shift in [0, 28, 60] {
            let mut counts = [0; 256];
            let mut before = draw(2, 0) >> shift & 0xf;
            for number in 1..65_536 {
                let nibble = draw(2, number) >> shift & 0xf;
                counts[(before << 4 | nibble) as usize] += 1;
                before = nibble;
            }
            assert_uniform(&counts, &format!("bits from {shift} on of two draws, {axis}"));
        }
    }
}

#[test]
fn the_difference_of_neighbours_is_uniform() {
    for (axis, draw) in AXES {
        let (mut sums, mut differences) = ([0; 256], [0; 256]);
        for number in 0..65_536 {
            let (one, next) = (draw(3, number), draw(3, number + 1));
            sums[(one ^ next) as usize >> 3 & 0xff] += 1;
            differences[(next.wrapping_sub(one) >> 56) as usize] += 1;
        }
        assert_uniform(&sums, &format!("xor of neighbours, {axis}"));
        assert_uniform(&differences, &format!("difference of neighbours, {axis}"));
    }
}

#[test]
fn one_bit_of_a_name_changes_half_of_the_bits() {
    for (name, flipped) in [
        ("seed", (|bit: u32, n: u64| (n ^ 1 << bit, n, n)) as fn(u32, u64) -> (u64, u64, u64)),
        ("stream", |bit, n| (n, n ^ 1 << bit, n)),
        ("ordinal", |bit, n| (n, n, n ^ 1 << (bit % 32))),
    ] {
        for bit in 0..64 {
            let changed: u32 = (0..512_u64)
                .map(|n| {
                    let (seed, stream, ordinal) = flipped(bit, n);
                    (draw(n, n, n) ^ draw(seed, stream, ordinal)).count_ones()
                })
                .sum();
            // The mean is 512 times 32, the deviation 90.5.
            assert!(
                changed.abs_diff(16_384) < 500,
                "bit {bit} of the {name} changes {changed} of 32,768 bits"
            );
        }
    }
}

/// Birthday spacings (Marsaglia): of `m` birthdays in a year of `n` days, equal spacings are Poisson distributed with the mean
/// `m^3 / (4 n)`; here 2^12 in 2^32, so 4.
#[test]
fn birthday_spacings_are_as_they_should_be() {
    const BIRTHDAYS: u64 = 1 << 12;
    const YEARS: u64 = 64;
    for (axis, draw) in AXES {
        for shift in [0, 16, 32] {
            let equal: u64 = (0..YEARS)
                .map(|year| {
                    let mut days: Vec<u32> =
                        (0..BIRTHDAYS).map(|n| (draw(100 + year, n) >> shift) as u32).collect();
                    days.sort_unstable();
                    let mut spacings: Vec<u32> = days.windows(2).map(|pair| pair[1] - pair[0]).collect();
                    spacings.sort_unstable();
                    spacings.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64
                })
                .sum();
            // The mean of all years is 256, the deviation 16.
            assert!(equal.abs_diff(256) < 80, "{axis}, bits from {shift} on: {equal} equal spacings");
        }
    }
}

#[test]
fn the_tests_find_what_is_not_random() {
    let mut counter = [0; 256];
    (0..65_536_u64).for_each(|n| counter[n as usize >> 8] += 1);
    assert!(!CHI_255.contains(&chi_square(&counter)), "too even");
    let mut product = [0; 256];
    (0..65_536_u64).for_each(|n| product[(n * n % 251) as usize] += 1);
    assert!(!CHI_255.contains(&chi_square(&product)), "too uneven");
}
