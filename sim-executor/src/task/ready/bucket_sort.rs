//! Sorting numbers of which the first bits are spread evenly, as those of drawn priorities are.

use super::priorities::Ranked;

/// By the first bits of their priorities numbers fall into so many buckets.
const BUCKETS: usize = 1 << BUCKET_BITS;
const BUCKET_BITS: u32 = 6;

/// Fewer are not worth the buckets, and of more there would be too many in each.
const SORTED_MIN: usize = 16;
const SORTED_MAX: usize = 4 * BUCKETS - 1;
const _: () = assert!(SORTED_MAX <= u8::MAX as usize);

/// Sorts them from the lowest to the highest, with `scratch` as memory, which is empty before and after.
///
/// One pass counts how many are in each bucket, a second one moves them there, which is close to where they belong; insertion does
/// the rest. That is one step for each number, where comparing takes as many as the logarithm of their count.
pub(super) fn sort(ranked: &mut Vec<Ranked>, scratch: &mut Vec<Ranked>) {
    if !(SORTED_MIN..=SORTED_MAX).contains(&ranked.len()) {
        return ranked.sort_unstable();
    }
    let mut places = [0_u8; BUCKETS];
    for one in &*ranked {
        places[bucket_of(*one)] += 1;
    }
    let mut end = 0;
    for place in &mut places {
        // From the number in the bucket to where it ends.
        end += *place;
        *place = end;
    }
    std::mem::swap(ranked, scratch);
    ranked.resize(scratch.len(), Ranked::NONE);
    for one in scratch.drain(..) {
        let place = &mut places[bucket_of(one)];
        *place -= 1;
        ranked[usize::from(*place)] = one;
    }
    insert_each(ranked);
}

#[inline(always)]
fn bucket_of(ranked: Ranked) -> usize {
    (ranked.priority() >> (u64::BITS - BUCKET_BITS)) as usize
}

/// Moves each number before those that are greater: quick where few are, and these are near.
fn insert_each(ranked: &mut [Ranked]) {
    for next in 1..ranked.len() {
        let one = ranked[next];
        let mut place = next;
        while place > 0 && ranked[place - 1] > one {
            ranked[place] = ranked[place - 1];
            place -= 1;
        }
        ranked[place] = one;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whether the priorities are spread evenly or are all in one bucket.
        #[test]
        fn they_are_sorted_as_the_library_sorts(
            priorities in prop::collection::vec(any::<u64>(), 0..2 * SORTED_MAX),
            shift in 0..u64::BITS,
        ) {
            let ranked = (0..).zip(&priorities).map(|(task, priority)| Ranked::new(priority >> shift, task, 0));
            let (mut ranked, mut scratch): (Vec<Ranked>, _) = (ranked.collect(), Vec::new());
            let mut expected = ranked.clone();
            expected.sort_unstable();
            sort(&mut ranked, &mut scratch);
            prop_assert_eq!(ranked, expected);
            prop_assert!(scratch.is_empty());
        }
    }
}
