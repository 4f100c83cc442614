//! Leaving out of a list what is not needed: ddmin, over the list as it is after each success.

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
    without: impl Fn(&Search<'_>, &[T], std::ops::Range<usize>) -> Plan,
) {
    let mut list = items(search);
    let mut piece = list.len();
    while piece > 0 && !search.is_over() {
        let mut end = list.len();
        while end > 0 && !search.is_over() {
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
