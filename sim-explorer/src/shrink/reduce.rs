//! Leaving out of a list what is not needed: ddmin, over the list as it is after each success.

use std::ops::Range;

use super::plan::Plan;
use super::search::Search;

/// Leaves out pieces of the list that `items` gives of the smallest run, from its end on, first halves, then ever smaller ones; a piece
/// stays out if the failure stays and the run is smaller. That is ddmin (Zeller and Hildebrandt, "Simplifying and isolating failure-inducing
/// input", 2002), without its tests of subsets. After each success the list is that of the new run, of which more may be gone.
///
/// `without` gives the plan of the smallest run without the items of these places, which are in order.
pub(super) fn reduce<T>(
    search: &mut Search<'_>,
    items: impl Fn(&Search<'_>) -> Vec<T>,
    without: impl Fn(&Search<'_>, &[T], Range<usize>) -> Plan,
) {
    reduce_within(search, u64::MAX, items, without);
}

/// The same, until so many runs in a row were no smaller.
pub(super) fn reduce_within<T>(
    search: &mut Search<'_>,
    fruitless_max: u64,
    items: impl Fn(&Search<'_>) -> Vec<T>,
    without: impl Fn(&Search<'_>, &[T], Range<usize>) -> Plan,
) {
    let since = search.runs;
    let is_over = |search: &Search<'_>| search.is_over() || search.fruitless(since) >= fruitless_max;
    let mut list = items(search);
    let mut piece = list.len();
    while piece > 0 && !is_over(search) {
        let mut end = list.len();
        while end > 0 && !is_over(search) {
            let start = end.saturating_sub(piece);
            let plan = without(search, &list, start..end);
            if search.attempt(&plan) {
                list = items(search);
            }
            end = start.min(list.len());
        }
        piece = if piece == 1 { 0 } else { piece.min(list.len()).div_ceil(2) };
    }
}
